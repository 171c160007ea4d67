"""Settings that must be in place before Keras is imported, and the switches of benchmarks and of other backends."""

import gc
import os
import signal
import sys
import threading

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("MPLBACKEND", "agg")
# Most of the time goes to compiling small programs that run once: XLA need not make them fast. Benchmarks measure that.
if "--benchmark" not in sys.argv:
    os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true")

# A shell that starts the tests in the background has them ignore Ctrl-C, which some of them are about.
if threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGINT, signal.default_int_handler)


# TensorFlow and Keras are a million objects that stay, and every look for garbage goes through all of them.
gc.set_threshold(20_000, 10, 20)


def pytest_collection_finish(session):
    """What was imported is garbage at no time."""
    gc.freeze()


def _seed():
    if "keras" in sys.modules:
        sys.modules["keras"].utils.set_random_seed(0)


@pytest.fixture(autouse=True, scope="module")
def _seeded_module():
    """What the tests of a file share begins from the same numbers, whatever ran before it ..."""
    _seed()


@pytest.fixture(autouse=True)
def _seeded():
    """... and so does each test."""
    _seed()


def pytest_addoption(parser):
    parser.addoption(
        "--benchmark",
        action="store_true",
        help="measure: pytest tests/benchmarks --benchmark -n0 -s (minutes to hours)",
    )
    parser.addoption(
        "--first-cases",
        action="store_true",
        help="run the first case only of a parametrized test, but for those marked `every_case`: for other backends",
    )


def pytest_collection_modifyitems(config, items):
    """On another backend a test is repeated for what may differ there; its cases differ in what is the same."""
    if config.getoption("--first-cases"):
        kept, seen = [], set()
        for item in items:
            name = (item.parent.nodeid, getattr(item, "originalname", item.name))
            if name not in seen or item.get_closest_marker("every_case"):
                kept.append(item)
            seen.add(name)
        config.hook.pytest_deselected(items=[item for item in items if item not in set(kept)])
        items[:] = kept


def pytest_ignore_collect(collection_path, config):
    """Benchmarks measure, they do not test: they run only when asked for."""
    return True if "benchmarks" in collection_path.parts and not config.getoption("--benchmark") else None
