"""Sphinx settings: pages in Markdown, API from docstrings, warnings as errors in CI."""

import os
import re
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path[:0] = [os.path.abspath(".."), os.path.abspath("changelog.d")]

from keras_regkit._version import __version__

project = "keras_regkit"
author = "The keras_regkit authors"
copyright = f"2026, {author}"
release = __version__

extensions = ["changelog_fragments", "myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build", "changelog.d", "jupyter_execute"]
html_theme = "furo"
html_title = f"keras_regkit {release}"
html_static_path = ["_static"]
html_css_files = ["tables.css"]

nb_execution_mode = "off"  # the notebooks are executed by the tests; the pages show what is stored in them
myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "none"
autodoc_inherit_docstrings = False  # Keras documents its own methods
# Docstrings in Keras' style: tables and indented equations read as they are, not as definition lists.
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_custom_sections = [("Call arguments", "params_style"), ("Shapes", "notes_style"), "Files"]


def _literal_backticks(app, what, name, obj, options, lines):
    """Docstrings are written with single backticks, as Keras' are; reStructuredText wants two around code.

    And it takes what stands between bars, as in |w|, for a substitution.
    """
    for i, line in enumerate(lines):
        line = re.sub(r"(?<!`)`([^`]+)`(?!`)", r"``\1``\\ ", line)
        parts = re.split(r"(``.*?``)", line)
        lines[i] = "".join(part if part.startswith("``") else part.replace("|", r"\|") for part in parts)


def setup(app):
    app.connect("autodoc-process-docstring", _literal_backticks, priority=900)
