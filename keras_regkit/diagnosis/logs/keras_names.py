"""The names that other libraries give to curves, as Keras would have named them."""

import re

_TRAIN = r"(?:train|training)"
_VALIDATION = r"(?:val|valid|validation|eval|evaluation|dev)"
_BEFORE = re.compile(rf"^(?:(?P<train>{_TRAIN})|(?P<val>{_VALIDATION}))[_/.\- ]+(?P<name>.+)$", re.IGNORECASE)
_AFTER = re.compile(rf"^(?P<name>.+)[_/.\- ]+(?:(?P<train>{_TRAIN})|(?P<val>{_VALIDATION}))$", re.IGNORECASE)


def keras_name(name):
    """Returns `name` in Keras' way: nothing before a train curve, `val_` before a validation curve.

    Lightning and plain PyTorch put the phase before or after the name, with an underscore or a slash; transformers
    calls validation `eval`. A validation curve of one of several sets (`val_loss/dataloader_idx_1`) keeps its own name.

    >>> [keras_name(n) for n in ("train_loss", "eval_loss", "Loss/val", "valid/acc", "loss", "lr")]
    ['loss', 'val_loss', 'val_loss', 'val_acc', 'loss', 'lr']
    """
    found = _BEFORE.match(name) or _AFTER.match(name)
    if found is None:
        return name.lower() if name.lower() == "loss" else name
    inner = found["name"]
    # "Loss/train" of the PyTorch tutorials.
    inner = inner.lower() if inner[:1].isupper() and inner[1:].islower() else inner
    return inner if found["train"] else f"val_{inner}"
