"""The 256 levels of a byte, whatever the range of the values."""

# Levels that were computed in float32 lie this close to whole numbers.
SLACK = 0.01


def to_levels(images, value_range):
    """Returns pixel values as levels: 0 is the lowest value, 255 the highest."""
    low, high = value_range
    return images if (low, high) == (0, 255) else (images - low) * (255 / (high - low))


def from_levels(levels, value_range):
    """Returns levels as pixel values."""
    low, high = value_range
    return levels if (low, high) == (0, 255) else levels * ((high - low) / 255) + low
