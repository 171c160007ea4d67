"""Waveform ops against NumPy and SciPy, their parameters, padding, dtypes, and bad input."""

import keras
import numpy as np
import pytest
import scipy.signal
import scipy.stats

from keras_regkit.augmentation import audio

RATE = 16000
RANDOM = np.random.default_rng(0)
CLIPS = RANDOM.normal(size=(4, 1500)).astype("float32")
IMPULSES = RANDOM.normal(size=(3, 200)).astype("float32")
RECORDINGS = RANDOM.normal(size=(3, 500)).astype("float32")

# One of each, whose parameters differ from clip to clip.
OPS = {
    "gain": lambda **k: audio.RandomGain(**k),
    "white noise": lambda **k: audio.AddNoise(**k),
    "pink noise": lambda **k: audio.AddNoise("pink", **k),
    "recorded noise": lambda **k: audio.AddNoise(RECORDINGS, **k),
    "shift": lambda **k: audio.TimeShift(**k),
    "shift with silence": lambda **k: audio.TimeShift(rollover=False, **k),
    "polarity": lambda **k: audio.PolarityInversion(**{"probability": 1.0, **k}),
    "stretch": lambda **k: audio.TimeStretch(frame_length=256, **k),
    "pitch": lambda **k: audio.PitchShift(frame_length=256, **k),
    "reverb": lambda **k: audio.Reverb(RATE, rt60=(0.01, 0.05), **k),
    "reverb of responses": lambda **k: audio.Reverb(impulse_responses=IMPULSES, **k),
    "low-pass": lambda **k: audio.LowPass(RATE, **k),
    "high-pass": lambda **k: audio.HighPass(RATE, **k),
    "band-pass": lambda **k: audio.BandPass(RATE, **k),
    "clipping": lambda **k: audio.ClipDistortion((10, 40), **k),
    "mask": lambda **k: audio.TimeMask((0.1, 0.2), fade=10, **k),
}

# What is compiled is shared by layers of the same config, for as long as one of them lives.
ALIVE = []


def op(name, **arguments):
    ALIVE.append(OPS[name](**arguments))
    return ALIVE[-1]


def numpy(x):
    return keras.ops.convert_to_numpy(x)


def tone(hertz, samples=8000, rate=RATE):
    return np.sin(2 * np.pi * hertz * np.arange(samples) / rate).astype("float32")


def decibels(power):
    return 10 * np.log10(power)


def how_pure(heard, hertz):
    """Returns amplitude of a tone, and its power over that of all else in decibels; both ends are left out."""
    heard = heard[1000:-1000]
    place = 2 * np.pi * hertz * np.arange(len(heard)) / RATE
    basis = np.stack([np.sin(place), np.cos(place)], 1)
    weights = np.linalg.lstsq(basis, heard, rcond=None)[0]
    return np.hypot(*weights), decibels(np.var(basis @ weights) / np.var(heard - basis @ weights))


def dominant(heard):
    """Returns the frequency in Hz of the highest peak, between bins by a parabola through the logarithms."""
    spectrum = np.log(np.abs(np.fft.rfft(heard * np.hanning(len(heard)))) + 1e-9)
    k = int(np.argmax(spectrum))
    a, b, c = spectrum[k - 1 : k + 2]
    return (k + 0.5 * (a - c) / (a - 2 * b + c)) * RATE / len(heard)


# What each op does


@pytest.mark.parametrize("db", [-20, 0, 6])
def test_gain(db):
    np.testing.assert_allclose(numpy(audio.RandomGain((db, db))(CLIPS)), CLIPS * 10 ** (db / 20), rtol=1e-5)


def test_gains_are_spread_evenly_in_decibels():
    gains = 20 * np.log10(numpy(audio.RandomGain(10, seed=0)(np.ones((4000, 1), "float32"))))[:, 0]
    assert np.abs(gains).max() <= 10.001
    # The standard error of the mean is 0.09, that of the variance about 0.47.
    assert abs(gains.mean()) < 0.4
    assert abs(gains.var() - 100 / 3) < 2


