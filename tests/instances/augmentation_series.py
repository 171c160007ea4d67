"""Our augmentation layers for series."""

AUGMENTATION_SERIES = []
