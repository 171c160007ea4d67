"""Links lead to headings that are there, addresses are whole, and blocks of code say what they are."""

import functools
import json
import pathlib
import re
import urllib.parse

import pytest

ROOT = pathlib.Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted(page for page in (ROOT / "docs").rglob("*.md") if "_build" not in page.parts)]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
_LINK = re.compile(r"\]\(([^()\s]+(?:\([^()\s]*\)[^()\s]*)*)\)")
_FENCED = re.compile(r"^ *```.*?^ *```", flags=re.M | re.S)
# `python` runs in test_documents; `py` is Python that is shown and not run, with the reason before it.
_KINDS = {"python", "py", "bash", "text", "bibtex", "{toctree}", "{csv-table}", "{eval-rst}"}
_NOT_RUN = 8


def links_of(text):
    """Returns the targets of links and pictures in some Markdown, without those in blocks of code."""
    return _LINK.findall(_FENCED.sub("", text))


def anchors_of(text):
    """Returns the anchors of the headings, as GitHub and MyST name them.

    >>> sorted(anchors_of("# How far, and why?"))
    ['how-far-and-why']
    """
    headings = re.findall(r"^#+ (.+)$", _FENCED.sub("", text), flags=re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def fault_of(link, page, anchors):
    """Returns what is wrong with a link on a page, or None."""
    parts = urllib.parse.urlsplit(link)
    if parts.scheme:
        whole = parts.scheme in ("https", "http") and "." in parts.netloc and not re.search(r"[\s<>]|\.$", link)
        return None if whole or parts.scheme == "mailto" else "is not a whole address"
    target = page.parent / parts.path if parts.path else page
    if not target.exists():
        return "leads nowhere"
    if parts.fragment and parts.fragment not in anchors(target):
        return "names a heading that is not there"
    return None


@functools.cache
def _anchors(page):
    return anchors_of(page.read_text())


def _markdown_of(path):
    if path.suffix == ".md":
        return path.read_text()
    cells = json.loads(path.read_text())["cells"]
    return "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")


@pytest.mark.parametrize("folder", sorted({page.parent for page in [*PAGES, *NOTEBOOKS]}), ids=lambda path: path.name)
def test_links_and_addresses(folder):
    wrong = [
        f"{page.name}: {link} {fault}"
        for page in [*PAGES, *NOTEBOOKS]
        if page.parent == folder
        for link in links_of(_markdown_of(page))
        if (fault := fault_of(link, page, _anchors))
    ]
    assert not wrong


def test_blocks_of_code_say_what_they_are():
    kinds = {page: re.findall(r"^ *```(\S*)[^\n]*\n.*?^ *```$", page.read_text(), flags=re.M | re.S) for page in PAGES}
    assert {kind for found in kinds.values() for kind in found} <= _KINDS
    assert sum(found.count("py") for found in kinds.values()) <= _NOT_RUN, "blocks that do not run must be few"


@pytest.mark.parametrize(
    ("link", "fault"),
    [
        ("page.md", None),
        ("page.md#a-heading", None),
        ("#a-heading", None),
        ("https://keras.io/api/", None),
        ("missing.md", "leads nowhere"),
        ("page.md#another", "names a heading that is not there"),
        ("https://keras", "is not a whole address"),
        ("htps://keras.io", "is not a whole address"),
    ],
)
def test_a_fault_is_found(tmp_path, link, fault):
    page = tmp_path / "page.md"
    page.write_text("# A heading\n")
    assert fault_of(link, page, lambda target: anchors_of(target.read_text())) == fault


def test_links_in_code_are_left_out():
    assert links_of("[a](b.md)\n```python\nx[0](c)\n```\n![d](e.png)") == ["b.md", "e.png"]