@pytest.mark.parametrize("noise", ["white", "pink", RECORDINGS], ids=["white", "pink", "recorded"])
@pytest.mark.parametrize("snr", [-5, 20])
def test_signal_to_noise_ratio(noise, snr):
    loud = CLIPS * np.array([[1], [10], [0.1], [3]], "float32")
    added = numpy(audio.AddNoise(noise, (snr, snr), seed=1)(loud)) - loud
    measured = decibels(np.mean(loud.astype("float64") ** 2, 1) / np.mean(added.astype("float64") ** 2, 1))
    # Of white noise on average: its power over 1500 samples has a standard deviation of 0.16 dB.
    np.testing.assert_allclose(measured, snr, atol=0.5 if isinstance(noise, str) and noise == "white" else 0.01)


def test_signal_to_noise_ratio_is_that_of_the_valid_part():
    x, lengths = CLIPS.copy(), np.array([1500, 900, 300, 10])
    for clip, length in zip(x, lengths, strict=True):
        clip[length:] = 100
    new = numpy(audio.AddNoise("pink", snr_db=(10, 10), seed=1)({"audio": x, "lengths": lengths})["audio"])
    for clip, heard, length in zip(x, new, lengths, strict=True):
        clip, added = clip[:length].astype("float64"), (heard - clip)[:length]
        assert decibels(np.mean(clip**2) / np.mean(added**2)) == pytest.approx(10, abs=0.01)


def test_white_noise_is_normal_and_white():
    x = np.full((8, 4000, 2), 1e-3, "float32")
    added = numpy(audio.AddNoise(snr_db=(-40, -40), seed=0)(x)) - x
    z = added.transpose(0, 2, 1).reshape(16, -1)
    z = (z / z.std(axis=1, keepdims=True)).ravel()
    assert scipy.stats.kstest(z, "norm").pvalue > 0.01
    # No two channels, clips, or neighbours go together: 1/√n is 0.016, and the largest of 120 pairs about 0.05.
    rows = added.transpose(0, 2, 1).reshape(16, -1)
    assert np.abs(np.corrcoef(rows) - np.eye(16)).max() < 0.08
    assert abs(np.corrcoef(rows[:, 1:].ravel(), rows[:, :-1].ravel())[0, 1]) < 0.02


def test_power_of_pink_noise_falls_by_3_db_an_octave():
    x = np.full((16, 8192), 1e-3, "float32")
    added = numpy(audio.AddNoise("pink", (-40, -40), seed=0)(x)) - x
    power = np.mean(np.abs(np.fft.rfft(added)) ** 2, axis=0)
    octaves = [decibels(power[2**k : 2 ** (k + 1)].mean()) for k in range(5, 12)]
    slope = np.polyfit(range(len(octaves)), octaves, 1)[0]
    assert slope == pytest.approx(-3.01, abs=0.15)


def test_recordings_are_drawn_with_all_their_moments():
    recordings = RANDOM.normal(size=(2, 100)).astype("float32")
    moments = np.stack([np.take(clip, np.arange(k, k + 250), mode="wrap") for clip in recordings for k in range(100)])
    x = np.ones((1000, 250), "float32")
    added = numpy(audio.AddNoise(recordings, (0, 0), seed=0)(x)) - x
    # Each is a recording from some moment on, times a number.
    fit = (moments / np.linalg.norm(moments, axis=1, keepdims=True)) @ added.T / np.linalg.norm(added, axis=1)
    np.testing.assert_allclose(fit.max(axis=0), 1, atol=1e-5)
    counts = np.bincount(fit.argmax(axis=0), minlength=200)
    # Of 200 moments that 1000 clips draw from, e^-5 or 1.3 are missed on average.
    assert (counts == 0).sum() < 8
    assert counts.max() < 20


@pytest.mark.parametrize("rollover", [True, False])
@pytest.mark.parametrize("share", [-1, -0.3, 0, 0.25, 1])
def test_shift(share, rollover):
    k = int(np.floor(share * 1500 + 0.5))
    expected = np.roll(CLIPS, k, axis=1)
    if not rollover:
        expected[:, : max(k, 0)] = 0
        expected[:, 1500 + min(k, 0) :] = 0
    np.testing.assert_array_equal(numpy(audio.TimeShift((share, share), rollover)(CLIPS)), expected)


