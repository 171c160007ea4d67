"""What a member of a population costs, by the number of members: time, in one process, and memory. On JAX.

KERAS_BACKEND=jax pytest tests/benchmarks/test_population_growth.py --benchmark -n0 -s
"""

import json
import resource
import subprocess
import sys
import time

import jax
import keras

jax.config.update("jax_num_cpu_devices", 2)

from measuring import write_table  # noqa: E402
from population_tasks import build, data  # noqa: E402

from keras_regkit.studies.builder import Builder  # noqa: E402
from keras_regkit.studies.design import BASELINE  # noqa: E402
from keras_regkit.studies.engine import Setup  # noqa: E402
from keras_regkit.studies.population._jax_worker import Workshop  # noqa: E402
from keras_regkit.studies.population.recruiting import data_of, recruit  # noqa: E402

EPOCHS = 20
WIDE = 512


def train(build, members, width, epochs=EPOCHS, times=0):
    """Trains members, so many at once; returns the seconds of each further time."""
    rows, validation = data("template")
    setup = Setup(Builder(build), rows, validation, epochs, 32, "val_data_loss", "min")
    plan = [(BASELINE, seed) for seed in range(members)]
    jobs, _, _ = recruit(setup, plan, "data", lambda size, number: width)
    workshop, took = Workshop(), []
    workshop.add(data_of(setup, "data"))
    for _ in range(times + 1):
        start = time.perf_counter()
        list(workshop.train(jobs[0], lambda *news: None))
        took.append(time.perf_counter() - start)
    return took[1:]  # the first one compiles


def test_cost_of_a_member():
    rows = []
    steps = EPOCHS * -(-len(data("template")[0][0]) // 32)
    for members in (1, 4, 16, 64, 256):
        width = max(2, min(16, members))
        times = train(lambda seed: build("template", seed), members, width, times=3)
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


def wide(seed):
    """A model of a million bytes, so that what a member takes is seen beside what Python does."""
    keras.utils.set_random_seed(seed)
    layers = [keras.layers.Dense(WIDE, "relu") for _ in range(2)]
    model = keras.Sequential([keras.Input((30,)), *layers, keras.layers.Dense(1)])
    model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True))
    return model


def test_memory_of_a_member():
    """Peaks of processes that train so many at once, and the slope from one to the next."""
    of_weights = sum(4 * variable.size for variable in map(keras.ops.convert_to_numpy, wide(0).trainable_variables))
    rows, before = [], None
    for members in (2, 16, 64, 128):
        done = subprocess.run([sys.executable, __file__, str(members)], capture_output=True, text=True, check=True)
        peak = json.loads(done.stdout.splitlines()[-1])
        row = {"members, all at once": members, "peak memory of the process, MiB": f"{peak / 2**20:.0f}"}
        slope = (peak - before[1]) / (members - before[0]) if before else None
        row["MiB for one more"] = f"{slope / 2**20:.1f}" if slope else "-"
        row["in sizes of its weights"] = f"{slope / of_weights:.1f}" if slope else "-"
        rows.append(row)
        before = members, peak
    write_table("population-memory", rows)


if __name__ == "__main__":
    train(wide, int(sys.argv[1]), int(sys.argv[1]), epochs=2)
    print(json.dumps(1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))
