"""Our augmentation layers for tabular."""

AUGMENTATION_TABULAR = []
