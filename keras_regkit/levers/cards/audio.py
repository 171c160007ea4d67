"""Sound that is changed at random in training."""

from keras_regkit._core.checks import Interval
from keras_regkit.levers.lever import Lever

SPEC_AUGMENT = Lever(
    name="spec_augment",
    title="SpecAugment",
    family="augmentation",
    strength="num_time_masks and num_freq_masks: how many masks of either kind there are",
    bounds=Interval(0, integer=True),
    strengths=(1, 2),
    equation="x[:, f₀ : f₀ + f] = x[t₀ : t₀ + t, :] = 0, f ~ U{0, …, F}, t ~ U{0, …, T}; time is warped before",
    use_when="speech or other sound is learned from spectrograms: the first thing to try there",
    trade_off="it wants longer training, and turns overfitting into underfitting: larger models pay then",
    interactions=(
        ("random_erasing", "does the same to images, with boxes"),
        ("mix_up", "both can be used"),
    ),
    source="Park et al. 2019, SpecAugment, section 2 and table 1; Park et al. 2020, for the linear warp",
    usage="augmentation.audio.SpecAugment.from_policy('LD')",
)

RANDOM_GAIN = Lever(
    name="random_gain",
    title="Random gain",
    family="augmentation",
    strength="gain_db: how many decibels louder or softer clips become at most",
    bounds=Interval(0, 120),
    strengths=(6, 12),
    equation="x ↦ 10^(g/20) x, g ~ U(−strength, strength)",
    use_when="microphones and distances differ",
    trade_off="does nothing where clips are normalised afterwards; very soft clips drown in rounding",
    interactions=(("add_noise", "after it, so that the ratio to noise is what was asked for"),),
    source="Iver Jordal, audiomentations, Gain",
    usage="augmentation.audio.RandomGain(12)",
)

ADD_NOISE = Lever(
    name="add_noise",
    title="Noise on audio",
    family="augmentation",
    strength="probability: the share of clips that get noise",
    bounds=Interval(0, 1),
    strengths=(0.3, 0.8),
    equation="x ↦ x + √(P(x)/P(n)) 10^(−s/20) n, s ~ U(5, 40) dB",
    use_when="new clips come from noisy places: with recordings of such places above all",
    trade_off="at low ratios what tells soft classes apart is lost",
    interactions=(("reverb", "before it: rooms are not noisy themselves"),),
    source="Iver Jordal, audiomentations, AddGaussianSNR and AddBackgroundNoise",
    usage="augmentation.audio.AddNoise('pink', snr_db=(5, 40))",
)

TIME_SHIFT = Lever(
    name="time_shift",
    title="Time shift",
    family="augmentation",
    strength="shift: how far clips move at most, as a fraction of their length",
    bounds=Interval(0, 1),
    strengths=(0.1, 0.5),
    equation="y(n) = x(n − k), k = round(s · length), s ~ U(−strength, strength)",
    use_when="events are not always at the same place in a clip",
    trade_off="of little use to models that pool over time; words may be cut in two",
    interactions=(("random_translation", "does the same to images"),),
    source="Iver Jordal, audiomentations, Shift",
    usage="augmentation.audio.TimeShift(0.2)",
)

POLARITY_INVERSION = Lever(
    name="polarity_inversion",
    title="Polarity inversion",
    family="augmentation",
    strength="probability: the share of clips whose sign is turned",
    bounds=Interval(0, 1),
    strengths=(0.2, 0.5),
    equation="x ↦ −x",
    use_when="a model reads waveforms: it sounds the same",
    trade_off="none but that models of spectrograms without phase do not see it",
    interactions=(("add_noise", "both can be used, in any order"),),
    source="Iver Jordal, audiomentations, PolarityInversion",
    usage="augmentation.audio.PolarityInversion()",
)

TIME_STRETCH = Lever(
    name="time_stretch",
    title="Time stretch",
    family="augmentation",
    strength="how much faster or slower clips become at most: rates from 1 / (1 + s) to 1 + s",
    bounds=Interval(0, 3),
    strengths=(0.1, 0.25),
    equation="y(t) sounds like x(rate · t), by a phase vocoder",
    use_when="people speak, sing or play at other speeds",
    trade_off="takes longer than most ops; clicks lose their edge",
    interactions=(("pitch_shift", "the other half of a change of speed; use either at lower strength"),),
    source="Laroche and Dolson 1999, Improved Phase Vocoder Time-Scale Modification of Audio",
    usage="augmentation.audio.TimeStretch((0.8, 1.25))",
)

