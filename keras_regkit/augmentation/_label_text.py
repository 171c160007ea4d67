"""How a label is written above a picture."""

import numpy as np

_SHOWN_CLASSES = 2


def label_text(label, class_names=None):
    """Returns a label in words: its class, the largest classes of a soft one, or its number.

    >>> label_text(1, ["cat", "dog"]), label_text([0.25, 0.75], ["cat", "dog"]), label_text(0.5)
    ('dog', 'dog 0.75, cat 0.25', '0.5')
    """

    def name(index):
        known = class_names is not None and 0 <= index < len(class_names)
        return str(class_names[index]) if known else str(index)

    label = np.asarray(label)
    if label.size == 1:
        value = label.item()
        return name(value) if label.dtype.kind in "iu" else f"{value:.3g}" if label.dtype.kind == "f" else str(value)
    largest = np.argsort(-label, kind="stable")[:_SHOWN_CLASSES]
    shares = [(name(k), float(label[k])) for k in largest if label[k] > 0.005]
    return shares[0][0] if len(shares) == 1 else ", ".join(f"{name} {share:.2f}" for name, share in shares)
