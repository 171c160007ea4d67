"""Something more at the end of every training step, compiled together with it.

`train_step` is what Keras' trainers compile, on every backend. While an `AfterStep` is installed, the model has a
`train_step` of its own that runs the model's and then the additions.

On JAX a compiled step changes nothing but what it is handed: the variables of the model and of its optimizer. There the
variables of an addition are lent to the optimizer, for as long as steps are taken, and taken back before anyone looks.
Keras has no public way to do that; `_track_variable` and `_untrack_variable` are the private names used here.
"""

import contextlib
import itertools

import keras
from keras import ops

# An optimizer's variables are told apart by their names.
_NUMBERS = itertools.count()


class AfterStep:
    """Calls `update(stepped)` after each training step of `model`, within the compiled step.

    Args:
        model: A compiled model.
        variables: Variables that `update` assigns to, beside those of the model and its optimizer. They do not belong
            to either.
        update: Function of a boolean tensor, whether the optimizer took a step (with accumulated gradients, or
            gradients that overflowed, it did not). Reads and assigns variables, by `variable.value` and
            `variable.assign`; the same code is traced on TensorFlow and JAX and run on torch.
    """

    def __init__(self, model, variables, update):
        self.model = model
        self.variables = list(variables)
        self.update = update
        self.optimizer = None
        self._replaced = self._made = None

    @property
    def installed(self):
        return self in _hooks(self.model)

    def install(self):
        """Has the next step compiled with the addition."""
        model = self.model
        if not _hooks(model):
            model.train_step = _with_hooks(model, model.train_step)
        _hooks(model).append(self)
        self._replaced = model.train_function
        self.lend()
        model.make_train_function(force=True)
        self._made = model.train_function

    def renew(self):
        """Installs it again: after the model got another optimizer, or `variables` became others."""
        self.take_back()
        self.lend()
        self.model.make_train_function(force=True)

    def remove(self):
        """Leaves the model as if nothing had been installed."""
        hooks = _hooks(self.model)
        if self not in hooks:
            return
        self.take_back()
        hooks.remove(self)
        # Compiled again since, the model must not get the old step back.
        same = self.model.train_function is self._made
        self.model.train_function = self._replaced if same and not hooks else None
        if not hooks:
            del self.model.train_step

    def lend(self):
        """Before steps are taken: JAX's state takes in the variables."""
        self.optimizer = self.model.optimizer
        if keras.backend.backend() != "jax":
            return
        known = {id(v) for v in self.optimizer.variables}
        for variable in self.variables:
            if id(variable) not in known:
                self.optimizer._track_variable(variable)
        if "save_own_variables" not in vars(self.optimizer):
            self.optimizer.save_own_variables = _saving_without(self.model, self.optimizer)

    def take_back(self):
        """After steps were taken: whoever saves or copies the optimizer finds it as it was."""
        if keras.backend.backend() != "jax" or self.optimizer is None:
            return
        known = {id(v) for v in self.optimizer.variables}
        for variable in self.variables:
            if id(variable) in known:
                self.optimizer._untrack_variable(variable)
        if not any(hook is not self and hook._is_lent() for hook in _hooks(self.model)):
            vars(self.optimizer).pop("save_own_variables", None)

    def _is_lent(self):
        return keras.backend.backend() == "jax" and _contains(self.optimizer, self.variables)


def step_variable(model, value, dtype):
    """Returns a variable that an addition to the steps of `model` can assign to, on all replicas alike."""
    # Variables belong to the strategy that holds the model's.
    strategy = getattr(model, "distribute_strategy", None)
    name = f"after_step_{next(_NUMBERS)}"
    with strategy.scope() if strategy is not None else contextlib.nullcontext():
        return keras.Variable(value, dtype=dtype, trainable=False, aggregation="only_first_replica", name=name)


def when(condition, model, function):
    """Calls `function`, which assigns to variables, if the boolean tensor `condition` is true, and may call it if not.

    A compiled step branches where that is possible, and saves the work: not on several replicas, which cannot update
    variables within a branch, and not on JAX, where the branch would cost more than what is branched around.
    """
    strategy = getattr(model, "distribute_strategy", None)
    several = strategy is not None and strategy.num_replicas_in_sync > 1
    if keras.backend.backend() == "jax" or several:
        function()
    else:
        ops.cond(condition, function, lambda: None)


def _contains(optimizer, variables):
    known = {id(v) for v in optimizer.variables} if optimizer is not None else ()
    return bool(variables) and all(id(v) in known for v in variables)


def _hooks(model):
    return getattr(vars(model).get("train_step"), "hooks", [])


def _with_hooks(model, original):
    """Returns a training step that runs `original` and then the hooks found in its attribute `hooks`."""

    def train_step(data):
        optimizer = model.optimizer
        before = ops.add(optimizer.iterations, 0)  # a value of its own: the variable moves
        logs = original(data)
        stepped = ops.not_equal(optimizer.iterations, before)
        for hook in hooks:
            hook.update(stepped)
        return logs

    def stateless_train_step(state, data):
        optimizer = model.optimizer
        before = list(zip(optimizer.variables, state[2], strict=True))
        with keras.StatelessScope(before):
            iterations = ops.convert_to_tensor(optimizer.iterations)
        # The optimizer itself never meets the variables that it holds for others.
        with _without_loans(model, optimizer) as lent:
            own = [value for variable, value in before if id(variable) not in lent]
            logs, (trainable, others, own, metrics) = original((state[0], state[1], own, state[3]), data)
            values = dict(zip(map(id, optimizer.variables), own, strict=True))
        variables = [*model.trainable_variables, *model.non_trainable_variables]
        after = [*zip(variables, [*trainable, *others], strict=True)]
        after += [(variable, values.get(id(variable), value)) for variable, value in before]
        with keras.StatelessScope(after) as scope:
            stepped = ops.not_equal(optimizer.iterations, iterations)
            for hook in hooks:
                hook.update(stepped)
        now = [scope.get_current_value(variable) for variable, _ in after]
        first, second = len(trainable), len(trainable) + len(others)
        return logs, (now[:first], now[first:second], now[second:], metrics)

    hooks = []
    step = stateless_train_step if keras.backend.backend() == "jax" else train_step
    step.hooks = hooks
    return step


@contextlib.contextmanager
def _without_loans(model, optimizer):
    """Within, the optimizer has its own variables alone. Yields the ids of the others."""
    variables = {id(v): v for hook in _hooks(model) for v in hook.variables}
    lent = [v for v in optimizer.variables if id(v) in variables]
    for variable in lent:
        optimizer._untrack_variable(variable)
    try:
        yield {id(v) for v in lent}
    finally:
        for variable in lent:
            optimizer._track_variable(variable)


def _saving_without(model, optimizer):
    save = optimizer.save_own_variables

    def save_own_variables(store):
        with _without_loans(model, optimizer):
            save(store)

    return save_own_variables
