"""A phase vocoder with phases locked to their neighbours: time runs faster or slower, and pitch stays."""

import math

from keras_regkit.augmentation.audio._complex import Complex

# Below this share of the largest |V|, 80 dB below the loudest bin, phases are near to those of rounding errors.
_SILENT = 1e-8


def stretched(waves, rate, start, frame_length, samples, ops):
    """Returns waveforms in which time runs `rate` times as fast.

    Frames of the result lie a quarter of their length apart, hop H. That at time t is X(t′), the spectrum of the frame
    at t′ = start + rate (t − start), turned bin by bin so that it goes on from the frame before, Y(t − H), as X(t′)
    goes on from X(t′ − H):

        Y(t) = X(t′) V / |V|,  V = L[Y(t − H)] L[X(t′ − H)]*,  L[S]_k = S_k − S_{k−1} − S_{k+1}

    L lends to each bin the phase of the strongest one near by, so that the bins of a tone stay together. Bins that were
    silent have no phase to go on from, and keep that of X(t′).

    Args:
        waves: `(batch, channels, length)`.
        rate: `(batch, 1, 1)`.
        start: Sample that stays in place: `(batch, 1)`, or a number.
        frame_length: Samples in a frame, a multiple of 4.
        samples: Length of the result.
        ops: The functions to compute with.

    Returns:
        Tensor `(batch, channels, samples)`.
    """
    hop = frame_length // 4
    channels = ops.shape(waves)[1]
    window = _window(frame_length, ops)
    centres, count = _centres(rate, start, hop, samples, ops)
    frames, behind = (
        Complex(*ops.rfft(_frames(waves, centres - back, frame_length, ops) * window, frame_length))
        for back in (0, hop)
    )
    turned = _turned(frames, behind, ops)
    # The squares of four windows, each a quarter further, add up to 3/2.
    pieces = ops.irfft((turned.re, turned.im), frame_length) * (window / 1.5)
    whole = _overlapped(pieces, count, hop, ops)
    # It begins at time 0: the first frame lies around −hop, and its last quarter begins half a frame later.
    return ops.reshape(whole, (-1, channels, (count - 3) * hop))[:, :, :samples]


def _window(length, ops):
    return 0.5 - 0.5 * ops.cos(2 * math.pi / length * ops.arange(0, length, dtype="float32"))


def _centres(rate, start, hop, samples, ops):
    """Returns the middle of each frame in the waveform, `(frames, batch)` as whole numbers, and how many there are."""
    # Whatever frames reach a sample: from one hop before the first to two after the last.
    count = (samples - 1) // hop + 4
    times = ops.cast((ops.arange(0, count, dtype="int32") - 1) * hop, "float32")[:, None]
    first = ops.cast(start, "float32")[:, 0] if hasattr(start, "shape") else float(start)
    centres = first + rate[:, 0, 0] * (times - first)
    return ops.cast(ops.floor(centres + 0.5), "int32"), count


def _frames(waves, centres, length, ops):
    """Returns the frames around these samples, `(frames, batch · channels, length)`, zero beyond the waveforms."""
    batch, channels, samples = ops.shape(waves)
    nothing = ops.zeros((batch, channels, length))
    rows = ops.concatenate([nothing, waves, nothing], axis=2)
    # All that is outside is alike.
    first = ops.minimum(ops.maximum(centres + length // 2, 0), samples + length)
    width = samples + 2 * length
    row = width * ops.reshape(ops.arange(0, batch * channels, dtype="int32"), (batch, channels))
    indices = (first[:, :, None] + row)[..., None] + ops.arange(0, length, dtype="int32")
    return ops.take(ops.reshape(rows, (-1,)), ops.reshape(indices, (-1, batch * channels, length)), axis=0)


def _turned(frames, behind, ops):
    """Returns the spectra of the result, `(frames, rows, bins)`."""

    def step(before, spectra):
        now, back = Complex(*spectra[:2]), Complex(*spectra[2:])
        turn = _locked(Complex(*before), ops) * _locked(back, ops).conjugate()
        size = ops.sqrt(turn.square())
        heard = size > _SILENT * ops.max(size, axis=1, keepdims=True)
        size = ops.where(heard, size, ops.ones_like(size))
        turn = Complex(ops.where(heard, turn.re / size, ops.ones_like(size)), turn.im / size)
        return tuple(now * turn), tuple(turn)

    silence = ops.zeros_like(frames.re[0])
    # Gradients take the turns as they are.
    spectra = tuple(ops.stop_gradient(part) for part in (*frames, *behind))
    turns = ops.scan(step, (silence, silence), spectra)[1]
    return frames * Complex(*(ops.stop_gradient(turn) for turn in turns))


def _locked(spectrum, ops):
    def minus_neighbours(values):
        edge = ops.zeros_like(values[:, :1])
        return values - ops.concatenate([edge, values[:, :-1]], axis=1) - ops.concatenate([values[:, 1:], edge], axis=1)

    return Complex(minus_neighbours(spectrum.re), minus_neighbours(spectrum.im))


def _overlapped(pieces, count, hop, ops):
    """Returns the sum of frames that lie a quarter of their length apart, where there are four of them.

    Returns:
        Tensor `(rows, (frames − 3) · hop)`.
    """
    rows = ops.shape(pieces)[1]
    quarters = ops.reshape(pieces, (count, rows, 4, hop))
    total = quarters[3:, :, 0]
    for number in range(1, 4):
        total = total + quarters[3 - number : count - number, :, number]
    return ops.reshape(ops.transpose(total, (1, 0, 2)), (rows, (count - 3) * hop))