def test_shift_rolls_the_valid_part_alone():
    x = np.tile(np.arange(1.0, 11), (2, 1)).astype("float32")
    mask = np.array([[1] * 6 + [0] * 4, [0] * 2 + [1] * 8], bool)
    new = numpy(audio.TimeShift((0.5, 0.5))({"audio": x, "mask": mask})["audio"])
    assert new[0].tolist() == [4, 5, 6, 1, 2, 3, 7, 8, 9, 10]
    assert new[1].tolist() == [1, 2, 7, 8, 9, 10, 3, 4, 5, 6]


def test_polarity():
    np.testing.assert_array_equal(numpy(audio.PolarityInversion(probability=1)(CLIPS)), -CLIPS)
    turned = numpy(audio.PolarityInversion(seed=0)(np.ones((2000, 1), "float32")))
    # Four standard errors.
    assert abs((turned < 0).mean() - 0.5) < 0.045


@pytest.mark.parametrize("order", [1, 2, 3, 6])
@pytest.mark.parametrize("cutoff", [30, 1000, 7500])
@pytest.mark.parametrize(("layer", "kind"), [(audio.LowPass, "low"), (audio.HighPass, "high")])
def test_filters_are_those_of_scipy(layer, kind, cutoff, order):
    sections = scipy.signal.butter(order, cutoff, kind, fs=RATE, output="sos")
    expected = scipy.signal.sosfilt(sections, CLIPS.astype("float64"))
    new = numpy(layer(RATE, (cutoff, cutoff), order=order)(CLIPS))
    np.testing.assert_allclose(new, expected, atol=2e-5)


@pytest.mark.parametrize("order", [1, 2, 5])
@pytest.mark.parametrize(("center", "fraction"), [(200, 0.5), (1000, 1.99), (3000, 1.2), (2000, 2**0.5)])
def test_band_pass_is_that_of_scipy(center, fraction, order):
    edges = center * (1 - fraction / 2), center * (1 + fraction / 2)
    sections = scipy.signal.butter(order, edges, "bandpass", fs=RATE, output="sos")
    expected = scipy.signal.sosfilt(sections, CLIPS.astype("float64"))
    new = numpy(audio.BandPass(RATE, (center, center), (fraction, fraction), order=order)(CLIPS))
    np.testing.assert_allclose(new, expected, atol=5e-5)


def test_band_pass_where_two_poles_meet():
    """Of the first order they meet where √(W(high)/W(low)) − √(W(low)/W(high)) = 2, as for low = 0.01 and high."""
    low, high = 0.01, 0.01 * (1 + np.sqrt(2)) ** 2
    low, high = (np.arctan(w) * RATE / np.pi for w in (low, high))
    center, fraction = (low + high) / 2, 2 * (high - low) / (low + high)
    sections = scipy.signal.butter(1, (low, high), "bandpass", fs=RATE, output="sos")
    new = numpy(audio.BandPass(RATE, (center, center), (fraction, fraction), order=1)(CLIPS))
    np.testing.assert_allclose(new, scipy.signal.sosfilt(sections, CLIPS.astype("float64")), atol=5e-3)


def test_magnitude_response():
    impulse = np.eye(1, 4096, dtype="float32")
    response = np.abs(np.fft.rfft(numpy(audio.LowPass(RATE, (1000, 1000), order=4)(impulse))[0]))
    frequencies = np.fft.rfftfreq(4096, 1 / RATE)
    _, expected = scipy.signal.freqz_sos(scipy.signal.butter(4, 1000, fs=RATE, output="sos"), worN=frequencies, fs=RATE)
    np.testing.assert_allclose(response, np.abs(expected), atol=1e-5)
    assert response[256] == pytest.approx(np.sqrt(0.5), abs=1e-4)


def test_cutoffs_are_spread_evenly_in_mel():
    """The first sample of the response of order 1 is W / (1 + W), which tells the cut-off."""
    impulse = np.zeros((3000, 2), "float32")
    impulse[:, 0] = 1
    first = numpy(audio.LowPass(RATE, (100, 5000), order=1, seed=0)(impulse))[:, 0].astype("float64")
    hertz = np.arctan(first / (1 - first)) * RATE / np.pi
    mel = np.log1p(hertz / 700)
    low, high = np.log1p(100 / 700), np.log1p(5000 / 700)
    assert scipy.stats.kstest((mel - low) / (high - low), "uniform").pvalue > 0.01


