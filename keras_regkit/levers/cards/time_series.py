"""Series that are changed at random in training."""

from keras_regkit._core.checks import Interval
from keras_regkit.levers.lever import Lever

_UM = "Um et al. 2017, Data Augmentation of Wearable Sensor Data for Parkinson's Disease Monitoring, section 2.2"
_FROM_ZERO = Interval(0, closed="left")

JITTER = Lever(
    name="jitter",
    title="Jitter",
    family="augmentation",
    strength="stddev: σ of the noise, in units of the series",
    bounds=_FROM_ZERO,
    strengths=(0.03, 0.1),
    equation="x ← x + σ z, z ~ N(0, 1)",
    use_when="series come from noisy sensors, and are scaled to unit variance",
    trade_off="none if small; too much hides short events",
    interactions=(("scaling", "both, in a Compose: one noise per step, one per series"),),
    source=_UM,
    usage="augmentation.time_series.Jitter(0.03)",
)

SCALING = Lever(
    name="scaling",
    title="Scaling",
    family="augmentation",
    strength="stddev: σ of the factors around 1",
    bounds=_FROM_ZERO,
    strengths=(0.1, 0.2),
    equation="x_f ← s_f x_f, s_f ~ N(1, σ²) for each feature",
    use_when="the gain of sensors differs between devices and people",
    trade_off="harmful where the size of a series tells its class",
    interactions=(
        ("magnitude_warp", "the same with a factor that changes along the series: one of the two"),
        ("batch_norm", "normalizes over the batch, and so does not undo factors of single series"),
    ),
    source=_UM,
    usage="augmentation.time_series.Scaling(0.1)",
)

MAGNITUDE_WARP = Lever(
    name="magnitude_warp",
    title="Magnitude warping",
    family="augmentation",
    strength="stddev: σ of the factors at the knots of the curve",
    bounds=_FROM_ZERO,
    strengths=(0.1, 0.2),
    equation="x(t) ← s(t) x(t), s a cubic spline through factors N(1, σ²)",
    use_when="the gain of sensors drifts, or an activity is done with changing force",
    trade_off="harmful where the size of a series tells its class",
    interactions=(
        ("scaling", "the same with one factor for the whole series: one of the two"),
        ("time_warp", "both, in a Compose: one bends values, the other time"),
    ),
    source=_UM,
    usage="augmentation.time_series.MagnitudeWarp(0.2, knots=4)",
)

TIME_WARP = Lever(
    name="time_warp",
    title="Time warping",
    family="augmentation",
    strength="stddev: σ of the speeds at the knots of the curve",
    bounds=_FROM_ZERO,
    strengths=(0.1, 0.2),
    equation="x(t) ← x(τ(t)), τ′ ∝ a cubic spline through speeds N(1, σ²)",
    use_when="the same movement or event is quicker at one time than at another",
    trade_off="harmful where speed tells the class; smooths fast parts a little",
    interactions=(
        ("window_warp", "the same in one window, with hard edges: one of the two"),
        ("magnitude_warp", "both, in a Compose"),
    ),
    source=_UM,
    usage="augmentation.time_series.TimeWarp(0.2, knots=4)",
)

WINDOW_SLICE = Lever(
    name="window_slice",
    title="Window slicing",
    family="augmentation",
    strength="1 − ratio: the share of the series that is cut off",
    bounds=Interval(0, 1, closed="left"),
    strengths=(0.1, 0.3),
    equation="x(t) ← x(a + t (m − 1)/(n − 1)), m = ⌈r n⌉",
    use_when="what tells the class is found in any part of a series",
    trade_off="loses what happens at the ends; everything gets slower by 1/r",
    interactions=(("window_warp", "both change the speed: less of each"),),
    source="Le Guennec et al. 2016, Data Augmentation for Time Series Classification, section 3.1",
    usage="augmentation.time_series.WindowSlice(ratio=0.9)",
)

WINDOW_WARP = Lever(
    name="window_warp",
    title="Window warping",
    family="augmentation",
    strength="window_ratio: the share of the series that runs at half or twice the speed",
    bounds=Interval(0, 1, closed="right"),
    strengths=(0.1, 0.3),
    equation="x(t) ← x(σ(t)), σ at another speed within a window",
    use_when="a part of an event may take longer than it did",
    trade_off="harmful where speed tells the class",
    interactions=(
        ("time_warp", "the same with a smooth speed: one of the two"),
        ("window_slice", "both change the speed: less of each"),
    ),
    source="Le Guennec et al. 2016, Data Augmentation for Time Series Classification, section 3.2",
    usage="augmentation.time_series.WindowWarp(0.1, scales=(0.5, 2.0))",
)

PERMUTATION = Lever(
    name="permutation",
    title="Permutation of segments",
    family="augmentation",
    strength="segments: into how many a series is cut",
    bounds=Interval(1, closed="left", integer=True),
    strengths=(2, 4),
    equation="(s_1, …, s_k) ← (s_π(1), …, s_π(k))",
    use_when="what tells the class comes at any time within a window, as in activities cut out of long records",
    trade_off="destroys labels where order matters, and makes jumps between segments",
    interactions=(("time_warp", "keeps the order, where that matters: instead of this"),),
    source=_UM,
    usage="augmentation.time_series.Permutation(segments=4, min_length=10)",
)

ROTATION = Lever(
    name="rotation",
    title="Rotation of sensors",
    family="augmentation",
    strength="max_angle: the largest angle to either side, in degrees",
    bounds=Interval(0, 180),
    strengths=(30.0, 180.0),
    equation="x(t) ← x(t) R, R a random rotation of three axes",
    use_when="sensors of three axes may be worn in any way, or change their place",
    trade_off="gives up what gravity tells: use small angles where the way up matters",
    interactions=(
        ("scaling", "both, in a Compose"),
        ("random_rotation", "is for images"),
    ),
    source=_UM,
    usage='augmentation.time_series.Rotation("turn", max_angle=30)',
)

FREQUENCY_MASK = Lever(
    name="frequency_mask",
    title="Frequency mask",
    family="augmentation",
    strength="max_width: the largest share of the frequencies that is taken out",
    bounds=Interval(0, 1),
    strengths=(0.1, 0.3),
    equation="X_k ← 0 for k within a random band",
    use_when="series are periodic, and no single frequency should decide",
    trade_off="harmful where one frequency is all that tells the class",
    interactions=(("jitter", "adds to all frequencies what this takes from some: both can be used"),),
    source="Chen et al. 2023, FrAug: Frequency Domain Augmentation for Time Series Forecasting, section 3.2",
    usage="augmentation.time_series.FrequencyMask(0.2)",
)
