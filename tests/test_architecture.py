"""The house rules that can be read from the imports."""

import ast
import dataclasses
import json
import os
import pathlib
import re
import subprocess
import sys

import keras
import pytest

import keras_regkit

PACKAGE = pathlib.Path(keras_regkit.__file__).parent

# From the ground up. A room imports the floors below its own; rooms on one floor are siblings, and strangers.
FLOORS = (
    ("_version", "_core"),
    (
        "augmentation",
        "callbacks",
        "constraints",
        "layers",
        "losses",
        "optimizers",
        "regularizers",
        "strengths",
        "surgery",
        "tables",
        "testing",
        "training",
        "uncertainty",
    ),
    ("levers",),
    ("presets",),
    ("diagnosis",),
    ("studies",),
    ("plots",),
    ("report",),
    ("workflow",),
    ("cli",),
    ("__init__", "__main__"),
)
BACKENDS = {"jax", "jaxlib", "tensorflow", "torch"}
BACKEND_FILE = re.compile(r"_(tensorflow|tf|jax|torch|xla)(_\w+)?\.py")
OPTIONAL = {
    "jinja2",
    "keras_tuner",
    "matplotlib",
    "optuna",
    "pandas",
    "pyarrow",
    "rich",
    "scipy",
    "sklearn",
    "tensorboard",
}
ROOMS_OF_PICTURES_AND_TABLES = {"plots", "report", "tables"}
# A record draws itself without knowing of pictures: by name, and only when asked.
UPWARDS_BY_NAME = {("_core/pictures.py", "plots")}


@dataclasses.dataclass(frozen=True)
class Import:
    """One imported module, and how it was imported."""

    module: str
    line: int
    in_function: bool
    by: str  # "statement", "import_module" or "require"


def imports_of(source, package):
    """Yields every `Import` of a module's source, also those by name through `import_module` and `require`.

    Args:
        source: Source text.
        package: Dotted name of the package that the module lies in, for relative imports.
    """

    def visit(node, in_function):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, node.lineno, in_function, "statement")
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = package.split(".")
                base = ".".join([*parents[: len(parents) - node.level + 1], *filter(None, [base])])
            for alias in node.names:
                yield Import(f"{base}.{alias.name}", node.lineno, in_function, "statement")
        elif isinstance(node, ast.Call):
            function = getattr(node.func, "attr", getattr(node.func, "id", None))
            first = node.args[0] if node.args else None
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                if function in ("import_module", "__import__"):
                    yield Import(first.value, node.lineno, in_function, "import_module")
                elif function == "require":
                    yield Import(first.value, node.lineno, in_function, "require")
        elif isinstance(node, ast.Attribute) and node.attr == "src" and getattr(node.value, "id", None) == "keras":
            yield Import("keras.src", node.lineno, in_function, "statement")
        inside = in_function or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for child in ast.iter_child_nodes(node):
            yield from visit(child, inside)

    yield from visit(ast.parse(source), False)


def violations(package):
    """Returns one line, `file:line: reason`, per import that breaks a house rule.

    Args:
        package: Path of the package's folder.
    """
    found = []
    for path in sorted(package.rglob("*.py")):
        file = path.relative_to(package)
        dotted = ".".join([package.name, *file.parts[:-1]])
        for item in imports_of(path.read_text(encoding="utf-8"), dotted):
            reason = broken_rule(item, file, package.name)
            if reason:
                found.append(f"{package.name}/{file.as_posix()}:{item.line}: {reason}")
    return found


def broken_rule(item, file, package):
    """Says which rule an import breaks; None if none."""
    room = room_of(file.parts)
    top, *rest = item.module.split(".")
    if top == package:
        return broken_floor(room, rest, file)
    if top == "keras" and rest[:1] == ["src"]:
        return "keras.src is private to Keras; use its public names"
    if top in BACKENDS and file.as_posix() != "_core/backend.py" and not BACKEND_FILE.fullmatch(file.name):
        return f"{top} is imported only in _core/backend.py, and in files named after a backend (_{top}.py)"
    if top in OPTIONAL:
        if not item.in_function:
            return f"{top} is optional; import it in the function that needs it, with _core.extras.require"
        if item.by != "require" and room not in ROOMS_OF_PICTURES_AND_TABLES:
            return f"{top} is optional; get it with _core.extras.require, which says how to install it"
    return None


def broken_floor(room, imported, file):
    if floor_of(room) is None:
        return f"room {room!r} has no floor; give it one in tests/test_architecture.py"
    target = imported[0] if imported and floor_of(imported[0]) is not None else "__init__"
    if target == room or (file.as_posix(), target) in UPWARDS_BY_NAME:
        return None
    if target == "__init__":
        name = imported[0] if imported else "the package"
        return f"{name} comes from the front door, keras_regkit/__init__.py; import it from its room"
    if floor_of(target) == floor_of(room):
        return f"{room} and {target} are siblings; what they share belongs in _core"
    if floor_of(target) > floor_of(room):
        return f"{room} lies below {target}; imports run downwards"
    return None


def room_of(parts):
    return parts[0].removesuffix(".py")


def floor_of(room):
    return next((floor for floor, rooms in enumerate(FLOORS) if room in rooms), None)


