"""What the layers for time series share."""

from keras_regkit.augmentation._sample_layer import SampleAugmentation


class SeriesAugmentation(SampleAugmentation):
    """A layer for series `(batch, steps, features)`, or one `(steps, features)`."""

    key = "series"
    ranks = (2,)
    shapes = "(batch, steps, features), or (steps, features) for one series"
