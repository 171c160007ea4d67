"""Training methods that take further passes of the model in a step."""

from keras_regkit._core.checks import Interval
from keras_regkit.levers.lever import Lever

R_DROP = Lever(
    name="r_drop",
    title="R-Drop",
    family="sharpness",
    strength="weight of the divergence between two passes",
    bounds=Interval(0, closed="left"),
    strengths=(0.5, 2.0),
    equation="L = (ℓ(y, p₁) + ℓ(y, p₂)) / 2 + α (KL(p₁ ‖ p₂) + KL(p₂ ‖ p₁)) / 2, p₁ and p₂ with other dropout masks",
    use_when="a classifier with dropout overfits, above all in the fine-tuning of a transformer",
    trade_off="a second pass in each step; too large a weight keeps the model from fitting",
    interactions=(
        ("dropout", "without it there is nothing to compare: both passes are the same"),
        ("monte_carlo_dropout", "passes are brought together, so their spread says less of what the model knows"),
        ("manifold_mix_up", "not both: of the two passes, one would be mixed"),
    ),
    source="Liang et al. 2021, R-Drop: Regularized Dropout for Neural Networks, equation 4",
    usage="training.RDrop(model, alpha=1.0)",
)

JACOBIAN_PENALTY = Lever(
    name="jacobian_penalty",
    title="Jacobian penalty",
    family="sharpness",
    strength="weight of the squared norm of the Jacobian of the logits",
    bounds=Interval(0, closed="left"),
    strengths=(1e-3, 1e-2),
    equation="L + λ/2 · mean ‖∂z/∂x‖², estimated from random directions",
    use_when="inputs are noisy, or shall be hard to attack, and are floats of a common scale",
    trade_off="two to four times the time of a step; makes the model less sensitive to what matters, too",
    interactions=(
        ("gradient_penalty", "penalizes the slope of the loss alone: one of the two is enough"),
        ("spectral_norm_penalty", "bounds the slope of each layer, whatever the inputs"),
    ),
    source="Hoffman et al. 2019, Robust Learning with Jacobian Regularization, equations 4 to 6",
    usage="training.JacobianPenalty(model, strength=0.01)",
)

GRADIENT_PENALTY = Lever(
    name="gradient_penalty",
    title="Input gradient penalty",
    family="sharpness",
    strength="weight of the squared norm of the gradient of the loss with respect to the inputs",
    bounds=Interval(0, closed="left"),
    strengths=(0.01, 0.1),
    equation="L + λ · mean ‖∂ℓ/∂x‖²",
    use_when="inputs are noisy, or shall be hard to attack, or their gradients shall say something to people",
    trade_off="two to four times the time of a step; vanishes for samples that are fitted well",
    interactions=(
        ("jacobian_penalty", "penalizes the slopes of all outputs: one of the two is enough"),
        ("batch_norm", "a sample's loss depends on the other inputs of the batch, whose slopes count along"),
    ),
    source="Drucker and LeCun 1992, Double Backpropagation, equation 4; Ross and Doshi-Velez 2018, equation 3",
    usage="training.GradientPenalty(model, strength=0.1)",
)

VIRTUAL_ADVERSARIAL = Lever(
    name="virtual_adversarial",
    title="Virtual adversarial training",
    family="sharpness",
    strength="length of the move of the inputs, in their units",
    bounds=Interval(0, closed="neither"),
    strengths=(0.5, 2.0),
    equation="L + mean KL(p(x) ‖ p(x + r)), r the move of length ε that changes p most",
    use_when="there are few labels, and inputs are floats of a common scale",
    trade_off="two to four times the time of a step; too long a move crosses into other classes",
    interactions=(
        ("jacobian_penalty", "the same for moves that are infinitely small, in all directions"),
        ("dropout", "all passes of a step have the same masks"),
        ("manifold_mix_up", "not both: of the two passes, one would be mixed"),
    ),
    source="Miyato et al. 2018, Virtual Adversarial Training, equations 5 to 12",
    usage="training.VirtualAdversarial(model, epsilon=1.0)",
)

MANIFOLD_MIX_UP = Lever(
    name="manifold_mix_up",
    title="Manifold mixup",
    family="targets",
    strength="α of the Beta distribution of the shares: small ones mix little",
    bounds=Interval(0, closed="neither"),
    strengths=(0.2, 2.0),
    equation="h ← λ h + (1 − λ) h_π at a random layer, L = λ ℓ(y) + (1 − λ) ℓ(y_π), λ ~ Beta(α, α)",
    use_when="a classifier is too sure of itself between the classes, or has noisy labels",
    trade_off="training metrics are of mixed samples, and low; it wants longer training",
    interactions=(
        ("label_smoothing", "both soften the labels: use less of each"),
        ("r_drop", "not both: of the two passes, one would be mixed"),
    ),
    source="Verma et al. 2019, Manifold Mixup, section 2 and equation 1",
    usage="training.ManifoldMixUp(model, alpha=2.0)",
)