def test_reverb_is_the_convolution():
    new = numpy(audio.Reverb(impulse_responses=IMPULSES[:1])(CLIPS))
    expected = scipy.signal.fftconvolve(CLIPS, IMPULSES[:1], axes=1)[:, :1500]
    expected *= np.sqrt(np.mean(CLIPS**2, 1) / np.mean(expected**2, 1))[:, None]
    np.testing.assert_allclose(new, expected, atol=1e-4)


def test_reverb_draws_among_the_responses():
    responses = np.eye(4, dtype="float32")
    clicks = np.zeros((1000, 8), "float32")
    clicks[:, 0] = 1
    places = np.argmax(numpy(audio.Reverb(impulse_responses=responses, seed=0)(clicks)), axis=1)
    # Four standard errors of a quarter of 1000.
    assert np.abs(np.bincount(places, minlength=4) - 250).max() < 55


def test_synthetic_rooms_decay_by_60_db_in_their_time():
    clicks = np.zeros((64, 8000), "float32")
    clicks[:, 0] = 1
    heard = numpy(audio.Reverb(RATE, rt60=(0.3, 0.3), seed=0)(clicks)).astype("float64")
    assert (heard[:, 0] > 0).all()
    # Direct sound and tail have the same energy on average: of 64 tails, that is known to about 1 %.
    assert np.mean((heard[:, 1:] ** 2).sum(1) / heard[:, 0] ** 2) == pytest.approx(1, abs=0.1)
    power = decibels((heard[:, 1:4801] / heard[:, :1]).reshape(64, 48, 100).__pow__(2).mean(axis=(0, 2)))
    slope = np.polyfit(np.arange(48) * 100 / RATE, power, 1)[0]
    assert slope == pytest.approx(-60 / 0.3, rel=0.02)


@pytest.mark.parametrize("percent", [0, 10, 40, 100])
def test_clipping(percent):
    x = CLIPS.astype("float64")
    limits = np.percentile(x, [percent / 2, 100 - percent / 2], axis=1, method="inverted_cdf")
    new = numpy(audio.ClipDistortion((percent, percent))(CLIPS))
    # The bisection ends within 2^-16 of the range, and NumPy may count one sample more.
    np.testing.assert_allclose(new, np.clip(x, *limits[:, :, None]), atol=0.02)
    if percent == 0:
        np.testing.assert_array_equal(new, CLIPS)


def test_clipping_counts_the_valid_part():
    x = np.tile(np.arange(100, dtype="float32"), (2, 1))
    new = numpy(audio.ClipDistortion((20, 20))({"audio": x, "lengths": np.array([100, 50])})["audio"])
    assert new[1, 50:].tolist() == list(range(50, 100))
    assert (new[0].min(), new[0].max()) == pytest.approx((9, 90), abs=1.1)
    assert (new[1, :50].min(), new[1, :50].max()) == pytest.approx((4, 45), abs=1.1)


@pytest.mark.parametrize("fade", [0, 20])
def test_mask(fade):
    gain = numpy(audio.TimeMask((0.1, 0.3), fade=fade, seed=0)(np.ones((500, 1000), "float32")))
    sizes = (gain < 1).sum(axis=1)
    assert (sizes >= 100).all()
    assert (sizes <= 300).all()
    # Two standard errors of uniform numbers of a width of 200, among 500.
    assert abs(sizes.mean() - 200) < 6
    firsts = (gain < 1).argmax(axis=1)
    assert firsts.min() < 20
    assert (firsts + sizes).max() > 980
    silent = (gain == 0).sum(axis=1)
    np.testing.assert_array_equal(silent, sizes - 2 * fade)
    if fade:
        inside = gain[0, firsts[0] : firsts[0] + sizes[0]]
        np.testing.assert_allclose(inside[:fade], 1 - np.arange(1, fade + 1) / (fade + 1), atol=1e-6)
        np.testing.assert_allclose(inside, inside[::-1], atol=1e-6)


