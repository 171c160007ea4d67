"""The outcome of a run in a terminal, fitted to its width."""

from typing import Any, TextIO

from keras_regkit._core.extras import require
from keras_regkit._core.words import counted

_COLOURS = {"helps": "green", "hurts": "red", "better": "green", "worse": "red"}


def print_decision(decision: Any, file: TextIO | None = None, width: int | None = None) -> None:
    """Prints a `Decision`: data, diagnosis, study, combination, conclusion.

    Args:
        decision: The `Decision`.
        file: Where to print. Defaults to standard output.
        width: Columns. Defaults to the terminal's.

    Example:

    >>> from keras_regkit.report import print_decision  # print_decision(rk.regularize("table.csv", "y", verbose=0))
    """
    rich_console = require("rich.console", extra="app", purpose="Printing a decision")
    console = rich_console.Console(file=file, width=width, highlight=False, soft_wrap=False)
    sizes = decision.split["sizes"]
    console.print(f"\n[bold]{_escaped(decision.target)}[/]: {decision.task} ({_escaped(decision.task_reason)})")
    console.print(
        f"{decision.rows} rows, {decision.features} features; train {sizes['train']}, "
        f"validation {sizes['validation']}, test {sizes['test']}"
    )
    for note in decision.notes:
        console.print(f"- {_escaped(note)}")
    console.rule("Diagnosis of the template")
    console.print(_escaped(str(decision.diagnosis)), soft_wrap=True)  # it has lines already
    console.rule("One knob at a time")
    console.print(_fitting_table(decision.result, console))
    better = "lower" if decision.result.direction == "min" else "higher"
    console.print(
        f"Differences are paired by seed; {better} {decision.result.metric} is better. "
        f"Verdicts are corrected for {counted(len(decision.result.summaries) - 1, 'variant')}."
    )
    console.rule("Combination")
    for step in decision.steps:
        outcome = f"[green]{step.outcome}[/]" if step.accepted else step.outcome
        console.print(
            f"{step.variant} against {step.against}: {step.difference:+.3g} "
            f"\\[{step.low:+.3g}, {step.high:+.3g}] → {outcome}"
        )
    if not decision.steps:
        console.print("No lever looked better than the template on its own.")
    console.rule("Outcome")
    console.print(f"[bold {_COLOURS.get(decision.test.verdict, 'default')}]{_escaped(decision.conclusion())}[/]")
    console.print(f"\nSaved in {_escaped(str(decision.output))}: model.keras, report.html, decision.json, study/")


def _fitting_table(result, console):
    """Returns the table with as many columns as the terminal has room for, from 60 on without a number cut."""
    for left_out in ((), ("gap",), ("gap", "p"), ("gap", "p", "metric")):
        table = _table(result, left_out)
        if console.measure(table, options=console.options.update(width=10**4)).maximum <= console.width:
            break
    return table


def _table(result, left_out):
    rich_table = require("rich.table", extra="app", purpose="Printing a study")
    table = rich_table.Table(box=None, pad_edge=False, header_style="bold")
    headers = {
        "metric": result.metric,
        "difference": "difference",
        "interval": f"{result.confidence:.0%} interval",
        "p": "p (Holm)",
        "gap": "gap",
    }
    table.add_column("variant", overflow="fold")
    for name, header in headers.items():
        if name not in left_out:
            table.add_column(header, justify="right", no_wrap=True)
    table.add_column("verdict", overflow="fold")
    for summary in result.summaries:
        baseline = summary.verdict == "baseline"
        colour = _COLOURS.get(summary.verdict)
        cells = (
            f"{summary.mean:.4g}",
            "" if baseline else f"{summary.difference:+.3g}",
            "" if baseline else f"\\[{summary.low:+.3g}, {summary.high:+.3g}]",
            "" if baseline else f"{summary.p_adjusted:.3f}",
            f"{summary.gap:+.3g}",
        )
        table.add_row(
            summary.name,
            *(cell for name, cell in zip(headers, cells, strict=True) if name not in left_out),
            f"[{colour}]{summary.verdict}[/]" if colour else "" if baseline else summary.verdict,
        )
    return table


def _escaped(text):
    return require("rich.markup", extra="app", purpose="Printing a decision").escape(text)
