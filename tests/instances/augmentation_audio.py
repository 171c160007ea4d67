"""Our augmentation layers for audio."""

AUGMENTATION_AUDIO = []
