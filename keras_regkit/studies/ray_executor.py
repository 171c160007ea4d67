"""Ray behind the face of `concurrent.futures`."""

import concurrent.futures
from typing import Any

from keras_regkit._core.extras import require


class RayExecutor(concurrent.futures.Executor):
    """Runs functions as Ray tasks, for `Study(executor=RayExecutor())`.

    Start Ray first (`ray.init()` on this machine, `ray.init("auto")` in a cluster). A task whose node dies is run again
    by Ray itself, `retries` times.

    Args:
        retries: How often Ray runs a task again whose worker died, ≥ 0. Defaults to 3.
        **options: What a task needs, as for `ray.remote`: `num_cpus=4`, `resources={...}`.

    Raises:
        ImportError: Ray is not installed.
        RuntimeError: Ray was not started.

    Example:

    >>> study = Study(..., executor=RayExecutor(num_cpus=2))  # doctest: +SKIP
    """

    def __init__(self, retries: int = 3, **options: Any):
        self._ray = require("ray", extra="ray", purpose="RayExecutor")
        if not self._ray.is_initialized():
            raise RuntimeError("Ray must be started first: ray.init() on this machine, ray.init('auto') in a cluster")
        self._options = {"max_retries": retries, **options}

    def submit(self, function, /, *arguments, **named):
        """Returns a `concurrent.futures.Future` of `function(*arguments, **named)`."""
        task = self._ray.remote(function).options(**self._options)
        return task.remote(*arguments, **named).future()