# Stretch and pitch


@pytest.mark.parametrize("rate", [0.5, 0.8, 1.25, 2.0])
@pytest.mark.parametrize("hertz", [220, 1003.3])
def test_stretch_keeps_the_pitch_and_changes_the_length(hertz, rate):
    x = np.concatenate([tone(hertz), np.zeros(8000, "float32")])
    heard = numpy(audio.TimeStretch((rate, rate))(x))
    end = int(8000 / rate)
    amplitude, purity = how_pure(heard[:end], hertz)
    assert amplitude == pytest.approx(1, abs=0.01)
    # Of a clean tone all else stays 35 dB below; the window's sidelobes alone are at about -40.
    assert purity > 35
    assert dominant(heard[:end]) == pytest.approx(hertz, abs=1)
    # A frame that lies over the end sounds on for half its length.
    assert np.abs(heard[end + 600 :]).max(initial=0) < 0.02
    assert np.abs(heard[end - 1200 : end - 600]).max() > 0.9


@pytest.mark.parametrize("semitones", [-12, -4, 1, 4, 12])
@pytest.mark.parametrize("hertz", [220, 1003.3])
def test_pitch_moves_and_the_length_stays(hertz, semitones):
    x = np.concatenate([tone(hertz), np.zeros(8000, "float32")])
    heard = numpy(audio.PitchShift((semitones, semitones))(x))
    expected = hertz * np.round(2 ** (semitones / 12) * 4096) / 4096
    amplitude, purity = how_pure(heard[:8000], expected)
    assert amplitude == pytest.approx(1, abs=0.01)
    assert purity > 35
    # Less than a cent beside the equal temper, but for what the spectrum can tell.
    assert dominant(heard[:8000]) == pytest.approx(hertz * 2 ** (semitones / 12), rel=1e-3)
    assert np.abs(heard[8800:]).max() < 0.03


def test_pitch_does_not_alias():
    """A tone that an octave up would lie above half the sampling rate becomes silence."""
    heard = numpy(audio.PitchShift((12, 12))(tone(6000)))
    assert np.abs(heard[1000:7000]).max() < 0.01


def test_no_change_of_speed_or_pitch_changes_nothing():
    # A tone that ends at once has sound at all frequencies there, of which the phases before were rounding errors.
    x = np.stack([tone(440) * np.hanning(8000), RANDOM.normal(size=8000)]).astype("float32")
    for layer in (audio.TimeStretch((1, 1)), audio.PitchShift((0, 0))):
        error = numpy(layer(x)) - x
        assert (decibels(np.mean(x**2, 1) / np.mean(error**2, 1)) > 60).all()


def test_stretch_begins_where_the_clip_does():
    x = np.zeros((1, 8000), "float32")
    x[0, 3000:6000] = tone(440, 3000)
    mask = np.zeros((1, 8000), bool)
    mask[0, 3000:] = True
    heard = numpy(audio.TimeStretch((1.5, 1.5), frame_length=256)({"audio": x, "mask": mask})["audio"])[0]
    assert np.abs(heard[3100:4900]).max() > 0.9
    assert np.abs(heard[5200:]).max() < 0.02


# What holds for all


@pytest.mark.parametrize("name", OPS)
def test_shape_dtype_and_padding(name):
    layer = op(name, seed=0)
    x = {"audio": CLIPS, "lengths": np.array([1500, 1000, 700, 400]), "label": np.arange(4)}
    new = {key: numpy(value) for key, value in layer(x).items()}
    assert new["audio"].shape == CLIPS.shape
    assert new["audio"].dtype == "float32"
    np.testing.assert_array_equal(new["label"], np.arange(4))
    np.testing.assert_array_equal(new["lengths"], x["lengths"])
    for before, after, length in zip(CLIPS, new["audio"], x["lengths"], strict=True):
        np.testing.assert_array_equal(after[length:], before[length:])
        assert not np.allclose(after[:length], before[:length], atol=1e-4)


