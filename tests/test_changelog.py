"""The changelog and its fragments, and the one place of the version."""

import pathlib
import re
import sys

import pytest

import keras_regkit

ROOT = pathlib.Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "docs" / "changelog.d"))

import changelog_fragments as changes  # noqa: E402

TEXT = f"# Changelog\n\n## 0.2.0 (unreleased)\n\n{changes.MARKER}- By hand.\n\n## 0.1.0 (2026-01-01)\n\n- Old.\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "zebra.added.md").write_text("A layer\nof stripes.\n")
    (tmp_path / "ant.fixed.md").write_text("- It no longer bites.")
    return tmp_path


def test_the_fragments_here_can_be_shown():
    assert "## " in changes.shown(changes.CHANGELOG.read_text(encoding="utf-8"))


def test_the_first_section_is_of_this_version():
    found = changes.UNRELEASED.search(changes.CHANGELOG.read_text(encoding="utf-8"))
    assert found[1] == keras_regkit.__version__


def test_the_version_is_written_in_one_place():
    written = [ROOT / "setup.cfg", ROOT / "pyproject.toml", ROOT / "docs" / "conf.py"]
    version = re.compile(rf"(?<![\d.]){re.escape(keras_regkit.__version__)}(?![\d.])")
    assert not [path.name for path in written if version.search(path.read_text(encoding="utf-8"))]
    assert "version = attr: keras_regkit._version.__version__\n" in (ROOT / "setup.cfg").read_text(encoding="utf-8")


def test_fragments_are_shown_by_kind(folder):
    items = "- Added: A layer of stripes.\n- Fixed: It no longer bites.\n"
    assert changes.shown(TEXT, folder) == TEXT.replace(changes.MARKER, items)


def test_a_release_dates_the_section_and_opens_the_next(folder):
    after = changes.released(TEXT, "2026-12-01", "0.3.0", folder)
    assert after == (
        f"# Changelog\n\n## 0.3.0 (unreleased)\n\n{changes.MARKER}\n## 0.2.0 (2026-12-01)\n\n"
        "- Added: A layer of stripes.\n- Fixed: It no longer bites.\n- By hand.\n\n## 0.1.0 (2026-01-01)\n\n- Old.\n"
    )


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("stripes.md", "New.", "NAME.KIND.md"),
        ("stripes.new.md", "New.", "NAME.KIND.md"),
        ("stripes.added.md", "\n", "is empty"),
    ],
)
def test_what_is_no_fragment_is_refused(folder, name, text, message):
    (folder / name).write_text(text)
    with pytest.raises(ValueError, match=message):
        changes.shown(TEXT, folder)


@pytest.mark.parametrize(("date", "following"), [("tomorrow", "0.3.0"), ("2026-12-01", "0.2.0")])
def test_a_release_that_cannot_be_is_refused(folder, date, following):
    with pytest.raises(ValueError, match=r"isoformat|of another version"):
        changes.released(TEXT, date, following, folder)


def test_a_changelog_without_the_marker_is_refused(folder):
    with pytest.raises(ValueError, match="must hold this line once"):
        changes.shown("# Changelog\n", folder)
