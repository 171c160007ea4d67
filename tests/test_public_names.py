"""What the package offers by name exists, is documented, and is shown at work."""

import importlib
import inspect
import pkgutil

import pytest

import keras_regkit

# Every class and function here comes with an example, which the doctests run.
ROOMS_WITH_EXAMPLES = {
    "augmentation",
    "augmentation.audio",
    "augmentation.image",
    "augmentation.mixing",
    "augmentation.tabular",
    "augmentation.text",
    "augmentation.time_series",
    "callbacks",
    "constraints",
    "diagnosis",
    "layers",
    "losses",
    "optimizers",
    "presets",
    "regularizers",
    "strengths",
    "studies",
    "studies.bridges",
    "surgery",
    "testing",
    "training",
    "uncertainty",
}
# Reached by a command, and by the name that the front door takes from it.
BEHIND_THE_DOOR = {"cli", "workflow"}

# Rooms within a room.
INNER_ROOMS = (
    "augmentation.audio",
    "augmentation.image",
    "augmentation.mixing",
    "augmentation.tabular",
    "augmentation.text",
    "augmentation.time_series",
    "studies.bridges",
)
ROOMS = [
    *sorted(module.name for module in pkgutil.iter_modules(keras_regkit.__path__) if not module.name.startswith("_")),
    *INNER_ROOMS,
]


def load(room):
    return importlib.import_module(f"keras_regkit.{room}")


def faults_of(module, *, with_examples):
    """Returns what is wrong with the names that a module makes public."""
    found = []
    if not inspect.getdoc(module):
        found.append("the module has no docstring")
    if not hasattr(module, "__all__"):
        return [*found, "the module has no __all__"]
    if len(set(module.__all__)) < len(module.__all__):
        found.append("__all__ names something twice")
    for name in module.__all__:
        if not hasattr(module, name):
            found.append(f"{name} is in __all__ and does not exist")
            continue
        item = getattr(module, name)
        if not inspect.isclass(item) and not inspect.isroutine(item):
            continue
        if not _own_doc(item):
            found.append(f"{name} has no docstring of its own")
        elif with_examples and ">>> " not in _own_doc(item) and not _is_exception(item):
            found.append(f"{name} has no example (>>>) in its docstring")
    return found


def _own_doc(item):
    """The docstring, unless it is inherited or the one that dataclasses make up from the signature."""
    doc = inspect.cleandoc(item.__doc__ or "")
    return "" if doc.startswith(f"{item.__name__}(") else doc


def _is_exception(item):
    return inspect.isclass(item) and issubclass(item, BaseException)


@pytest.mark.parametrize("room", [room for room in ROOMS if room != "cli"])
def test_public_names_exist_and_are_documented(room):
    assert not faults_of(load(room), with_examples=room in ROOMS_WITH_EXAMPLES)


@pytest.mark.parametrize("room", ROOMS)
def test_public_modules_have_a_docstring(room):
    assert inspect.getdoc(load(room))


def test_the_front_door_lists_what_is_there():
    assert dir(keras_regkit) == sorted(keras_regkit.__all__)
    assert set(keras_regkit.__all__) >= set(ROOMS) - {*BEHIND_THE_DOOR, *INNER_ROOMS}
    for name in keras_regkit.__all__:
        assert getattr(keras_regkit, name) is not None


def test_the_front_door_refuses_other_names():
    with pytest.raises(AttributeError, match="no attribute 'no_such_room'"):
        keras_regkit.no_such_room  # noqa: B018


class Undocumented:
    pass


class WithoutExample:
    """Has no example."""


class Documented:
    """Has one.

    >>> Documented.__name__
    'Documented'
    """


class Module:
    """Stands for a module."""

    Undocumented, WithoutExample, Documented = Undocumented, WithoutExample, Documented

    def __init__(self, *names):
        self.__all__ = list(names)


@pytest.mark.parametrize(
    ("names", "fault"),
    [
        (["Missing"], "Missing is in __all__ and does not exist"),
        (["Undocumented"], "Undocumented has no docstring of its own"),
        (["WithoutExample"], "WithoutExample has no example (>>>) in its docstring"),
        (["Documented", "Documented"], "__all__ names something twice"),
    ],
)
def test_a_fault_is_found(names, fault):
    assert faults_of(Module(*names), with_examples=True) == [fault]


def test_good_names_have_no_fault():
    assert faults_of(Module("Documented"), with_examples=True) == []
    assert faults_of(Module("Documented", "WithoutExample"), with_examples=False) == []


def test_a_module_without_all_is_found():
    assert faults_of(Documented, with_examples=True) == ["the module has no __all__"]
