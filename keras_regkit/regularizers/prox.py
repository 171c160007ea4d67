"""The proximal operator of any penalty that has one in closed form."""

from keras_regkit._core.prox import prox

__all__ = ["prox"]
