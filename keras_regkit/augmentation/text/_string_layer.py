"""What the layers for strings share: texts in any form in, texts of that form out, changed by Python."""

import sys
import zlib
from typing import Any

import keras
import numpy as np

from keras_regkit._core.backend import to_numpy
from keras_regkit._core.checks import check_arguments
from keras_regkit.augmentation._kernels import ClassSignature, signature
from keras_regkit.augmentation._layer import Augmentation
from keras_regkit.augmentation._namespace import is_foreign
from keras_regkit.augmentation._sample_layer import PROBABILITY
from keras_regkit.augmentation.text._forms import is_python, unpack

KEY = "text"


class StringAugmentation(Augmentation):
    """A layer that changes texts at random, and returns them in the form in which they came.

    It takes a string, a list of strings, an array of strings or objects, and tensors of strings of TensorFlow: in a
    model on the TensorFlow backend, in `tf.data` on every backend. Strings are changed by Python, on the CPU, and not
    compiled: within a model they keep the whole of it from XLA, so `tf.data` is the better place.

    Subclasses say in `change` what becomes of a list of texts.

    Args:
        probability: Share of the texts that are changed, in [0, 1].
        seed: Integer or None.
    """

    # Arguments of the classes above that a class does not take.
    without = ()

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        cls.__signature__ = ClassSignature(signature(cls))

    def __init__(self, probability: float = 1.0, seed: int | None = None, **kwargs: Any):
        super().__init__(seed=seed, **kwargs)
        check_arguments(PROBABILITY, probability=probability)
        self.probability = probability
        self.supports_jit = False
        self._random = None

    def __call__(self, inputs, *args, **kwargs):
        if isinstance(inputs, dict):
            if KEY not in inputs:
                raise ValueError(
                    f"Layer {self.name!r} takes texts, or a dict with {KEY!r} and whatever goes along. "
                    f"Received a dict with: {sorted(map(str, inputs))}"
                )
            return {**inputs, KEY: self(inputs[KEY], *args, **kwargs)}
        ours = isinstance(inputs, keras.KerasTensor) or is_foreign(inputs)
        if ours or (keras.backend.backend() == "tensorflow" and _is_tensor(inputs)):
            return super().__call__(inputs, *args, **kwargs)
        # Keras would make tensors of lists and arrays, and other backends have none for strings.
        return self.call(inputs, *args, **kwargs)

    def call(self, inputs, training=True):
        if training is not None and not training:
            return self.rest(inputs)
        if _is_symbolic(inputs):
            return self.augment_with(lambda shape: self.uniform(shape, inputs), inputs)
        if self._random is None:
            self._random = self._generator([self._first_seed()])
        new = lambda texts: self._changed(texts, self._random)  # noqa: E731
        if _is_tensor(inputs):
            return self._of_tensor(new, inputs)
        texts, pack = unpack(inputs, self.name)
        return pack(new(texts))

    def change(self, texts, random):
        """Returns the new texts.

        Args:
            texts: List of strings.
            random: NumPy's `Generator`; all that is random comes from here.
        """
        raise NotImplementedError

    def augment(self, inputs, numbers, ops):
        if is_python(inputs):
            texts, pack = unpack(inputs, self.name)
            return pack(self._from_numbers(texts, keras.ops.convert_to_numpy(numbers)))
        if isinstance(inputs, dict):
            return {**inputs, KEY: self.augment(inputs[KEY], numbers, ops)}
        return self._of_tensor(self._from_numbers, inputs, numbers)

    def rest(self, inputs):
        if _is_tensor(inputs):
            self._check_tensor(inputs)
        else:
            unpack(inputs, self.name)
        return inputs

    def shape_of_numbers(self, inputs, ops):
        # They seed a generator: float32 has 24 bits of its own.
        return (4,)

    def compute_output_spec(self, inputs, training=True):
        if keras.backend.backend() != "tensorflow":
            raise ValueError(
                f"Layer {self.name!r} can be part of a model on the TensorFlow backend alone: others have no strings. "
                f"Received: the backend {keras.backend.backend()}. Use it in tf.data, dataset.map(layer), or on lists"
            )
        if inputs.dtype != "string":
            raise TypeError(_wrong_dtype(self.name, inputs.dtype))
        return keras.KerasTensor(inputs.shape, "string")

    def get_config(self):
        return {**super().get_config(), "probability": self.probability}

    def _changed(self, texts, random):
        """Returns the texts, with the share in `probability` changed."""
        if self.probability == 1:
            return self.change(texts, random)
        chosen = np.flatnonzero(random.random(len(texts)) < self.probability).tolist()
        new = list(texts)
        for index, text in zip(chosen, self.change([texts[i] for i in chosen], random), strict=True):
            new[index] = text
        return new

    def _from_numbers(self, texts, numbers):
        return self._changed(texts, self._generator((numbers * 2**24).astype("uint32").tolist()))

    def _generator(self, seed):
        # Layers of one seed and of different classes draw different numbers.
        return np.random.default_rng([zlib.crc32(type(self).__name__.encode()), *seed])

    def _first_seed(self):
        # Without a seed of its own, that which Keras made: `keras.utils.set_random_seed` counts here too.
        return int(to_numpy(self.seed_generator.state)[0]) if self.seed is None else self.seed % 2**64

    def _of_tensor(self, function, inputs, *numbers):
        from keras_regkit.augmentation.text._tensorflow_strings import mapped

        self._check_tensor(inputs)
        return mapped(function, inputs, *numbers)

    def _check_tensor(self, inputs):
        if not _tensorflow_says("is_dense", inputs):
            raise TypeError(
                f"Layer {self.name!r} takes dense tensors of strings. Received: {type(inputs).__name__}. "
                "ragged.with_values(layer(ragged.values)) augments a ragged one"
            )
        if inputs.dtype != "string":
            raise TypeError(_wrong_dtype(self.name, inputs.dtype))


def _wrong_dtype(name, dtype):
    dtype = getattr(dtype, "name", dtype)
    return f"Layer {name!r} takes strings. Received: {dtype}. For ids of tokens there are TokenDropout and its like"


def _is_tensor(value):
    return _tensorflow_says("is_tensor", value)


def _is_symbolic(value):
    return _tensorflow_says("is_symbolic", value)


def _tensorflow_says(name, value):
    """Returns what a function about tensors of TensorFlow says, without importing that where there can be none."""
    if "tensorflow" not in sys.modules or is_python(value):
        return False
    from keras_regkit.augmentation.text import _tensorflow_strings

    return getattr(_tensorflow_strings, name)(value)
