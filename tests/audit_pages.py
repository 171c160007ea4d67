"""Writes docs/audit from the rules: `python tests/audit_pages.py`."""

import pathlib

from keras_regkit.diagnosis import audit_rules
from keras_regkit.diagnosis.audit.rule import FAMILIES

FOLDER = pathlib.Path(__file__).parents[1] / "docs" / "audit"
_NEEDED = {
    "built": "a built model",
    "compiled": "a compiled one",
    "train": "training data",
    "validation": "validation data",
    "test": "test data",
    "history": "the history of a training",
    "callbacks": "the callbacks",
    "fit_args": "the arguments of `fit`",
    "groups": "the groups of rows",
}


def pages():
    """Returns `{file name: Markdown}`: an index, and a page for each rule."""
    return {"index.md": _index(), **{f"{rule.id}.md": _page(rule) for rule in audit_rules()}}


def _index():
    lines = [
        "# Rules of the audit",
        "",
        "What `keras_regkit.audit` looks for. `keras-regkit audit --explain RK101` shows a page in a terminal; the",
        "[guide](../guides/audit.md) shows an audit at work.",
    ]
    for family, title in FAMILIES.items():
        chosen = [rule for rule in audit_rules() if rule.family == family]
        if chosen:
            lines += ["", f"## {title}", "", "| rule | severity | what is wrong |", "|---|---|---|"]
            lines += [f"| [{r.id}]({r.id}.md) | {r.severity} | {_cell(r.title)} |" for r in chosen]
    return "\n".join([*lines, "", "```{toctree}", ":hidden:", "", *(rule.id for rule in audit_rules()), "```"]) + "\n"


def _page(rule):
    needs = [_NEEDED[need] for need in rule.needs if need != "model"]
    given = f" Needs {' and '.join(needs)}." if needs else ""
    return "\n".join(
        [
            f"# {rule.id}: {rule.title}",
            "",
            f"*{rule.severity.capitalize()}, {FAMILIES[rule.family].lower()}.*{given}",
            "",
            rule.what,
            "",
            f"**What an audit shows.** {rule.example}",
            "",
            f"**Why it matters.** {rule.why}",
            "",
            f"**What to do.** {rule.do}",
            "",
            f"**Source.** {rule.source}",
            "",
        ]
    )


def _cell(text):
    return text.replace("|", "\\|")


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.md"):
        old.unlink()
    for name, text in pages().items():
        (FOLDER / name).write_text(text)
