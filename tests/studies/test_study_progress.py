"""What is said while a study runs: never silly, never in the way, on every kind of output."""

import io
import sys
import threading
import types

import pytest
from tiny_studies import study, trial

from keras_regkit._core import live_line as live
from keras_regkit.studies import progress as module
from keras_regkit.studies.best_so_far import BestSoFar
from keras_regkit.studies.estimate import Estimate
from keras_regkit.studies.progress import Progress


class Terminal(io.StringIO):
    """A terminal that shows what a real one would: `\\r` begins a line anew."""

    def isatty(self):
        return True

    @property
    def lines(self):
        return [self._seen(line) for line in self.getvalue().split("\n")]

    def _seen(self, line):
        screen = ""
        for part in line.split("\r"):
            screen = part + screen[len(part) :]
        return screen.rstrip()


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test moves; the thread that looks at it does nothing by itself."""
    now = types.SimpleNamespace(time=1000.0)
    monkeypatch.setattr(module.time, "monotonic", lambda: now.time)
    monkeypatch.setattr(module, "_TICK", 3600)
    return now


@pytest.fixture
def terminal(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    return Terminal()


def shown(progress, clock, seconds):
    """Lets time pass, and the clock's thread look once."""
    clock.time += seconds
    progress._tick()


def test_a_population_finishes_in_bursts(clock, terminal):
    progress = Progress("x", "val_data_loss", 64, 64, 1, file=terminal)
    said = [terminal.lines[-1]]
    for seconds, finished in ((4, 0), (6, 0), (2, 16), (2, 16), (1, 0)):
        for seed in range(finished):
            progress.finished(trial("baseline", seed))
        shown(progress, clock, seconds)
        said.append(terminal.lines[-1])
    assert said == [
        "study 'x': 0/64 trials · 0 s",
        "study 'x': 0/64 trials · 4 s",
        "study 'x': 0/64 trials · 10 s",
        "study 'x': 16/64 trials · 36 s left",
        "study 'x': 32/64 trials · 4 s left",
        "study 'x': 32/64 trials · 3 s left",
    ]
    progress.close()
    assert terminal.lines == ["study 'x': 32/64 trials · 15 s", ""]


def test_what_an_engine_reports(clock, terminal):
    progress = Progress("x", "val_data_loss", 64, 64, "auto", file=terminal)
    progress.report(phase="compiling 2 programs")
    shown(progress, clock, 8)
    assert terminal.lines[-1] == "study 'x': 0/64 trials · 8 s · compiling 2 programs"
    progress.report(done=64, total=3200)
    shown(progress, clock, 2)
    # One share tells nothing yet of the pace: it holds the compiling.
    assert terminal.lines[-1] == "study 'x': 0/64 trials · 10 s"
    progress.report(done=640, total=3200)
    shown(progress, clock, 1)
    assert terminal.lines[-1] == "study 'x': 0/64 trials · 4 s left"
    # What finishes late is known to be late.
    shown(progress, clock, 30)
    assert terminal.lines[-1] == "study 'x': 0/64 trials · 41 s"
    progress.close()


@pytest.mark.parametrize("arguments", [{"done": 1}, {"total": 5}, {"done": 1, "total": 0}])
def test_a_report_that_says_nothing_is_refused(arguments):
    with Progress("x", "val_data_loss", 1, 1, 0) as progress, pytest.raises(ValueError, match="come together"):
        progress.report(**arguments)


def test_the_leader_is_said(clock, terminal):
    earlier = [trial("baseline", seed, 0.5) for seed in (0, 1)]
    progress = Progress("x", "val_data_loss", 2, 4, 1, "min", earlier, terminal)
    progress.finished(trial("l2=0.01", 0, 0.25))
    shown(progress, clock, 10)
    assert terminal.lines[-1] == "study 'x': 3/4 trials (2 from before) · 10 s left"
    progress.finished(trial("l2=0.01", 1, 0.5))
    progress.close()
    assert terminal.lines == [
        "study 'x': 4/4 trials (2 from before) · 10 s · best so far l2=0.01 0.375 (baseline 0.5)",
        "",
    ]


