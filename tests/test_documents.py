"""Every Python block of the README and the guides runs, from top to bottom of its page."""

import pathlib
import re

import audit_pages
import pytest

from keras_regkit import levers

ROOT = pathlib.Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
# The pages of the levers have an example each, made from the card: test_card_pages runs one of each kind.
WITH_CODE = [page for page in PAGES if page.parent.name != "levers" and "```python\n" in page.read_text()]


@pytest.mark.parametrize("page", WITH_CODE, ids=lambda page: page.name)
@pytest.mark.filterwarnings("ignore::keras_regkit._core.warnings.DataWarning")
def test_python_blocks_run(page, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names = {}
    for block in re.findall(r"^```python\n(.*?)^```", page.read_text(), flags=re.M | re.S):
        exec(compile(block, str(page), "exec"), names)
    assert names, "the page was said to have code, and none was found"


def test_readme_table_is_the_cards_that_the_workflow_turns():
    # What sets the template's arguments, and early stopping. Other callbacks are for models of one's own.
    turned = ["early_stopping", *(name for name in levers.names() if levers.get(name).keywords)]
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", (ROOT / "README.md").read_text(), flags=re.M))
    assert rows == {name: levers.get(name).use_when for name in turned}


@pytest.mark.parametrize("page", ["README.md", "docs/guides/audit.md"])
def test_the_audit_that_is_shown_is_what_comes_out(page, capsys):
    text = (ROOT / page).read_text()
    blocks = re.findall(r"^```(python|text)\n(.*?)^```", text, flags=re.M | re.S)
    names, printed = {}, ""
    for kind, block in blocks:
        if kind == "text" and " RK" in block:
            shown = block
            break
        if kind == "python":
            capsys.readouterr()
            exec(block, names)
            printed = capsys.readouterr().out
    headings = re.compile(r"^(?:error|warning|note) RK\d+  .*$", flags=re.M)
    assert headings.findall(shown) == headings.findall(printed)


def test_the_pages_of_the_audit_are_the_rules():
    written = {path.name: path.read_text() for path in audit_pages.FOLDER.glob("*.md")}
    assert written == audit_pages.pages(), "run `python tests/audit_pages.py` to write the pages anew"
