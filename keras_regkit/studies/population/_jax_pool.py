"""A fixed number of places in which members train, each refilled as soon as its member is finished."""

import contextlib
import dataclasses
import functools
import itertools
import math
import time
import warnings

import jax
import numpy as np

from keras_regkit._core.warnings import NoEffectWarning
from keras_regkit.studies.population.job import Finished
from keras_regkit.studies.population.watching import Watched
from keras_regkit.studies.trial import Trial


@dataclasses.dataclass
class _Place:
    """A member in training."""

    index: int
    member: object
    watched: Watched
    curves: dict = dataclasses.field(default_factory=lambda: {"data_loss": [], "val_data_loss": []})
    penalties: list = dataclasses.field(default_factory=list)
    seconds: float = 0.0

    @property
    def epoch(self):
        """The epoch it is in."""
        return len(self.penalties)

    @property
    def held(self):
        """The epoch of the weights it ends with."""
        return self.watched.held if self.watched.restored else self.epoch - 1


def train(program, job, states, weights, report):
    """Trains all members of a job, and yields a `Finished` for each, as soon as it is.

    Args:
        program: The compiled `Program`.
        job: The `Job`.
        states: Function of a member that returns its initial state.
        weights: Function of a member's final weights that returns them as they are to come back.
        report: Called with the number of member-epochs that were trained, and of those that are planned.
    """
    width, rows = program.width, program.rows
    waiting = iter(enumerate(job.members))
    places = [_place(*entry) for entry in itertools.islice(waiting, width)]
    places += [None] * (width - len(places))
    first = [states(p.member) for p in places if p]
    state = program.put(_stacked(_filled(first, width)))
    best = program.put(_stacked(_filled([s[:2] for s in first], width)))
    numbers = _numbers(places)
    order = functools.lru_cache(maxsize=4 * width)(lambda seed, epoch: _order(seed, epoch, rows))
    done, keep = 0, np.zeros(width, bool)
    while any(places):
        start = time.perf_counter()
        orders = np.stack([order(p.member.seed, p.epoch) if p else order(0, 0) for p in places])
        state, best, found = program.round(
            state, best, program.put(keep), program.put(numbers), *program.orders(orders), program.data
        )
        found = jax.device_get(found)
        active = [place for place in places if place]
        seconds = (time.perf_counter() - start) / len(active)
        keep = np.zeros(width, bool)
        for i, place in enumerate(places):
            if place:
                _take_in(place, {name: float(values[i]) for name, values in found.items()}, seconds)
                keep[i] = place.watched.keep
        done += len(active)
        over = [i for i, p in enumerate(places) if p and (p.watched.stop_training or p.epoch == job.epochs)]
        # A stopped member's share of the epochs that were planned is done too.
        done += sum(job.epochs - places[i].epoch for i in over)
        report(done, job.epochs * len(job.members))
        if not over:
            continue
        for finished, final in _finish(program, job, places, over, state, best, numbers, keep):
            yield finished if final is None else dataclasses.replace(finished, weights=weights(*final))
        keep[over] = False
        for i in over:
            places[i] = _place(*entry) if (entry := next(waiting, None)) else None
        new = {i: states(places[i].member) for i in over if places[i]}
        if new:
            blank = next(iter(new.values()))
            fill = _stacked([new.get(i, blank) for i in range(width)])
            chosen = np.array([i in new for i in range(width)])
            state = program.refill(state, program.put(fill), program.put(chosen))
            numbers = _numbers(places)


def _place(index, member):
    with _quietly():
        return _Place(index, member, Watched(member.callbacks))


def _order(seed, epoch, rows):
    return np.random.default_rng([seed, epoch]).permutation(rows).astype("int32")


def _filled(states, width):
    """Places without a member compute along with the first one's state."""
    return states + [states[0]] * (width - len(states))


def _stacked(states):
    return jax.tree.map(lambda *arrays: np.stack(arrays), *states)


def _numbers(places):
    some = next(p for p in places if p)
    table = np.array([(p or some).member.numbers for p in places], "float64")
    return [table[:, i].astype(_float()) for i in range(table.shape[1])]


def _float():
    return jax.dtypes.canonicalize_dtype("float64")


def _take_in(place, found, seconds):
    epoch = place.epoch
    place.curves["data_loss"].append(found["data_loss"])
    place.curves["val_data_loss"].append(found["val_data_loss"])
    place.penalties.append(found["penalty"])
    place.seconds += seconds
    logs = {**found, "gap": found["val_data_loss"] - found["data_loss"]}
    with _quietly():
        place.watched.epoch_ended(epoch, logs)


def _finish(program, job, places, over, state, best, numbers, keep):
    """Yields what the members in the places `over` end with."""
    for i in over:
        with _quietly():
            places[i].watched.train_ended()
    # Weights that were to be kept in this very epoch are still those in `state`.
    restored = np.array([bool(p) and p.watched.restored and not keep[i] for i, p in enumerate(places)])
    weights, scores = program.score(state, best, program.put(restored), program.put(numbers), program.data)
    scores = jax.device_get(scores)
    weights = jax.device_get(weights) if job.keep_weights else None
    for i in over:
        place = places[i]
        metrics = {name: values[place.held] for name, values in place.curves.items()}
        metrics |= {"penalty": place.penalties[place.held]}
        metrics |= {"gap": metrics["val_data_loss"] - metrics["data_loss"]}
        metrics |= {name: float(values[i]) for name, values in scores.items()}
        if math.isnan(metrics["val_data_loss"]):  # of outputs that are no numbers, an accuracy can be one
            metrics = dict.fromkeys(metrics, math.nan)
        finite = [(value, epoch) for epoch, value in enumerate(place.curves["val_data_loss"]) if math.isfinite(value)]
        trial = Trial(
            variant=place.member.variant,
            seed=place.member.seed,
            metrics=metrics,
            curves=place.curves,
            epochs=place.epoch,
            best_epoch=min(finite)[1] if finite else None,
            seconds=place.seconds,
        )
        own = None if weights is None else [[np.array(array[i]) for array in part] for part in weights]
        yield Finished(place.index, dataclasses.asdict(trial), None), own


@contextlib.contextmanager
def _quietly():
    """The callbacks of a lever say in every one of many members what `fit` says once."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NoEffectWarning)
        yield
