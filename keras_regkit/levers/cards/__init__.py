"""One card per technique. Their order is the workflow's: cheap and safe levers first."""

from keras_regkit.levers.cards.activity_penalties import ACTIVITY_L2, DECORRELATION, KL_SPARSITY, TEMPORAL_ACTIVITY_L2
from keras_regkit.levers.cards.audio import (
    ADD_NOISE,
    BAND_PASS,
    CLIP_DISTORTION,
    HIGH_PASS,
    LOW_PASS,
    PITCH_SHIFT,
    POLARITY_INVERSION,
    RANDOM_GAIN,
    REVERB,
    SPEC_AUGMENT,
    TIME_MASK,
    TIME_SHIFT,
    TIME_STRETCH,
)
from keras_regkit.levers.cards.averaging import EMA, GREEDY_SOUP, SNAPSHOT_ENSEMBLE, SWA, TOP_K_AVERAGING
from keras_regkit.levers.cards.batch_norm import BATCH_NORM
from keras_regkit.levers.cards.concave import HOYER, MCP, SCAD
from keras_regkit.levers.cards.concrete_dropout import CONCRETE_DROPOUT
from keras_regkit.levers.cards.constraints import (
    L1_BALL,
    L2_BALL,
    NM_SPARSITY,
    ORTHONORMAL,
    SIMPLEX,
    SPECTRAL_NORM_CAP,
    TOP_K_SPARSITY,
)
from keras_regkit.levers.cards.drop_block import DROP_BLOCK
from keras_regkit.levers.cards.drop_connect import DROP_CONNECT
from keras_regkit.levers.cards.dropout import DROPOUT
from keras_regkit.levers.cards.early_stopping import EARLY_STOPPING
from keras_regkit.levers.cards.embedding_dropout import EMBEDDING_DROPOUT
from keras_regkit.levers.cards.freeze import FREEZE
from keras_regkit.levers.cards.gradient_transforms import (
    ADAPTIVE_GRADIENT_CLIPPING,
    GRADIENT_CENTRALIZATION,
    GRADIENT_NOISE,
    LOOKAHEAD,
)
from keras_regkit.levers.cards.gradual_unfreezing import GRADUAL_UNFREEZING
from keras_regkit.levers.cards.group_sparsity import GROUP_LASSO, SPARSE_GROUP_LASSO
from keras_regkit.levers.cards.image_colours import (
    CHANNEL_MIX,
    COLOR_JITTER,
    RANDOM_BRIGHTNESS,
    RANDOM_CONTRAST,
    RANDOM_GRAYSCALE,
    RANDOM_HUE,
    RANDOM_SATURATION,
)
from keras_regkit.levers.cards.image_geometry import (
    RANDOM_AFFINE,
    RANDOM_CROP,
    RANDOM_FLIP,
    RANDOM_PERSPECTIVE,
    RANDOM_RESIZED_CROP,
    RANDOM_ROTATION,
    RANDOM_SHEAR,
    RANDOM_TRANSLATION,
    RANDOM_ZOOM,
)
from keras_regkit.levers.cards.image_pixels import (
    AUTO_CONTRAST,
    CUTOUT,
    EQUALIZE,
    GRID_MASK,
    RANDOM_ERASING,
    RANDOM_GAUSSIAN_BLUR,
    RANDOM_INVERT,
    RANDOM_POSTERIZE,
    RANDOM_SHARPNESS,
    RANDOM_SOLARIZE,
)
from keras_regkit.levers.cards.image_policies import AUG_MIX, AUTO_AUGMENT, RAND_AUGMENT, TRIVIAL_AUGMENT
from keras_regkit.levers.cards.label_smoothing import LABEL_SMOOTHING
from keras_regkit.levers.cards.layerwise_learning_rates import LAYERWISE_LEARNING_RATES
from keras_regkit.levers.cards.less_capacity import LESS_CAPACITY
from keras_regkit.levers.cards.locked_dropout import LOCKED_DROPOUT
from keras_regkit.levers.cards.many_passes import (
    GRADIENT_PENALTY,
    JACOBIAN_PENALTY,
    MANIFOLD_MIX_UP,
    R_DROP,
    VIRTUAL_ADVERSARIAL,
)
from keras_regkit.levers.cards.max_norm import MAX_NORM
from keras_regkit.levers.cards.mixing import CUT_MIX, MIX_UP, MIX_UP_CUT_MIX
from keras_regkit.levers.cards.monte_carlo_dropout import MONTE_CARLO_DROPOUT
from keras_regkit.levers.cards.noisy_labels import (
    BOOTSTRAPPING,
    CONFIDENCE_PENALTY,
    EARLY_LEARNING,
    GENERALIZED_CROSS_ENTROPY,
    JSD_CONSISTENCY,
    POLY_LOSS,
    SYMMETRIC_CROSS_ENTROPY,
)
from keras_regkit.levers.cards.normalization_layers import (
    FILTER_RESPONSE_NORMALIZATION,
    GHOST_BATCH_NORM,
    SPECTRAL_NORMALIZATION,
    WEIGHT_NORMALIZATION,
    WEIGHT_STANDARDIZATION,
)
from keras_regkit.levers.cards.patch_dropout import PATCH_DROPOUT
from keras_regkit.levers.cards.penalties import L1, L1_L2, L2
from keras_regkit.levers.cards.proximal import PROXIMAL
from keras_regkit.levers.cards.recalibrate_batch_norm import RECALIBRATE_BATCH_NORM
from keras_regkit.levers.cards.residual_noise import DROP_PATH, SHAKE_DROP, SHAKE_SHAKE, STOCHASTIC_DEPTH
from keras_regkit.levers.cards.sharpness import ADVERSARIAL_WEIGHT_PERTURBATION, ASAM, SAM, SAM_EVERY
from keras_regkit.levers.cards.singular_values import ORTHOGONAL, SPECTRAL_NORM_PENALTY
from keras_regkit.levers.cards.starting_points import L2_SP, WEIGHTED_L2
from keras_regkit.levers.cards.tabular import (
    CATEGORICAL_RESAMPLE,
    FEATURE_DROPOUT,
    GAUSSIAN_JITTER,
    MIXED_MIX_UP,
    SWAP_NOISE,
)
from keras_regkit.levers.cards.temperature_scaling import TEMPERATURE_SCALING
from keras_regkit.levers.cards.text import (
    BACK_TRANSLATION,
    KEYBOARD_TYPOS,
    RANDOM_DELETION,
    RANDOM_INSERTION,
    RANDOM_SWAP,
    SPAN_CUTOFF,
    SYNONYM_REPLACEMENT,
    TOKEN_DROPOUT,
    TOKEN_MASK,
    TOKEN_SWAP,
)
from keras_regkit.levers.cards.time_series import (
    FREQUENCY_MASK,
    JITTER,
    MAGNITUDE_WARP,
    PERMUTATION,
    ROTATION,
    SCALING,
    TIME_WARP,
    WINDOW_SLICE,
    WINDOW_WARP,
)
from keras_regkit.levers.cards.total_variation import TOTAL_VARIATION
from keras_regkit.levers.cards.weight_decay import WEIGHT_DECAY
from keras_regkit.levers.cards.weight_decay_policy import WEIGHT_DECAY_POLICY
from keras_regkit.levers.cards.word_dropout import WORD_DROPOUT
from keras_regkit.levers.cards.zoneout import ZONEOUT

