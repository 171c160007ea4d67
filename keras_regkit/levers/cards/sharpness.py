"""Methods that look for flat minima: two passes a step, the second at weights that are perturbed."""

from keras_regkit._core.checks import Interval
from keras_regkit.levers.lever import Lever

SAM = Lever(
    name="sam",
    title="Sharpness-aware minimization (SAM)",
    family="sharpness",
    strength="ρ, length of the step uphill, in the units of the weights",
    bounds=Interval(0),
    strengths=(0.05, 0.1),
    equation="w ← w − lr ∇L(w + ε),  ε = ρ ∇L(w) / ‖∇L(w)‖₂",
    use_when="the training loss is near 0 and labels are noisy or few, and a step may take twice as long",
    trade_off="two passes a step; with batch normalization, its averages are those of the first; ρ must be found",
    interactions=(
        ("label_smoothing", "they add up: SAM is about the weights, smoothing about the targets"),
        ("weight_decay", "keep it: ρ is an absolute length, and weights that grow make it a small one"),
        ("asam", "the form whose ρ does not depend on the scale of the weights: use one of the two"),
    ),
    source="Foret et al. 2021, Sharpness-Aware Minimization for Efficiently Improving Generalization, eq. 2 and 3",
    usage="training.SAM(model, rho=0.05)",
)

ASAM = Lever(
    name="asam",
    title="Adaptive sharpness-aware minimization (ASAM)",
    family="sharpness",
    strength="ρ, length of the step uphill relative to the weights",
    bounds=Interval(0),
    strengths=(0.5, 1.0),
    equation="w ← w − lr ∇L(w + ε),  ε = ρ T² ∇L(w) / ‖T ∇L(w)‖₂,  T = |w| + η",
    use_when="as SAM, in models whose layers are of different scales",
    trade_off="two passes a step, and a second constant, η",
    interactions=(
        ("sam", "the same with an absolute length: use one of the two"),
        ("l1", "weights at 0 are moved by η alone"),
    ),
    source="Kwon et al. 2021, ASAM: Adaptive Sharpness-Aware Minimization, algorithm 1",
    usage="training.SAM(model, rho=0.5, adaptive=True)",
)

SAM_EVERY = Lever(
    name="sam_every",
    title="SAM at each k-th step",
    family="sharpness",
    strength="k: every how many steps there are two passes; at 1 it is SAM",
    bounds=Interval(1, integer=True),
    strengths=(2, 5),
    equation="w ← w − lr ∇L(w + ε) at steps 0, k, 2k, ...;  w ← w − lr ∇L(w) at those between",
    use_when="SAM helps, and takes too long",
    trade_off="costs (1 + 1/k) passes for a part of the effect; with XLA on a CPU convolutions are slow in it",
    interactions=(("sam", "what it is a cheaper form of; find ρ there"),),
    source="Liu et al. 2022, Towards Efficient and Scalable Sharpness-Aware Minimization, section 3 (SAM-k)",
    usage="training.SAM(model, rho=0.05, every=5)",
)

ADVERSARIAL_WEIGHT_PERTURBATION = Lever(
    name="adversarial_weight_perturbation",
    title="Adversarial weight perturbation (AWP)",
    family="sharpness",
    strength="γ: the perturbation's norm as a share of each kernel's",
    bounds=Interval(0),
    strengths=(5e-3, 1e-2),
    equation="w ← w − lr ∇L(w + ε),  ε_l = γ ‖w_l‖₂ ∇_l L(w) / ‖∇_l L(w)‖₂ for each kernel l",
    use_when="training on adversarial examples overfits; or as SAM, with one γ for layers of all scales",
    trade_off="two passes a step; no use before the model has learned something: warm γ up",
    interactions=(
        ("sam", "its relative with one length for all weights together: use one of the two"),
        ("batch_norm", "kernels before it have no scale of their own, so a share of their norm is the right measure"),
    ),
    source="Wu et al. 2020, Adversarial Weight Perturbation Helps Robust Generalization, section 4",
    usage="training.AdversarialWeightPerturbation(model, gamma=0.005)",
)
