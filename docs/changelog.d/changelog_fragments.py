"""What changed since the last release, one small file a change, so that two changes never touch the same line.

A fragment is `docs/changelog.d/NAME.KIND.md`: a line or two, KIND one of `added`, `changed`, `fixed`, `removed`.
The documentation shows them in the changelog's first section. A release puts them there for good:

    python docs/changelog.d/changelog_fragments.py 2027-01-31 0.2.0

dates the section of the version that is released and opens the one of the next, 0.2.0, which goes into
`keras_regkit/_version.py` afterwards.
"""

import datetime
import pathlib
import re
import sys

FOLDER = pathlib.Path(__file__).parent
CHANGELOG = FOLDER.parent / "changelog.md"
KINDS = ("added", "changed", "fixed", "removed")
MARKER = "<!-- the fragments of docs/changelog.d -->\n"
UNRELEASED = re.compile(r"^## (\d+\.\d+\.\d+) \(unreleased\)$", flags=re.M)


def fragments(folder=FOLDER):
    """Returns the fragments' files in the order in which they are shown: by kind, then by name.

    Raises:
        ValueError: a file is no fragment, or empty.
    """
    found = []
    for path in sorted(folder.glob("*.md")):
        name, _, kind = path.stem.rpartition(".")
        if not name or kind not in KINDS:
            raise ValueError(f"A fragment must be called NAME.KIND.md, KIND one of {KINDS}. Received: {path.name}")
        if not path.read_text(encoding="utf-8").strip():
            raise ValueError(f"{path.name} is empty: say in a line or two what changed, for those who use the package")
        found.append((KINDS.index(kind), path))
    return [path for _, path in sorted(found)]


def rendered(folder=FOLDER):
    """Returns the fragments as items of one Markdown list."""
    lines = []
    for path in fragments(folder):
        kind = path.stem.rpartition(".")[2].capitalize()
        text = " ".join(path.read_text(encoding="utf-8").split()).removeprefix("- ")
        lines.append(f"- {kind}: {text}\n")
    return "".join(lines)


def shown(text, folder=FOLDER):
    """Returns the changelog's text with the fragments in the place of the marker."""
    if text.count(MARKER) != 1:
        raise ValueError(f"The changelog must hold this line once: {MARKER.strip()}")
    return text.replace(MARKER, rendered(folder))


def released(text, date, following, folder=FOLDER):
    """Returns the changelog's text after a release: the fragments in the dated section, and an empty one above.

    Args:
        text: The changelog's.
        date: Day of the release, YYYY-MM-DD.
        following: The version after it, such as "0.2.0".
        folder: Where the fragments are.
    """
    datetime.date.fromisoformat(date)
    found = UNRELEASED.search(text)
    if not found or found[1] == following:
        raise ValueError(f"The changelog needs a section '(unreleased)' of another version than {following}")
    head = f"## {following} (unreleased)\n\n{MARKER}\n## {found[1]} ({date})"
    return text[: found.start()] + head + shown(text, folder)[found.end() :]


def setup(app):
    """Makes Sphinx show the fragments."""

    def read(app, page, source):
        if page == "changelog":
            source[0] = shown(source[0])

    app.connect("source-read", read)
    return {"parallel_read_safe": True}


def main(date, following):
    CHANGELOG.write_text(released(CHANGELOG.read_text(encoding="utf-8"), date, following), encoding="utf-8")
    for path in fragments():
        path.unlink()


if __name__ == "__main__":
    main(*sys.argv[1:])
