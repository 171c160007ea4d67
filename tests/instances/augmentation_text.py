"""Our augmentation layers for text."""

AUGMENTATION_TEXT = []
