"""A program of its own: trains on two host devices, and prints what the compiled code holds."""

import json
import re

import jax

jax.config.update("jax_num_cpu_devices", 2)

import test_population_equality as equality  # noqa: E402 (the devices are counted once, before anything is computed)

from keras_regkit.studies.builder import Builder  # noqa: E402
from keras_regkit.studies.design import BASELINE  # noqa: E402
from keras_regkit.studies.engine import Setup  # noqa: E402
from keras_regkit.studies.population._jax_program import Program  # noqa: E402
from keras_regkit.studies.population._jax_worker import Workshop  # noqa: E402
from keras_regkit.studies.population.recruiting import data_of, recruit  # noqa: E402

_COLLECTIVES = re.compile(r"all-gather|all-reduce|all-to-all|collective-permute|reduce-scatter")
texts = []


class Read(Program):
    """Keeps the compiled text of what it runs."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        for name in ("refill", "score"):
            setattr(self, name, self._read(getattr(self, name)))

    def trace(self, state, numbers):
        compile_round = super().trace(state, numbers)

        def read():
            compile_round()
            texts.append(self.round.as_text())

        return read

    @staticmethod
    def _read(function):
        def call(*arguments):
            texts.append(function.lower(*arguments).compile().as_text())
            return function(*arguments)

        return call


def main():
    data = equality.images(), equality.images(1)
    setup = Setup(Builder(equality.image_model), *data, 1, 8, "val_data_loss", "min")
    plan = [(BASELINE, seed) for seed in equality.SEEDS]
    jobs, _, _ = recruit(setup, plan, "data", lambda size, members: 2)
    workshop = Workshop(Read)
    workshop.add(data_of(setup, "data"))
    found = {f.record["seed"]: f.record["metrics"]["data_loss"] for f in workshop.train(jobs[0], lambda *news: None)}
    collectives = sorted({name for text in texts for name in _COLLECTIVES.findall(text)})
    assert len(texts) == 4  # the epoch, the refilling of places, twice the final scores
    print(json.dumps({"devices": jax.device_count(), "data_loss": found, "collectives": collectives}))


if __name__ == "__main__":
    main()
