"""Recursive filters by matrix products: within blocks, and between them by the states that they hand on."""

from keras_regkit.augmentation.audio._complex import Complex

BLOCK = 64
# Blocks whose states are carried on at once, and how often that is done where their number is not known: 16⁶ of them.
_GROUP = 16
_LEVELS = 6


def filtered(waves, response, ops):
    """Returns the waveforms filtered from their beginning, at rest before.

        y(n) = d x(n) + Re Σ_k c_k s_k(n),  s_k(n) = p_k s_k(n − 1) + x(n − 1)

    Args:
        waves: `(batch, channels, samples)`.
        response: A `Response`.
        ops: The functions to compute with.
    """
    batch, channels, samples = ops.shape(waves)
    terms = response.decay.shape[1]
    blocks = -(-samples // BLOCK)
    powers = _powers(response.decay, response.angle, BLOCK + 1, ops)
    x = ops.concatenate([waves, ops.zeros((batch, channels, blocks * BLOCK - samples))], axis=2)
    x = ops.reshape(x, (batch, channels * blocks, BLOCK))

    # What each block gives by itself, and the states that it leaves behind.
    late = Complex(*(ops.flip(p[:, :-1], axis=1) for p in powers))
    own = ops.matmul(x, ops.concatenate([_within(response, powers, ops), late.re, late.im], axis=2))
    left = ops.transpose(ops.reshape(own[:, :, BLOCK:], (batch, channels * blocks, 2, terms)), (2, 0, 3, 1))
    left = Complex(*(ops.reshape(left[i], (batch, terms, channels, blocks)) for i in range(2)))

    # What comes from the blocks before.
    states = _carried(left, BLOCK * response.decay, BLOCK * response.angle, blocks, ops)
    states = [ops.transpose(ops.reshape(s, (batch, terms, channels * blocks)), (0, 2, 1)) for s in states]
    onward = Complex(*(p[:, :-1] for p in powers)) * Complex(*(w[:, None] for w in response.weights))
    onward = ops.transpose(ops.concatenate([onward.re, -onward.im], axis=2), (0, 2, 1))
    y = own[:, :, :BLOCK] + ops.matmul(ops.concatenate(states, axis=2), onward)
    return ops.reshape(y, (batch, channels, blocks * BLOCK))[:, :, :samples]


def _powers(decay, angle, count, ops):
    """Returns p⁰ ... p^(count − 1) of poles with these logarithms, along a new axis 1."""
    exponents = ops.reshape(ops.arange(0, count, dtype="float32"), (1, count, *[1] * (len(decay.shape) - 1)))
    size, turn = ops.exp(exponents * decay[:, None]), exponents * angle[:, None]
    return Complex(size * ops.cos(turn), size * ops.sin(turn))


def _within(response, powers, ops):
    """Returns the matrix `(batch, BLOCK, BLOCK)` that convolves a block with the impulse response."""
    later = (powers * Complex(*(w[:, None] for w in response.weights))).re[:, : BLOCK - 1]
    h = ops.concatenate([response.direct[:, None], ops.sum(later, axis=2)], axis=1)
    return _toeplitz(h, BLOCK, BLOCK, ops)


def _toeplitz(h, rows, columns, ops):
    """Returns the matrix `(batch, rows, columns)` of h(column − row), 0 where that is negative."""
    # Laid out in rows of one number less than they have, each is shifted by one against the row before.
    width = rows + columns
    row = ops.concatenate([h, ops.zeros_like(h[:, :1]) + ops.zeros((1, rows))], axis=1)
    flat = ops.reshape(ops.broadcast_to(row[:, None], (ops.shape(h)[0], rows, width)), (-1, rows * width))
    return ops.reshape(flat[:, : rows * (width - 1)], (-1, rows, width - 1))[:, :, :columns]


def _carried(left, decay, angle, blocks, ops, level=1):
    """Returns the states before each block: Σ_i step^i · left(block − 1 − i).

    Args:
        left: What each block leaves behind, `(batch, terms, channels, blocks)`.
        decay, angle: Logarithm of what becomes of a state within one block, `step`: `(batch, terms)`.
        blocks: How many there are.
        ops: The functions to compute with.
        level: How often blocks have been joined to groups.
    """
    batch, terms, channels, _ = ops.shape(left.re)
    groups = -(-blocks // _GROUP)
    last = groups == 1 if isinstance(groups, int) else level == _LEVELS
    groups = 1 if last else groups
    missing = ops.zeros((batch, terms, channels, groups * _GROUP - blocks))
    rows = [ops.concatenate([part, missing], axis=3) for part in left]
    rows = [ops.reshape(part, (batch * terms, channels * groups, _GROUP)) for part in rows]

    # Within a group, and to its end, by one product with the real form of a complex matrix.
    flat = (ops.reshape(part, (batch * terms,)) for part in (decay, angle))
    powers = _powers(*flat, _GROUP + 1, ops)
    re, im = (
        _toeplitz(ops.concatenate([ops.zeros_like(p[:, :1]), p[:, :-1]], axis=1), _GROUP, _GROUP + 1, ops)
        for p in powers
    )
    matrix = ops.concatenate([ops.concatenate([re, im], axis=2), ops.concatenate([-im, re], axis=2)], axis=1)
    sums = ops.matmul(ops.concatenate(rows, axis=2), matrix)
    sums = ops.reshape(sums, (batch, terms, channels, groups, 2, _GROUP + 1))
    states = Complex(sums[..., 0, :-1], sums[..., 1, :-1])
    if not last:
        ends = Complex(sums[..., 0, -1], sums[..., 1, -1])
        before = _carried(ends, _GROUP * decay, _GROUP * angle, groups, ops, level + 1)
        near = Complex(*(ops.reshape(p[:, :-1], (batch, terms, 1, 1, _GROUP)) for p in powers))
        states = states + near * Complex(*(b[..., None] for b in before))
    return Complex(*(ops.reshape(s, (batch, terms, channels, groups * _GROUP))[..., :blocks] for s in states))