def test_imports_keep_the_house_rules():
    assert not violations(PACKAGE), "\n" + "\n".join(violations(PACKAGE))


def test_every_room_has_a_floor():
    parts = {path.relative_to(PACKAGE).parts for path in PACKAGE.rglob("*.py")}
    assert not [room_of(p) for p in parts if floor_of(room_of(p)) is None]


@pytest.fixture
def tree(tmp_path):
    """Writes a file of a package `keras_regkit` and returns what is wrong with it."""

    def write(file, source):
        path = tmp_path / "keras_regkit" / file
        path.parent.mkdir(parents=True)
        path.write_text(source)
        return violations(tmp_path / "keras_regkit")

    return write


@pytest.mark.parametrize(
    ("file", "source", "reason"),
    [
        ("losses/a.py", "import os\n\nfrom keras_regkit.callbacks import b", r"losses/a.py:3: .*siblings"),
        ("losses/a.py", "from keras_regkit import callbacks", r"losses/a.py:1: .*siblings"),
        ("losses/a.py", "from ..callbacks import b", r"losses/a.py:1: .*siblings"),
        ("losses/a.py", "from .. import callbacks", r"losses/a.py:1: .*siblings"),
        ("_core/a.py", "def f():\n    import keras_regkit.levers.cards", r"_core/a.py:2: _core lies below levers"),
        ("diagnosis/a.py", "import keras_regkit.studies", "diagnosis lies below studies"),
        (
            "diagnosis/a.py",
            "from keras_regkit._core.extras import require\nrequire('keras_regkit.plots')",
            "below plots",
        ),
        ("studies/a.py", "import importlib\nimportlib.import_module('keras_regkit.plots')", "studies lies below plots"),
        ("levers/a.py", "import keras_regkit", "front door"),
        ("levers/a.py", "from keras_regkit import diagnose", "diagnose comes from the front door"),
        ("garage/a.py", "from keras_regkit._core import checks", "'garage' has no floor"),
        ("layers/a.py", "from keras.src import backend", "private to Keras"),
        ("layers/a.py", "from keras import src", "private to Keras"),
        ("layers/a.py", "import keras\nkeras.src.backend.floatx()", r"layers/a.py:2: .*private to Keras"),
        ("layers/a.py", "def f():\n    import tensorflow as tf", "tensorflow is imported only in"),
        ("layers/a.py", "from jax import numpy", "jax is imported only in"),
        ("layers/torch.py", "import torch.nn", "torch is imported only in"),
        ("plots/a.py", "import matplotlib.pyplot as plt", "matplotlib is optional; import it in the function"),
        ("plots/a.py", "if True:\n    from sklearn import svm", "sklearn is optional; import it in the function"),
        ("plots/a.py", "class A:\n    import pandas", "pandas is optional; import it in the function"),
        ("plots/a.py", "require('scipy.stats', extra='studies')", "scipy is optional; import it in the function"),
        ("studies/a.py", "def f():\n    import scipy", "scipy is optional; get it with"),
    ],
)
def test_a_broken_rule_is_found(tree, file, source, reason):
    found = tree(file, source)
    assert len(found) == 1
    assert re.search(reason, found[0])


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("losses/a.py", "import keras\nfrom keras_regkit._core import checks\nfrom keras_regkit.losses import b"),
        ("losses/a.py", "from . import b\nfrom .b import c"),
        ("studies/a.py", "from keras_regkit.diagnosis import diagnose\nfrom keras_regkit import levers"),
        ("_core/backend.py", "def f():\n    import tensorflow, torch, jax"),
        ("augmentation/image/_xla.py", "import tensorflow as tf"),
        ("_core/pictures.py", "def f():\n    return require('keras_regkit.plots', extra='plots')"),
        ("plots/a.py", "def f():\n    import matplotlib.pyplot as plt"),
        ("studies/a.py", "def f():\n    return require('scipy.stats', extra='studies')"),
        ("losses/a.py", "import srclib\nself.src\n'import torch'"),
        ("cli.py", "from keras_regkit import workflow\nfrom keras_regkit._version import __version__"),
    ],
)
def test_what_is_allowed_is_left_alone(tree, file, source):
    assert tree(file, source) == []


_LOADED = """
import json, sys
import keras
before = set(sys.modules)
import keras_regkit
print(json.dumps(sorted({name.partition(".")[0] for name in set(sys.modules) - before})))
"""


def test_import_stays_light():
    # Keras itself may load what it likes; ours must not add to it.
    process = subprocess.run(
        [sys.executable, "-c", _LOADED],
        env={**os.environ, "PYTHONPATH": str(PACKAGE.parent)},
        capture_output=True,
        text=True,
        check=True,
    )
    added = set(json.loads(process.stdout.splitlines()[-1]))
    assert "keras_regkit" in added
    other_backends = BACKENDS - {keras.backend.backend()}
    assert not added & (OPTIONAL | other_backends)


def test_files_of_tests_have_names_of_their_own():
    # Pytest imports those that are in no package by their names alone, and refuses a second of the same name.
    here = pathlib.Path(__file__).parent
    files = [path for path in here.rglob("*.py") if "benchmarks" not in path.parts]
    names = [path.name for path in files if not (path.parent / "__init__.py").exists()]
    assert sorted(names) == sorted(set(names))
