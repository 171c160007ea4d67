"""What a call of any layer costs, on the batches of the audio and series benchmarks: nothing can be quicker.

    pytest tests/benchmarks/test_augmentation_floor.py --benchmark -n0 -s        (and with KERAS_BACKEND=jax)

A Keras layer that turns the sign, compiled and called as the augmentation layers are; and NumPy that does so sample by
sample, as a library does that augments clip by clip.
"""

import keras
import numpy as np
from image_peers import called
from measuring import interleaved, write_table

ROUNDS = 51
BATCHES = {"64 clips of 16,000 samples": (64, 16000), "64 series of 512 steps and 6 features": (64, 512, 6)}


def test_floor():
    rows = []
    for name, shape in BATCHES.items():
        x = np.random.default_rng(0).normal(size=shape).astype("float32")
        functions = {
            "a layer that turns the sign": called(keras.layers.Rescaling(-1.0), x),
            "NumPy, sample by sample": lambda x=x: [-sample for sample in x],
        }
        for what, times in interleaved(functions, ROUNDS).items():
            rows.append({"batch": name, "what": what, "ms": f"{1000 * sorted(times)[len(times) // 2]:.2f}"})
    write_table(f"augmentation-floor-{keras.backend.backend()}", rows)