CARDS = (
    EARLY_STOPPING,
    L2,
    BATCH_NORM,
    DROPOUT,
    WEIGHT_DECAY,
    MAX_NORM,
    LABEL_SMOOTHING,
    LESS_CAPACITY,
    L1,
    L1_L2,
    FREEZE,
    MONTE_CARLO_DROPOUT,
    RECALIBRATE_BATCH_NORM,
    L1_BALL,
    L2_BALL,
    SIMPLEX,
    SPECTRAL_NORM_CAP,
    ORTHONORMAL,
    NM_SPARSITY,
    TOP_K_SPARSITY,
    GHOST_BATCH_NORM,
    WEIGHT_NORMALIZATION,
    WEIGHT_STANDARDIZATION,
    SPECTRAL_NORMALIZATION,
    FILTER_RESPONSE_NORMALIZATION,
    GROUP_LASSO,
    SPARSE_GROUP_LASSO,
    ORTHOGONAL,
    SPECTRAL_NORM_PENALTY,
    L2_SP,
    WEIGHTED_L2,
    MCP,
    SCAD,
    HOYER,
    TOTAL_VARIATION,
    KL_SPARSITY,
    DECORRELATION,
    ACTIVITY_L2,
    TEMPORAL_ACTIVITY_L2,
    DROP_PATH,
    STOCHASTIC_DEPTH,
    DROP_BLOCK,
    DROP_CONNECT,
    CONCRETE_DROPOUT,
    LOCKED_DROPOUT,
    EMBEDDING_DROPOUT,
    WORD_DROPOUT,
    ZONEOUT,
    PATCH_DROPOUT,
    SHAKE_SHAKE,
    SHAKE_DROP,
    GRADUAL_UNFREEZING,
    SYMMETRIC_CROSS_ENTROPY,
    GENERALIZED_CROSS_ENTROPY,
    BOOTSTRAPPING,
    CONFIDENCE_PENALTY,
    POLY_LOSS,
    EARLY_LEARNING,
    JSD_CONSISTENCY,
    TEMPERATURE_SCALING,
    R_DROP,
    JACOBIAN_PENALTY,
    GRADIENT_PENALTY,
    VIRTUAL_ADVERSARIAL,
    MANIFOLD_MIX_UP,
    SAM,
    ASAM,
    SAM_EVERY,
    ADVERSARIAL_WEIGHT_PERTURBATION,
    EMA,
    SWA,
    TOP_K_AVERAGING,
    GREEDY_SOUP,
    SNAPSHOT_ENSEMBLE,
    PROXIMAL,
    WEIGHT_DECAY_POLICY,
    LOOKAHEAD,
    ADAPTIVE_GRADIENT_CLIPPING,
    GRADIENT_CENTRALIZATION,
    GRADIENT_NOISE,
    LAYERWISE_LEARNING_RATES,
    RANDOM_FLIP,
    RANDOM_ROTATION,
    RANDOM_ZOOM,
    RANDOM_TRANSLATION,
    RANDOM_SHEAR,
    RANDOM_PERSPECTIVE,
    RANDOM_CROP,
    RANDOM_RESIZED_CROP,
    RANDOM_AFFINE,
    RANDOM_BRIGHTNESS,
    RANDOM_CONTRAST,
    RANDOM_SATURATION,
    RANDOM_HUE,
    RANDOM_GRAYSCALE,
    COLOR_JITTER,
    CHANNEL_MIX,
    RANDOM_SHARPNESS,
    RANDOM_GAUSSIAN_BLUR,
    RANDOM_POSTERIZE,
    RANDOM_SOLARIZE,
    EQUALIZE,
    AUTO_CONTRAST,
    RANDOM_INVERT,
    RANDOM_ERASING,
    GRID_MASK,
    CUTOUT,
    RAND_AUGMENT,
    TRIVIAL_AUGMENT,
    AUTO_AUGMENT,
    AUG_MIX,
    MIX_UP,
    CUT_MIX,
    MIX_UP_CUT_MIX,
    JITTER,
    SCALING,
    MAGNITUDE_WARP,
    TIME_WARP,
    WINDOW_SLICE,
    WINDOW_WARP,
    PERMUTATION,
    ROTATION,
    FREQUENCY_MASK,
    SPEC_AUGMENT,
    RANDOM_GAIN,
    ADD_NOISE,
    TIME_SHIFT,
    POLARITY_INVERSION,
    TIME_STRETCH,
    PITCH_SHIFT,
    REVERB,
    LOW_PASS,
    HIGH_PASS,
    BAND_PASS,
    CLIP_DISTORTION,
    TIME_MASK,
    TOKEN_DROPOUT,
    SPAN_CUTOFF,
    TOKEN_SWAP,
    TOKEN_MASK,
    SYNONYM_REPLACEMENT,
    RANDOM_INSERTION,
    RANDOM_SWAP,
    RANDOM_DELETION,
    KEYBOARD_TYPOS,
    BACK_TRANSLATION,
    SWAP_NOISE,
    FEATURE_DROPOUT,
    GAUSSIAN_JITTER,
    CATEGORICAL_RESAMPLE,
    MIXED_MIX_UP,
)
