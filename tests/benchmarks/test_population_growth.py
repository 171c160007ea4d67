"""What a member of a population costs, by the number of members. On JAX, in one process.

KERAS_BACKEND=jax pytest tests/benchmarks/test_population_growth.py --benchmark -n0 -s
"""

import resource
import time

import jax

jax.config.update("jax_num_cpu_devices", 2)

from measuring import write_table  # noqa: E402
from population_tasks import build, data  # noqa: E402

from keras_regkit.studies.builder import Builder  # noqa: E402
from keras_regkit.studies.design import BASELINE  # noqa: E402
from keras_regkit.studies.engine import Setup  # noqa: E402
from keras_regkit.studies.population._jax_worker import Workshop  # noqa: E402
from keras_regkit.studies.population.recruiting import data_of, recruit  # noqa: E402

EPOCHS = 20


def test_cost_of_a_member():
    train, validation = data("template")
    setup = Setup(Builder(lambda seed: build("template", seed)), train, validation, EPOCHS, 32, "val_data_loss", "min")
    rows = []
    for members in (1, 4, 16, 64, 256):
        plan = [(BASELINE, seed) for seed in range(members)]
        width = max(2, min(16, members))
        jobs, _, _ = recruit(setup, plan, "data", lambda size, number, width=width: width)
        workshop = Workshop()
        workshop.add(data_of(setup, "data"))
        list(workshop.train(jobs[0], lambda *news: None))  # compiles
        times = []
        for _ in range(3):
            start = time.perf_counter()
            list(workshop.train(jobs[0], lambda *news: None))
            times.append(time.perf_counter() - start)
        steps = EPOCHS * -(-len(train[0]) // 32)
        rows.append(
            {
                "members": members,
                "at once": width,
                "µs a member and step": f"{1e6 * sorted(times)[1] / members / steps:.0f}",
                "s a member": f"{sorted(times)[1] / members:.3f}",
                "peak memory of the process, GiB": f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f}",
            }
        )
    write_table("population-growth", rows)
