"""Rows of tables that are changed at random in training."""

from keras_regkit._core.checks import Interval
from keras_regkit.levers.lever import Lever

SWAP_NOISE = Lever(
    name="swap_noise",
    title="Swap noise",
    family="augmentation",
    strength="rate: the share of cells that are swapped",
    bounds=Interval(0, 1),
    strengths=(0.05, 0.15),
    equation="x_ic ← x_jc with probability rate, j ≠ i uniform",
    use_when="tables have columns of many kinds and scales, or an autoencoder learns from them",
    trade_off="combinations come up that there are not; small batches give from few rows",
    interactions=(
        ("feature_dropout", "fills cells with one value, this one with another row's: one of the two"),
        ("mix_up", "blends whole rows with their labels"),
    ),
    source="Vincent et al. 2010, Stacked Denoising Autoencoders, section 3.3; as swaps M. Jahrer 2017, on Kaggle",
    usage="augmentation.tabular.SwapNoise(0.15)",
)

FEATURE_DROPOUT = Lever(
    name="feature_dropout",
    title="Feature dropout",
    family="augmentation",
    strength="rate: the share of cells that are filled",
    bounds=Interval(0, 1),
    strengths=(0.1, 0.3),
    equation="x_ic ← fill_c with probability rate",
    use_when="values will be missing later, or a model hangs on one column",
    trade_off="a fill value that also occurs tells nothing apart",
    interactions=(("dropout", "at the inputs scales what is left up, this one does not: one of the two"),),
    source="Vincent et al. 2010, Stacked Denoising Autoencoders, section 3.3",
    usage="augmentation.tabular.FeatureDropout(0.1, fill_value='mean', categorical=[3, 5])",
)

GAUSSIAN_JITTER = Lever(
    name="gaussian_jitter",
    title="Gaussian jitter",
    family="augmentation",
    strength="stddev: σ of the noise, in standard deviations of each column",
    bounds=Interval(0, closed="left"),
    strengths=(0.05, 0.1),
    equation="x_ic ← x_ic + σ s_c z, z ~ N(0, 1), in numeric columns",
    use_when="close numbers mean the same, and there are few rows",
    trade_off="thresholds that matter are blurred",
    interactions=(
        ("l2", "for linear models noise at the inputs is a penalty of this kind"),
        ("swap_noise", "both can be used; categories are for that one"),
    ),
    source="Bishop 1995, Training with Noise is Equivalent to Tikhonov Regularization, equation 3",
    usage="augmentation.tabular.GaussianJitter(0.05, categorical=[3, 5])",
)

CATEGORICAL_RESAMPLE = Lever(
    name="categorical_resample",
    title="Categorical resampling",
    family="augmentation",
    strength="rate: the share of categories that are drawn anew",
    bounds=Interval(0, 1),
    strengths=(0.05, 0.1),
    equation="x_ic ← v with probability rate, P(v) = frequency of v in column c",
    use_when="categories have many rare values, or are wrong at times",
    trade_off="the only column that tells classes apart is made noise, like any other",
    interactions=(
        ("swap_noise", "does so in numeric columns too: one of the two"),
        ("embedding_dropout", "drops a category wherever it stands, this one single cells"),
    ),
    source="Breiman 2001, Random Forests, section 10, where all of a column is permuted",
    usage="augmentation.tabular.CategoricalResample([3, 5], rate=0.1)",
)

MIXED_MIX_UP = Lever(
    name="mixed_mix_up",
    title="Mixup of mixed columns",
    family="augmentation",
    strength="α of the Beta distribution of the shares: small ones mix little",
    bounds=Interval(0, closed="neither"),
    strengths=(0.2, 0.8),
    equation="numbers λ x + (1 − λ) x′, categories x with probability λ, else x′, y ← λ y + (1 − λ) y′",
    use_when="a classifier of rows with categories is too sure of itself between the classes",
    trade_off="training metrics are of mixed rows, and low",
    interactions=(
        ("mix_up", "the same for numbers alone"),
        ("label_smoothing", "both soften the labels: use less of each"),
        ("manifold_mix_up", "blends embeddings of categories: one of the two"),
    ),
    source="Zhang et al. 2018, mixup, equation 1; Yun et al. 2019, CutMix, equation 1, for categories",
    usage="augmentation.tabular.MixedMixUp(0.2, categorical=[3, 5], num_classes=2)",
)