def test_a_narrow_terminal_has_one_line_and_no_rest_of_the_last(clock, terminal, monkeypatch):
    progress = Progress("x", "val_data_loss", 4, 6, 1, file=terminal)
    progress.report(phase="a phase of which there is much to say")
    said = []
    for columns in (90, 75, 60, 30):
        monkeypatch.setenv("COLUMNS", str(columns))
        shown(progress, clock, 1)
        said.append(terminal.lines)
    assert said == [
        ["study 'x': 2/6 trials (2 from before) · 1 s · a phase of which there is much to say"],
        ["study 'x': 2/6 trials · 2 s · a phase of which there is much to say"],
        ["2/6 trials · 3 s · a phase of which there is much to say"],
        ["2/6 trials · 4 s · a phase o…"],
    ]
    progress.report()
    shown(progress, clock, 1)
    assert terminal.lines == ["study 'x': 2/6 trials · 5 s"]
    progress.close()


def test_a_file_gets_few_lines_and_no_control_characters(clock, capsys):
    progress = Progress("x", "val_data_loss", 100, 100, 1)
    for seed in range(100):
        progress.finished(trial("baseline", seed))
        shown(progress, clock, 1)
    progress.close()
    said = capsys.readouterr().out
    assert said.replace("\n", "").isprintable()
    assert said.splitlines() == [
        "study 'x': 100 trials to train",
        "study 'x': 10/100 trials · 1 min 30 s left",
        "study 'x': 40/100 trials · 1 min 0 s left",
        "study 'x': 100/100 trials · 1 min 40 s",
    ]


def test_silence(clock, capfd):
    with Progress("x", "val_data_loss", 2, 2, 0) as progress:
        progress.report(phase="compiling", done=1, total=2)
        progress.finished(trial())
    assert capfd.readouterr() == ("", "")
    assert progress._clock is None


def test_a_line_for_each_trial(capsys):
    with Progress("x", "val_data_loss", 2, 4, 2) as progress:
        progress.report(phase="compiling 2 programs")
        progress.report(phase="compiling 2 programs")
        progress.finished(trial("l2=0.1", 3, 0.12345))
    assert capsys.readouterr().out.splitlines() == [
        "study 'x': 2 trials to train, 2 of 4 finished before",
        "compiling 2 programs",
        "1/2 l2=0.1, seed 3: val_data_loss 0.1235, 1 epochs, 0.2 s",
    ]


def test_the_clock_writes_by_itself_and_ends(terminal, monkeypatch):
    monkeypatch.setattr(module, "_TICK", 0.01)
    before = threading.active_count()
    written = threading.Event()
    with Progress("x", "val_data_loss", 2, 2, 1, file=terminal) as progress:
        show = progress._line.show
        progress._line.show = lambda *texts: (show(*texts), written.set() if "1/2" in texts[0] else None)
        progress.finished(trial())
        assert written.wait(30)
    assert threading.active_count() == before
    assert terminal.lines[0].startswith("study 'x': 1/2 trials")
    progress.close()
    assert terminal.lines[1:] == [""]


def test_a_reader_that_went_away_stops_nothing(clock, terminal):
    progress = Progress("x", "val_data_loss", 2, 2, 1, file=terminal)
    terminal.close()
    shown(progress, clock, 5)
    progress.finished(trial())
    progress.close()


def test_an_output_without_the_characters(clock):
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding="ascii")
    Progress("ä", "val_data_loss", 2, 2, 1, file=file).close()
    assert raw.getvalue().decode("ascii").splitlines()[-1] == "study '?': 0/2 trials ? 0 s"


