"""Ops on colours that treat every channel alike."""

from keras_regkit.augmentation.image._layer import ColorAugmentation
from keras_regkit.augmentation.image._stages import Recolour


class ChannelwiseAugmentation(ColorAugmentation):
    """An op on colours that makes each channel of itself, the same way: it takes any number of channels."""

    def stage(self, numbers, chosen, frame, clip_each):
        if not frame.training:
            return None
        recolouring = self.recolouring(numbers, frame)
        return Recolour(recolouring if chosen is None else recolouring.where(frame.ops, chosen), clip_each)
