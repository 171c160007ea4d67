"""Settings that must be in place before Keras is imported, and the benchmarks' switch."""

import os
import signal
import threading

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("MPLBACKEND", "agg")

# A shell that starts the tests in the background has them ignore Ctrl-C, which some of them are about.
if threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser):
    parser.addoption(
        "--benchmark",
        action="store_true",
        help="measure: pytest tests/benchmarks --benchmark -n0 -s (minutes to hours)",
    )


def pytest_ignore_collect(collection_path, config):
    """Benchmarks measure, they do not test: they run only when asked for."""
    return True if "benchmarks" in collection_path.parts and not config.getoption("--benchmark") else None