class Notebook:
    """What a notebook shows: outputs that can be replaced."""

    def __init__(self, monkeypatch):
        self.outputs = []
        shell = types.SimpleNamespace(kernel=object())
        monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=lambda: shell))
        monkeypatch.setitem(sys.modules, "IPython.display", types.SimpleNamespace(display=self.display))

    def display(self, bundle, raw, display_id):
        assert raw
        assert display_id
        self.outputs.append(bundle["text/plain"])
        place = len(self.outputs) - 1
        return types.SimpleNamespace(update=lambda bundle, raw: self.outputs.__setitem__(place, bundle["text/plain"]))


def test_a_notebook_has_one_output_that_is_replaced(clock, monkeypatch, capsys):
    notebook = Notebook(monkeypatch)
    progress = Progress("x", "val_data_loss", 2, 2, "auto")
    progress.finished(trial())
    shown(progress, clock, 5)
    assert notebook.outputs == ["study 'x': 1/2 trials · 5 s left"]
    progress.close()
    assert notebook.outputs == ["study 'x': 1/2 trials · 5 s"]
    assert capsys.readouterr().out == ""


def test_where_a_line_can_change(terminal, monkeypatch):
    assert live.live_line(terminal) is not None
    assert live.live_line(io.StringIO()) is None
    assert live.live_line(types.SimpleNamespace()) is None
    monkeypatch.setenv("TERM", "dumb")
    assert live.live_line(terminal) is None
    monkeypatch.setattr(sys, "stdout", None)
    assert live.live_line() is None


def test_an_estimate_says_nothing_before_it_can():
    estimate = Estimate(0.0)
    assert estimate.left(10.0) is None
    estimate.see(12.0, 0.01)
    assert estimate.left(12.0, partial=True) is None
    assert estimate.left(12.0) == pytest.approx(12 * 99)
    estimate.see(13.0, 0.51)
    assert estimate.left(13.0, partial=True) == pytest.approx(0.98)
    assert estimate.left(14.0) is None


def leader(direction="min", **values):
    best = BestSoFar("val_data_loss", direction)
    for variant, numbers in values.items():
        for seed, value in enumerate(numbers):
            if value is not None:
                best.add(trial(variant, seed, value))
    return str(best)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, ""),
        ({"baseline": [0.5, 0.6]}, ""),
        ({"l2": [0.5, 0.6]}, ""),
        # One lucky seed does not lead.
        ({"baseline": [0.5, 0.7], "l2": [0.1]}, ""),
        ({"baseline": [0.5], "l2": [0.25]}, "best so far l2 0.25 (baseline 0.5)"),
        # The mean is over the seeds that both have.
        ({"baseline": [0.5, 0.75, 9.0], "l2": [0.25, 0.5]}, "best so far l2 0.375 (baseline 0.625)"),
        ({"baseline": [0.5, 0.75], "l2": [0.25, 0.5], "l1": [0.25, 0.25]}, "best so far l1 0.25 (baseline 0.625)"),
        ({"baseline": [0.5, 0.75], "l2": [1.0, 1.0]}, "best so far the baseline 0.625"),
        ({"baseline": [0.5, 0.75], "l2": [float("nan"), 0.1]}, ""),
        ({"baseline": [float("inf"), 0.75, 0.75], "l2": [0.1, 0.5, 0.5]}, "best so far l2 0.5 (baseline 0.75)"),
    ],
)
def test_who_leads(values, said):
    assert leader(**values) == said


def test_who_leads_where_higher_is_better():
    assert leader("max", baseline=[0.5, 0.5], l2=[0.75, 0.75], l1=[0.6, 0.6]) == "best so far l2 0.75 (baseline 0.5)"


def test_an_engine_that_fails_at_once_leaves_no_clock_behind():
    class Broken:
        name = "broken"

        def run(self, setup, plan):
            raise RuntimeError("no such device")

    before = threading.active_count()
    with pytest.raises(RuntimeError, match="no such device"):
        study(engine=Broken()).run()
    assert threading.active_count() == before
