"""Ops on colours that treat every channel alike."""

from keras_regkit.augmentation.image._layer import ColorAugmentation


class ChannelwiseAugmentation(ColorAugmentation):
    """An op on colours that makes each channel of itself, the same way: it takes any number of channels."""

    def check_channels(self, channels):
        """Any number will do."""
