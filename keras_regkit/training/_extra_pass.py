"""What the methods share that add a term to the loss, made of further passes of the model."""

import keras
from keras import ops

from keras_regkit._core.backend import replicas_in_sync
from keras_regkit._core.strength import Strength
from keras_regkit.training._noise import Handover, Noise, further_pass, in_further_pass
from keras_regkit.training._outputs import Divergence, for_each_output, meaning_of, output_activations
from keras_regkit.training._wrapper import Wrapper


class ExtraPass(Wrapper):
    """A method that adds `strength · term` to the loss of a training step. Subclasses write `training_loss`.

    Args:
        model: A built model.
        argument: Name of the strength among the arguments; its bounds are in `RANGES`.
        strength: Number or schedule.
        term: What the term is called in History.
    """

    # Methods that compare the outputs of a further pass with those of the first.
    compares_passes = False
    # Methods whose first pass is not that of the model alone.
    changes_first_pass = False

    def __init__(self, model, argument, strength, term, **kwargs):
        super().__init__(model, **kwargs)
        check_nesting(self)
        self._strength = Strength(argument, strength, self.RANGES[argument], owner=self.name)
        self.metric_of_term = TermTracker(name=term)
        self._first_pass = Handover()

    def call(self, inputs, training=None):
        if training and not in_further_pass():
            self._first_pass.value = Noise(self.model)
        return super().call(inputs, training=training)

    def noise(self):
        """Returns the `Noise` of the first pass of this step."""
        return self._first_pass.take() or Noise(self.model)

    def further_pass(self, x, noise, same_noise=True):
        """Runs the model within once more, with the draws of the first pass, or with others. No state is changed."""
        with noise.generators(same_noise), further_pass():
            return self.run_again(x, override=noise.states(same_noise), keep_seeds=False)

    def meanings(self, y_pred):
        """Returns the meaning of each output; None for an output that no loss looks at."""
        outermost = self._outermost()
        losses = for_each_output(getattr(outermost, "loss", None), y_pred, self.output_names)
        activations = output_activations(plain_model(self), len(losses))
        alone = all(loss is None for loss in losses)  # then the loss is in the model, by add_loss
        return [
            meaning_of(loss, activation) if loss is not None or alone else None
            for loss, activation in zip(losses, activations, strict=True)
        ]

    def divergence(self, function, first, second, sample_weight=None):
        """Returns `function(first, second, meaning)` averaged over the batch of this replica, summed over the outputs.

        Args:
            function: Function of two predictions and their meaning that returns a value for each sample.
            first, second: Outputs of two passes.
            sample_weight: As for `compute_loss`.
        """
        weights = for_each_output(sample_weight, first, self.output_names)
        factors = for_each_output(self._loss_weights(), first, self.output_names)
        total = ops.zeros((), "float32")
        outputs = (self.meanings(first), keras.tree.flatten(first), keras.tree.flatten(second), weights, factors)
        for meaning, one, other, weight, factor in zip(*outputs, strict=True):
            if meaning is not None:
                average = Divergence(lambda p, q, meaning=meaning: function(p, q, meaning))
                total = total + (1.0 if factor is None else factor) * average(one, other, sample_weight=weight)
        return total * replicas_in_sync()  # Keras took the share of this replica in it

    def add_term(self, loss, strength, term, x):
        """Returns `loss + strength · term`, and shows the term in History."""
        if any(metric is self.metric_of_term for metric in self._outermost().metrics):
            rows = ops.shape(next(leaf for leaf in keras.tree.flatten(x) if leaf is not None))[0]
            self.metric_of_term.update_state(term, sample_weight=rows)
        return self.penalize(loss, strength * term)

    def _loss_weights(self):
        config = getattr(self._outermost(), "_compile_config", None)
        return config.config.get("loss_weights") if config is not None else None


def plain_model(wrapper):
    """Returns the user's model, within all wrappers."""
    model = wrapper.model
    while isinstance(model, Wrapper):
        model = model.model
    return model


def check_nesting(wrapper):
    """Raises if a wrapper is around one that it does not go together with."""
    model = wrapper.model
    while isinstance(model, Wrapper):
        for one, other in ((wrapper, model), (model, wrapper)):
            if getattr(one, "compares_passes", False) and getattr(other, "changes_first_pass", False):
                raise ValueError(
                    f"{type(one).__name__} compares a further pass with the first, in which {type(other).__name__} "
                    "mixes samples: use one of the two. Received: "
                    f"{type(wrapper).__name__} around {type(model).__name__}"
                )
        model = model.model


class TermTracker(keras.metrics.Mean):
    """The mean of a term, in the logs of training only: evaluation does not compute it."""

    def __init__(self, name):
        super().__init__(name=name)
        self.seen = False

    def update_state(self, values, sample_weight=None):
        self.seen = True
        return super().update_state(values, sample_weight=sample_weight)

    def reset_state(self):
        self.seen = False
        super().reset_state()

    def result(self):
        return {self.name: super().result()} if self.seen else {}
