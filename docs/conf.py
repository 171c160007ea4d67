"""Sphinx settings: pages in Markdown, API from docstrings, warnings as errors in CI."""

import importlib
import os
import pkgutil
import re
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, os.path.abspath("changelog.d"))
sys.path.insert(0, os.path.abspath(".."))

from docutils import nodes
from sphinx import addnodes
from sphinx.util import logging

import keras_regkit
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


def _missing_names(app, env):
    """Warns of public names that no page of the API describes."""
    entries = env.get_domain("py").objects
    rooms = [name for name, entry in entries.items() if entry.objtype == "module"]
    # The same object under the name of another room will do, and so will a room itself.
    described = {id(sys.modules.get(name) if name in rooms else _find(name)) for name in entries}
    expected = [module.name for module in pkgutil.iter_modules(keras_regkit.__path__, "keras_regkit.")]
    missing = [name for name in expected if "._" not in name and name not in (*rooms, "keras_regkit.cli")]
    for room in map(importlib.import_module, rooms):
        for name in getattr(room, "__all__", ()):
            if f"{room.__name__}.{name}" not in entries and id(getattr(room, name)) not in described:
                missing.append(f"{room.__name__}.{name}")
    for name in sorted(missing):
        logging.getLogger(__name__).warning("docs/api does not describe %s", name)


def _link_levers(app, doctree):
    """In the tables of the guides, the name of a lever leads to its page."""
    here = app.env.current_document.docname
    names = keras_regkit.levers.names()
    for cell in doctree.findall(nodes.entry) if here.startswith("guides/") else ():
        for name in [node for node in cell.findall(nodes.literal) if node.astext() in names]:
            if not isinstance(name.parent, nodes.reference):
                target = {"refdomain": "std", "reftype": "doc", "reftarget": f"/levers/{name.astext()}"}
                name.replace_self(addnodes.pending_xref("", name.deepcopy(), refdoc=here, refexplicit=True, **target))


def _find(name):
    """Returns what a dotted name stands for within its module: not a module of the same name."""
    module, _, rest = name.rpartition(".")
    while module and module not in sys.modules:
        module, _, part = module.rpartition(".")
        rest = f"{part}.{rest}"
    found = sys.modules.get(module)
    for part in rest.split("."):
        found = getattr(found, part, None)
    return found


def setup(app):
    app.connect("autodoc-process-docstring", _literal_backticks, priority=900)
    app.connect("doctree-read", _link_levers)
    app.connect("env-check-consistency", _missing_names)
