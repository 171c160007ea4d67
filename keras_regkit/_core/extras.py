"""Optional dependencies: imported when needed, with a hint in one line when they are missing."""

import importlib


def require(module, *, extra, purpose):
    """Imports and returns `module`.

    Args:
        module: Dotted name, for example `"matplotlib.pyplot"`.
        extra: The extra of `keras_regkit` that installs it.
        purpose: What needs it, as the subject of a sentence: `"Drawing"`.

    Raises:
        ImportError: the module is not installed. The message says how to install it.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        raise ImportError(f'{purpose} needs `{package}`: pip install "keras-regkit[{extra}]"') from error
