"""The rounds of a search, each of them a study of its own."""

import pathlib
import tempfile
import warnings

from keras_regkit._core.files import write_json
from keras_regkit._core.warnings import NoEffectWarning
from keras_regkit.studies.applicable import applicable, unusable
from keras_regkit.studies.builder import Builder
from keras_regkit.studies.design import BASELINE, NO_MATTER
from keras_regkit.studies.held_out import held_out_score
from keras_regkit.studies.search_result import Candidate, Rung, SearchResult
from keras_regkit.studies.study import Study


class Searching:
    """One search: its steps are called in the order in which they are written here.

    Args:
        build, name, store, verbose: As in `search`.
        space: The `Space`.
        options: Arguments of `Study` that all rounds share.
    """

    def __init__(self, build, space, *, name, store, verbose, options):
        self._build = build
        self._space = space
        self._name = name
        self._folder = pathlib.Path(store) if store is not None else None
        self._verbose = verbose
        self._options = options
        self._example = Builder(build)(0)
        self._watched = options.get("metric", "val_data_loss"), options.get("mode", "auto")
        self._notes = []
        self._seeds = ()  # those that some choice has seen

    def leave_out(self, *, warn):
        """Takes out of the space what the model cannot take, or what changes nothing in it."""
        reasons = unusable(self._space.one_each, self._example, *self._watched)
        if len(reasons) == len(self._space.choices):
            raise ValueError(f"`space` holds no lever that {self._example.name!r} can take. {_sentences(reasons)}")
        if reasons and warn:
            warnings.warn(f"Left out of the space: {_sentences(reasons)}", NoEffectWarning, stacklevel=4)
        self._notes += [f"{name}: {reason}" for name, reason in reasons.items()]
        self._space = self._space.without(reasons)

    def draw(self, number, *, seed, structures):
        """Draws the candidates, without the sets of levers that do not go together in this model."""
        drawn = self._space.candidates(number, seed=seed, structures=structures)
        candidates, reasons = applicable(drawn, self._example, *self._watched)
        if not candidates:
            raise ValueError(
                f"No combination of `space` can be applied to {self._example.name!r}. {_sentences(reasons)}"
            )
        self._notes += [f"{levers} together: {reason}" for levers, reason in reasons.items()]
        self._candidates = {variant.name: variant for variant in candidates}

    def climb(self, plan, seeds, finalists):
        """Trains rung after rung; `plan` as `rungs` returns it. What is left are the finalists."""
        self._rungs, self._reached, going = [], {}, list(self._candidates)
        for number, (epochs, _) in enumerate(plan, start=1):
            label = f"rung{number}-{epochs}epochs"
            result = self._run(label, [self._candidates[name] for name in going], seeds, epochs)
            order = [_candidate(s, number, epochs) for s in self._ranked(result.summaries[1:])]
            # Those that fall out here stay behind all that go on, and before those that fell out earlier.
            self._reached = {c.name: c for c in order} | {n: c for n, c in self._reached.items() if n not in going}
            keep = plan[number][1] if number < len(plan) else finalists
            # A training that does not end everywhere is no candidate for a winner.
            going = [c.name for c in order if not c.diverged][:keep]
            self._rungs.append(Rung(epochs, len(order), len(result.trials), tuple(going)))
        self._finalists = going

    def choose(self, seeds, epochs):
        """Trains the finalists anew, and takes the best, or the baseline."""
        finalists = [self._candidates[name] for name in self._finalists]
        self._choice = self._run("choice", finalists, self._next(seeds), epochs)
        best = self._ranked(self._choice.summaries)[0].name
        self._winner = self._candidates.get(best, BASELINE)

    def estimate(self, seeds, epochs, test):
        """Trains the winner and the baseline once more, for a number that no choice has touched."""
        self._test = None
        with tempfile.TemporaryDirectory() as temporary:
            keep = test is not None
            folder = self._folder or (pathlib.Path(temporary) if keep else None)
            study = self._study("estimate", self._next(seeds), epochs, folder, keep_weights=keep)
            self._estimate = study.run_variants([self._winner], self._verbose)
            if keep:
                self._test = held_out_score(study, self._winner, test)

    def result(self, method, seconds):
        """Returns the `SearchResult`, and writes it beside the studies."""
        found = SearchResult(
            name=self._name,
            metric=self._choice.metric,
            direction=self._choice.direction,
            method=method,
            candidates=tuple(self._reached.values()),
            rungs=tuple(self._rungs),
            choice=self._choice,
            variant=self._winner,
            estimate=self._estimate,
            test=self._test,
            notes=tuple(self._notes),
            seconds=seconds,
            engine_notes=self._options["engine"].kept.sentences,
        )
        if self._folder:
            write_json(self._folder / "search.json", found.to_dict())
        return found

    def _run(self, label, variants, seeds, epochs):
        study = self._study(label, seeds, epochs, self._folder)
        self._seeds += study.seeds
        return study.run_variants(variants, self._verbose)

    def _study(self, label, seeds, epochs, folder, *, keep_weights=False):
        study = Study(
            self._build,
            levers=NO_MATTER,
            seeds=seeds,
            epochs=epochs,
            store=folder / label if folder else None,
            keep_weights=keep_weights,
            name=f"{self._name}, {label}",
            **self._options,
        )
        study._trust(self._candidates.values())  # `draw` has tried them
        self._direction = study.direction
        return study

    def _next(self, number):
        """Seeds that were not used before."""
        return range(max(self._seeds) + 1, max(self._seeds) + 1 + number)

    def _ranked(self, summaries):
        """The best first; what diverged at some seed after all that did not."""
        sign = 1 if self._direction == "min" else -1
        return sorted(summaries, key=lambda s: (s.diverged, sign * s.mean if s.diverged < s.seeds else 0.0))


def _candidate(summary, rung, epochs):
    s = summary
    return Candidate(s.name, s.settings, rung, epochs, s.mean, s.sd, s.diverged)


def _sentences(reasons):
    return " ".join(f"{name!r}: {reason.rstrip('.')}." for name, reason in reasons.items())