PITCH_SHIFT = Lever(
    name="pitch_shift",
    title="Pitch shift",
    family="augmentation",
    strength="semitones: how far clips move up or down at most",
    bounds=Interval(0, 12),
    strengths=(1, 4),
    equation="f ↦ 2^(s/12) f, s ~ U(−strength, strength)",
    use_when="voices and instruments of other pitch say the same",
    trade_off="formants move along, as with the sampling rate; takes longer than most ops",
    interactions=(("time_stretch", "the other half of a change of speed; use either at lower strength"),),
    source="Laroche and Dolson 1999, Improved Phase Vocoder Time-Scale Modification of Audio, section V",
    usage="augmentation.audio.PitchShift(4)",
)

REVERB = Lever(
    name="reverb",
    title="Reverb",
    family="augmentation",
    strength="probability: the share of clips that are put into rooms",
    bounds=Interval(0, 1),
    strengths=(0.3, 0.8),
    equation="y = a · h ∗ x, h measured, or noise that decays by 60 dB in T ~ U(0.15, 0.8) s",
    use_when="new clips come from rooms and farther away: with responses measured in such rooms above all",
    trade_off="long responses blur speech",
    interactions=(("add_noise", "after it: noise does not come from where the speaker is"),),
    source="Ko et al. 2017, A Study on Data Augmentation of Reverberant Speech for Robust Speech Recognition",
    usage="augmentation.audio.Reverb(sampling_rate=16000)",
)

LOW_PASS = Lever(
    name="low_pass",
    title="Low-pass filter",
    family="augmentation",
    strength="probability: the share of clips that are filtered",
    bounds=Interval(0, 1),
    strengths=(0.2, 0.5),
    equation="|H(f)|² = 1 / (1 + (W(f)/W(cutoff))²ⁿ)",
    use_when="new clips come over telephones or from worse microphones",
    trade_off="a low cut-off takes what tells hissing sounds apart",
    interactions=(
        ("high_pass", "by the other end"),
        ("random_gaussian_blur", "does the same to images"),
    ),
    source="Butterworth 1930, On the Theory of Filter Amplifiers",
    usage="augmentation.audio.LowPass(sampling_rate=16000, cutoff=(150, 7500))",
)

HIGH_PASS = Lever(
    name="high_pass",
    title="High-pass filter",
    family="augmentation",
    strength="probability: the share of clips that are filtered",
    bounds=Interval(0, 1),
    strengths=(0.2, 0.5),
    equation="|H(f)|² = 1 / (1 + (W(cutoff)/W(f))²ⁿ)",
    use_when="new clips come from small loudspeakers, or a model listens to hum",
    trade_off="a high cut-off takes the voice from its tone",
    interactions=(("low_pass", "by the other end"),),
    source="Butterworth 1930, On the Theory of Filter Amplifiers",
    usage="augmentation.audio.HighPass(sampling_rate=16000, cutoff=(20, 2400))",
)

BAND_PASS = Lever(
    name="band_pass",
    title="Band-pass filter",
    family="augmentation",
    strength="probability: the share of clips that are filtered",
    bounds=Interval(0, 1),
    strengths=(0.2, 0.5),
    equation="|H(f)|² of the low-pass filter of (W(f)² − W(a)W(b)) / (W(f)(W(b) − W(a)))",
    use_when="new clips come over radios and telephones",
    trade_off="narrow bands leave little to tell classes by",
    interactions=(
        ("low_pass", "is one of its two halves"),
        ("spec_augment", "takes bands out of spectrograms instead"),
    ),
    source="Butterworth 1930, On the Theory of Filter Amplifiers",
    usage="augmentation.audio.BandPass(sampling_rate=16000)",
)

CLIP_DISTORTION = Lever(
    name="clip_distortion",
    title="Clipping",
    family="augmentation",
    strength="percentile_threshold: the largest percentage of samples that are cut off",
    bounds=Interval(0, 100),
    strengths=(10, 40),
    equation="x ↦ min(max(x, P(p/2)), P(100 − p/2)), p ~ U(0, strength)",
    use_when="recordings are too loud for their microphones",
    trade_off="half of the largest percentages sounds unlike any good recording",
    interactions=(("random_gain", "cannot clip floats: this does"),),
    source="Iver Jordal, audiomentations, ClippingDistortion",
    usage="augmentation.audio.ClipDistortion(20)",
)

TIME_MASK = Lever(
    name="time_mask",
    title="Time mask on waveforms",
    family="augmentation",
    strength="band_part: the largest silent stretch, as a fraction of the clip",
    bounds=Interval(0, 1),
    strengths=(0.1, 0.3),
    equation="x(n) ↦ 0 for t₀ ≤ n < t₀ + ⌊b · length⌋, b ~ U(0, strength)",
    use_when="a model hangs on one moment of a clip",
    trade_off="a short event may be all that tells the class",
    interactions=(
        ("spec_augment", "does the same to spectrograms"),
        ("random_erasing", "does the same to images"),
    ),
    source="Park et al. 2019, SpecAugment, section 2",
    usage="augmentation.audio.TimeMask(0.2)",
)
