"""How long the frames of a phase vocoder are."""

import numbers


class FrameLength:
    """A multiple of 4, at least 16."""

    def check(self, name, value):
        """Returns `value`; raises `TypeError` for a wrong kind, `ValueError` for a wrong number."""
        if isinstance(value, bool) or not isinstance(value, numbers.Integral):
            raise TypeError(f"`{name}` must be a whole number of samples. Received: {value!r}")
        if value < 16 or value % 4:
            raise ValueError(f"`{name}` must be a multiple of 4, and at least 16. Received: {value!r}")
        return value

    def bad_values(self):
        """Values that `check` must refuse, with the error each deserves."""
        return [(True, TypeError), (1024.0, TypeError), (None, TypeError), (12, ValueError), (1022, ValueError)]


def check_not_shorter(layer, shape):
    """Raises `ValueError` where a clip of this shape does not fill one frame of the layer."""
    if shape[0] is not None and shape[0] < layer.frame_length:
        raise ValueError(
            f"Layer {layer.name!r} takes clips of at least one frame, {layer.frame_length} samples. Received: clips of "
            f"{shape[0]} samples. Choose a smaller `frame_length`, a multiple of 4"
        )