@pytest.mark.parametrize("name", OPS)
def test_padding_is_not_heard(name):
    """What lies in the padding has no part in what the clip becomes."""
    x, lengths = CLIPS.copy(), np.array([1500, 1000, 700, 400])
    first = numpy(op(name, seed=0)({"audio": x, "lengths": lengths})["audio"])
    for clip, length in zip(x, lengths, strict=True):
        clip[length:] = 50
    second = numpy(op(name, seed=0)({"audio": x, "lengths": lengths})["audio"])
    for a, b, length in zip(first, second, lengths, strict=True):
        np.testing.assert_array_equal(a[:length], b[:length])


@pytest.mark.parametrize("name", OPS)
def test_channels(name):
    """Channels with the same sound stay the same, but for white and pink noise, which each has of its own."""
    mono, stereo = CLIPS, np.repeat(CLIPS[..., None], 2, axis=2)
    new = numpy(op(name, seed=0)(stereo))
    assert new.shape == stereo.shape
    if name in ("white noise", "pink noise"):
        assert np.abs(new[..., 0] - new[..., 1]).max() > 1e-3
        return
    np.testing.assert_allclose(new[..., 0], new[..., 1], atol=1e-5)
    # Of twice as many samples another is the one that a percentage ends at.
    tolerance = 0.02 if name == "clipping" else 1e-4
    np.testing.assert_allclose(new[..., 0], numpy(op(name, seed=0)(mono)), atol=tolerance)


@pytest.mark.parametrize("name", ["gain", "white noise", "shift", "low-pass", "stretch"])
def test_whole_numbers(name):
    x = np.clip(CLIPS * 8000, -32768, 32767).astype("int16")
    new = numpy(op(name, seed=0)(x))
    assert new.dtype == "int16"
    expected = numpy(op(name, seed=0)(x.astype("float32")))
    # Thresholds of clipping and phases of small numbers differ by rounding.
    np.testing.assert_allclose(new, np.clip(np.round(expected), -32768, 32767), atol=1)


