"""Which engine `Study` means by its argument, and one engine for several studies."""

from keras_regkit._core.checks import OneOf
from keras_regkit.studies.auto import AutoEngine
from keras_regkit.studies.engine import SequentialEngine
from keras_regkit.studies.population import PopulationEngine

_ENGINES = {"auto": AutoEngine, "population": PopulationEngine, "sequential": SequentialEngine}


def make_engine(engine, executor=None):
    """Returns the engine that `Study` means by its arguments of these names."""
    if executor is not None and engine not in ("auto", "population"):
        raise ValueError(
            "`executor` needs an engine that hands work out: engine='population' or 'auto'. Received: "
            f"engine={engine!r}"
        )
    if isinstance(engine, str):
        OneOf(*_ENGINES).check("engine", engine)
        return _ENGINES[engine]() if executor is None else _ENGINES[engine](executor=executor)
    if not hasattr(engine, "run") or not hasattr(engine, "name"):
        raise TypeError(f"`engine` must be one of {list(_ENGINES)} or have `name` and `run`. Received: {engine!r}")
    return engine


def with_one_engine(options):
    """Returns arguments of `Study` with the engine made, so that several studies share its workers and programs."""
    engine = SharedEngine(make_engine(options.get("engine", "auto"), options.get("executor")))
    return {**options, "engine": engine, "executor": None}


class EngineNotes:
    """Keeps why plans were trained as they were, from one plan to the next."""

    def __init__(self):
        self._reason, self._notes = None, {}

    def take(self, engine):
        """Takes in what an engine says of the plan that it has just trained."""
        self._reason = getattr(engine, "reason", self._reason)
        self._notes |= getattr(engine, "notes", {})

    @property
    def sentences(self):
        """The engine's reason, and what it says of variants that it made an exception of; a tuple."""
        by_note = {}
        for name, note in self._notes.items():
            by_note.setdefault(note, []).append(name)
        exceptions = (f"{', '.join(names)}: {note}" for note, names in by_note.items())
        return (*([self._reason] if self._reason else []), *exceptions)


class SharedEngine:
    """An engine that trains for several studies, and keeps what it said of each.

    Args:
        engine: The engine.

    Attributes:
        kept: Its `EngineNotes` of all studies.
    """

    def __init__(self, engine):
        self._engine, self.kept = engine, EngineNotes()

    @property
    def name(self):
        return self._engine.name

    @property
    def reason(self):
        return getattr(self._engine, "reason", None)

    @property
    def notes(self):
        return getattr(self._engine, "notes", {})

    def start(self, setup):
        """Has the engine start, if it can."""
        if hasattr(self._engine, "start"):
            self._engine.start(setup)

    def run(self, setup, plan):
        """Yields what the engine yields."""
        try:
            yield from self._engine.run(setup, plan)
        finally:
            self.kept.take(self._engine)
