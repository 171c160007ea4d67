"""The names a user writes say of what type their arguments are. What mypy makes of it is looked at in `.ci/run`."""

import dataclasses
import importlib
import inspect
import pathlib

import pytest
from test_public_names import ROOMS

import keras_regkit


def surface(module):
    """Yields what users call: functions, constructors, and the methods and properties of records, with their names."""
    for name in module.__all__:
        item = getattr(module, name)
        if inspect.isfunction(item):
            yield name, inspect.unwrap(item)
        elif not inspect.isclass(item) or issubclass(item, BaseException):
            continue
        elif not dataclasses.is_dataclass(item):
            # Constructors of Keras' own have Keras' hints.
            if inspect.isfunction(item.__init__) and item.__init__.__module__.startswith("keras_regkit"):
                yield name, item.__init__
        else:
            for method, value in vars(item).items():
                function = getattr(value, "__func__", getattr(value, "fget", value))
                if not method.startswith("_") and inspect.isfunction(function):
                    yield f"{name}.{method}", function


def without_hints(module):
    """Returns the arguments, and the results (`->`), that have no hint."""
    found = []
    for name, function in surface(module):
        signature = inspect.signature(function)
        bare = [p for p in signature.parameters.values() if p.annotation is p.empty and p.name not in ("self", "cls")]
        found += [f"{name}({parameter.name})" for parameter in bare]
        if signature.return_annotation is signature.empty and function.__name__ != "__init__":
            found.append(f"{name} ->")
    return found


@pytest.mark.parametrize("room", ROOMS)
def test_public_names_have_type_hints(room):
    assert not without_hints(importlib.import_module(f"keras_regkit.{room}"))


def test_type_checkers_are_told_of_the_hints():
    assert (pathlib.Path(keras_regkit.__file__).parent / "py.typed").exists()


class Module:
    """Stands for a module."""

    __all__ = ("bare", "hinted", "Component", "Record")

    def bare(x, y: int): ...

    def hinted(x: int, **more: int) -> int: ...

    class Component:
        def __init__(self, rate): ...

    @dataclasses.dataclass
    class Record:
        size: int

        @property
        def doubled(self): ...

        @classmethod
        def of(cls, items) -> int: ...


Module.Component.__init__.__module__ = "keras_regkit.somewhere"


def test_what_has_no_hint_is_found():
    assert without_hints(Module) == [
        "bare(x)", "bare ->", "Component(rate)", "Record.doubled ->", "Record.of(items)",
    ]  # fmt: skip
