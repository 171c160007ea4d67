"""The rules that hold for everything with a `get_config`."""

import inspect
import json

import keras
import numpy as np

from keras_regkit.testing._rules import expect

_PLAIN = (str, int, float, bool, type(None))


class ConfigCase:
    """A component with a config, and the arguments that it was made with, as far as they are known."""

    def __init__(self, subject, arguments=None):
        self.subject = subject
        self.arguments = arguments or {}

    def copy(self, **changes):
        """Returns a new component with the same config, except for `changes`."""
        return type(self.subject).from_config({**self.subject.get_config(), **changes})


def config_is_plain(case):
    """`get_config` holds only dicts, lists, strings, numbers, booleans and None of plain Python types."""
    for path, value in _leaves(case.subject.get_config()):
        expect(type(value) in _PLAIN, f"{path} is {value!r} of type {type(value).__name__}")


def config_keeps_arguments(case):
    """`get_config` gives every argument of the constructor back, exactly as it was given."""
    config = case.subject.get_config()
    missing = [name for name in _parameters(type(case.subject)) if name not in config]
    expect(not missing, f"missing from the config: {missing}; it has {sorted(config)}")
    for path, value in _leaves(config):
        expect(not _is_rounded(value), f"{path} is {value!r}, a number rounded to float32")
    for name, given in case.arguments.items():
        got = config.get(name)
        if _is_serialized_object(got) or not all(type(leaf) in _PLAIN for _, leaf in _leaves(given)):
            continue
        same = _canonical(got) == _canonical(given) and type(got) is type(given)
        expect(same, f"{name}={given!r} was given, the config says {got!r}")


def config_round_trip(case):
    """`from_config(get_config())` has the same config, also after the config went through JSON."""
    config = case.subject.get_config()
    for source in (config, json.loads(json.dumps(config))):
        again = type(case.subject).from_config(source).get_config()
        expect(_canonical(again) == _canonical(config), f"before: {config}\nafter: {again}")


def is_registered(case):
    """`keras.saving.serialize_keras_object` and back finds the class by its registered name."""
    cls = type(case.subject)
    if cls.__module__.partition(".")[0] != "keras":
        name = keras.saving.get_registered_name(cls)
        expect(
            keras.saving.get_registered_object(name) is cls,
            f"{cls.__name__} is not registered; decorate it with @keras.saving.register_keras_serializable",
        )
    record = json.loads(json.dumps(keras.saving.serialize_keras_object(case.subject)))
    again = keras.saving.deserialize_keras_object(record)
    expect(type(again) is cls, f"{cls.__name__} came back as {type(again).__name__}")
    before, after = _canonical(case.subject.get_config()), _canonical(again.get_config())
    expect(before == after, f"before: {before}\nafter: {after}")


CONFIG_RULES = (config_is_plain, config_keeps_arguments, config_round_trip, is_registered)


def _parameters(cls):
    """The constructor's named parameters. A loss need not keep its dtype: Keras' own do not."""
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]
    dropped = {"dtype"} if issubclass(cls, keras.losses.Loss) else set()
    return [p.name for p in parameters if p.kind in kinds and p.name not in dropped]


def _leaves(value, path="config"):
    if isinstance(value, dict):
        for key, item in value.items():
            yield f"a key of {path}", key
            yield from _leaves(item, f"{path}[{key!r}]")
    elif type(value) in (list, tuple):
        for index, item in enumerate(value):
            yield from _leaves(item, f"{path}[{index}]")
    else:
        yield path, value


def _is_rounded(value):
    """Whether a float is what is left of a shorter one after a trip through float32: 0.00999999977 for 0.01."""
    if type(value) is not float or not abs(value) < float(np.finfo("float32").max):
        return False
    single = np.float32(value)
    return float(single) == value and len(repr(float(str(single)))) < len(repr(value)) - 4


def _is_serialized_object(value):
    return isinstance(value, dict) and "class_name" in value


def _canonical(value):
    """Tuples become lists in JSON, so they count as the same."""
    return json.dumps(value, sort_keys=True)
