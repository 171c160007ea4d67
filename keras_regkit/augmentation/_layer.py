"""What all augmentation layers share: active in training alone, in a model as in `tf.data`."""

import weakref
from typing import Any

import keras

from keras_regkit._core.backend import to_numpy
from keras_regkit._core.call_context import training_by_default
from keras_regkit.augmentation._namespace import is_foreign, ops_for

# Sources of random numbers within `tf.data` beside another backend. They are TensorFlow's, so no layer may hold them.
_DRAWS: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()


class Augmentation(keras.layers.Layer):
    """A layer that changes its inputs at random in training, and else hands them through.

    Called without `training`, it augments, as the layers of Keras do; within a model, `fit` and `predict` say which,
    and where nobody does, as in `model(x)` or an exported model, it does not.
    Whole numbers come back as such, others in the dtype of the policy. It works in `tf.data` on every backend.

    Subclasses say in `augment` what is done to tensors, and in `draws` how many numbers they need for each sample.

    Args:
        seed: Integer, or None for other numbers in each process.
    """

    draws = 0

    def __init__(self, seed: int | None = None, **kwargs: Any):
        super().__init__(autocast=False, **kwargs)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.built = True

    def __call__(self, inputs, *args, **kwargs):
        if is_foreign(inputs):
            from keras_regkit.augmentation._tensorflow import as_written

            return as_written(self.call)(inputs, *args, **kwargs)
        if args or kwargs.get("training") is not None:
            return super().__call__(inputs, *args, **kwargs)
        others = {key: value for key, value in kwargs.items() if key != "training"}
        with training_by_default(self, inputs) as training:
            return super().__call__(inputs, **others, **training)

    def call(self, inputs, training=True):
        if training is not None and not training:
            return self.rest(inputs)
        return self.augment_with(lambda shape: self.uniform(shape, inputs), inputs)

    def augment_with(self, uniform, inputs, **options):
        """Returns the augmented inputs, with numbers from elsewhere than from the layer's own seed.

        Args:
            uniform: Function of a shape that returns uniform numbers in [0, 1).
            inputs: Tensors as they came.
            **options: Passed on to `augment`.
        """
        ops = ops_for(inputs)
        return self.augment(inputs, uniform(self.shape_of_numbers(inputs, ops)), ops, **options)

    def augment(self, inputs, numbers, ops):
        """Returns the augmented inputs.

        Args:
            inputs: Tensors as they came.
            numbers: Uniform numbers in [0, 1), `(samples, draws)`; all that is random comes from here.
            ops: The functions to compute with: those of `keras.ops`.
        """
        raise NotImplementedError

    def rest(self, inputs):
        """Returns what is handed through outside of training."""
        ops = ops_for(inputs)
        return keras.tree.map_structure(lambda x: ops.cast(x, self.dtype_out(x.dtype)), inputs)

    def shape_of_numbers(self, inputs, ops):
        """Returns how many uniform numbers are needed: samples, and draws for each."""
        return self.count(inputs, ops), self.draws

    def count(self, inputs, ops):
        """Returns the number of samples."""
        return ops.shape(keras.tree.flatten(inputs)[0])[0]

    def uniform(self, shape, beside):
        """Returns uniform numbers in [0, 1), for tensors like `beside`."""
        if not is_foreign(beside):
            return keras.random.uniform(shape, dtype="float32", seed=self.seed_generator)
        if self not in _DRAWS:
            from keras_regkit.augmentation._tensorflow import Draws

            # Without a seed of its own, that which Keras made: `keras.utils.set_random_seed` counts here too.
            seed = int(to_numpy(self.seed_generator.state)[0]) if self.seed is None else self.seed
            _DRAWS[self] = Draws(seed)
        return _DRAWS[self].uniform(shape)

    def dtype_out(self, dtype):
        """Returns the dtype of what comes out where `dtype` went in: whole numbers stay, others are the policy's."""
        return self.compute_dtype if "float" in keras.backend.standardize_dtype(dtype) else dtype

    @staticmethod
    def handed_through(inputs):
        """Returns symbolic tensors for what passes a layer: others, since each belongs to the layer that it is from."""
        return keras.tree.map_structure(lambda x: keras.KerasTensor(x.shape, x.dtype), inputs)

    def compute_output_shape(self, input_shape):
        return input_shape

    def compute_output_spec(self, inputs, training=True):
        return keras.tree.map_structure(lambda x: keras.KerasTensor(x.shape, self.dtype_out(x.dtype)), inputs)

    def get_config(self):
        return {**super().get_config(), "seed": self.seed}
