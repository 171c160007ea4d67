"""What the layers for spectrograms share."""

from keras_regkit.augmentation._sample_layer import SampleAugmentation


class SpectrogramAugmentation(SampleAugmentation):
    """A layer for spectrograms `(batch, time, frequency)`, with or without channels, or one `(time, frequency)`."""

    key = "spectrograms"
    ranks = (2, 3)
    shapes = "(batch, time, frequency[, channels]), or (time, frequency) for one spectrogram"