@pytest.mark.parametrize("name", OPS)
def test_seeds_and_single_clips(name):
    first, again, other = (numpy(op(name, seed=seed)(CLIPS)) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    if name != "polarity":
        assert not np.array_equal(first, other)
    single = numpy(op(name, seed=0)(CLIPS[0]))
    assert single.shape == (1500,)
    assert not np.allclose(single, CLIPS[0], atol=1e-4)


@pytest.mark.parametrize("name", ["gain", "white noise", "pink noise", "low-pass", "high-pass"])
def test_probability(name):
    x = np.tile(CLIPS[:1, :300], (300, 1))
    new = numpy(op(name, seed=0, probability=0.3)(x))
    changed = np.abs(new - x).max(axis=1) > 1e-6
    # Four standard errors.
    assert abs(changed.mean() - 0.3) < 0.106
    assert np.unique(new[changed], axis=0).shape[0] == changed.sum()


@pytest.mark.parametrize("name", OPS)
def test_in_tf_data_with_unknown_lengths(name):
    tf = pytest.importorskip("tensorflow")
    layer = op(name, seed=0)
    signature = tf.TensorSpec((None, None), "float32")
    dataset = tf.data.Dataset.from_generator(lambda: iter([CLIPS]), output_signature=signature)
    (new,) = (x.numpy() for x in dataset.map(lambda x: layer(x, training=True)))
    assert new.shape == CLIPS.shape
    assert np.isfinite(new).all()
    assert not np.allclose(new, CLIPS, atol=1e-4)


@pytest.mark.parametrize("name", ["low-pass", "band-pass", "reverb of responses", "stretch", "pitch", "clipping"])
def test_numbers_in_tf_data_are_those_outside(name):
    """Ops whose parameters are fixed give the same, whatever computes them."""
    tf = pytest.importorskip("tensorflow")
    make = {
        "low-pass": lambda: audio.LowPass(RATE, (700, 700)),
        "band-pass": lambda: audio.BandPass(RATE, (700, 700), (1, 1)),
        "reverb of responses": lambda: audio.Reverb(impulse_responses=IMPULSES[:1]),
        "stretch": lambda: audio.TimeStretch((0.9, 0.9), frame_length=256),
        "pitch": lambda: audio.PitchShift((2, 2), frame_length=256),
        "clipping": lambda: audio.ClipDistortion((30, 30)),
    }[name]
    x = np.stack([tone(300 + 50 * k, 1500) * np.hanning(1500) for k in range(4)]).astype("float32")
    outside, layer = numpy(make()(x)), make()
    signature = tf.TensorSpec((None, None), "float32")
    dataset = tf.data.Dataset.from_generator(lambda: iter([x]), output_signature=signature)
    (inside,) = (clips.numpy() for clips in dataset.map(lambda clips: layer(clips, training=True)))
    np.testing.assert_allclose(inside, outside, atol=2e-3)
    # And where the length is known, which is compiled.
    dataset = tf.data.Dataset.from_tensors(x).map(lambda clips: layer(clips, training=True))
    np.testing.assert_allclose(next(iter(dataset)), outside, atol=2e-3)


def test_several_at_once():
    layers = [audio.RandomGain((6, 6)), audio.PolarityInversion(probability=1), audio.TimeShift((0.1, 0.1))]
    expected = np.roll(-CLIPS * 10**0.3, 150, axis=1)
    np.testing.assert_allclose(numpy(audio.Compose(layers)(CLIPS)), expected, rtol=1e-4)


@pytest.mark.parametrize("layer", [audio.AddNoise(RECORDINGS), audio.Reverb(impulse_responses=IMPULSES)])
def test_arrays_are_saved(layer, tmp_path):
    model = keras.Sequential([keras.Input((1500,)), layer])
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras").layers[-1]
    key = "noise" if isinstance(layer, audio.AddNoise) else "impulse_responses"
    np.testing.assert_array_equal(getattr(loaded, key), getattr(layer, key))


# Bad input


def test_silence_has_no_ratio():
    x = CLIPS.copy()
    x[2] = 0
    with pytest.raises(ValueError, match=r"not silent.* 1 silent of 4 clips, first number 2"):
        audio.AddNoise()(x)


def test_silence_stays_in_a_graph():
    x = CLIPS.copy()
    x[2] = 0
    # What an op before makes silent is not known to be so when the batch comes.
    new = numpy(audio.Compose([audio.RandomGain(1), audio.TimeMask((1, 1), fade=0), audio.AddNoise()])(CLIPS))
    np.testing.assert_array_equal(new, np.zeros_like(CLIPS))
    tf = pytest.importorskip("tensorflow")
    layer = audio.AddNoise()
    (new,) = tf.data.Dataset.from_tensors(x).map(lambda x: layer(x, training=True)).as_numpy_iterator()
    np.testing.assert_array_equal(new[2], x[2])
    assert (new[[0, 1, 3]] != x[[0, 1, 3]]).any()


@pytest.mark.parametrize("layer", [audio.TimeStretch(), audio.PitchShift()])
def test_clips_shorter_than_a_frame(layer):
    with pytest.raises(ValueError, match=r"at least one frame, 1024 samples\. Received: clips of 300 samples"):
        layer(CLIPS[:, :300])


def test_nan():
    x = CLIPS.copy()
    x[1, 3] = np.nan
    with pytest.raises(ValueError, match="NaN or infinity in 1 of 4 samples, first in number 1"):
        audio.LowPass(RATE)(x)


@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (), (2, 0)])
def test_wrong_ranks(shape):
    with pytest.raises(ValueError, match="takes audio of shape"):
        audio.RandomGain()(np.ones(shape, "float32"))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: audio.LowPass(8000), r"`cutoff` must stay below half the sampling rate, 4000 Hz. Received: .*7500"),
        (lambda: audio.HighPass(RATE, (100, 8000)), "`cutoff` must stay below half the sampling rate"),
        (lambda: audio.BandPass(RATE, (200, 5000)), "`center` must stay below half the sampling rate.*up to 9975 Hz"),
        (lambda: audio.Reverb(), "neither"),
        (lambda: audio.AddNoise("pnik"), "Did you mean 'pink'"),
        (lambda: audio.AddNoise(np.zeros((2, 5))), r"no recording silent.*recordings \[0, 1\]"),
        (lambda: audio.Reverb(impulse_responses=np.ones(5)), r"\(clips, samples\).*shape \(5,\)"),
    ],
)
def test_bad_arguments(make, message):
    with pytest.raises(ValueError, match=message):
        make()
