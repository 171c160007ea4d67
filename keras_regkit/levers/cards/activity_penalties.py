"""Penalties on what the hidden layers put out."""

import keras

from keras_regkit._core.checks import Interval
from keras_regkit.levers.cards.penalize import penalize_activities
from keras_regkit.levers.lever import Lever
from keras_regkit.regularizers import ActivityL2, Decorrelation, KLSparsity, TemporalActivityL2


def _is_sigmoid(layer):
    return getattr(layer, "activation", None) is keras.activations.sigmoid


def _is_recurrent(layer):
    # SimpleRNN takes an activity regularizer and forgets it; states are no outputs over time.
    return isinstance(layer, keras.layers.GRU | keras.layers.LSTM) and not layer.return_state


KL_SPARSITY = Lever(
    name="kl_sparsity",
    title="KL sparsity of activations",
    family="penalty",
    strength="λ, per unit of Σ KL(ρ ‖ mean activation), ρ = 0.05, added to the loss",
    bounds=Interval(0),
    strengths=(1e-3, 1e-2),
    equation="loss + λ Σ_j KL(ρ ‖ ρ̂_j), ρ̂_j the mean activation of unit j over the batch",
    use_when="few units shall be active for each example, as in the code of an autoencoder with sigmoid outputs",
    trade_off="for outputs between 0 and 1 only; a mean over a tiny batch is noise",
    interactions=(
        ("dropout", "raises the noise of the mean activations"),
        ("l1", "acts on the weights: they can be sparse where the activations are not"),
    ),
    source="Ng 2011, Sparse Autoencoder (CS294A lecture notes), section 3",
    rewrite=lambda model, strength: penalize_activities(model, lambda s, layer: KLSparsity(s), strength, _is_sigmoid),
    usage='Dense(64, "sigmoid", activity_regularizer=KLSparsity(0.01, rho=0.05))',
)

DECORRELATION = Lever(
    name="decorrelation",
    title="Decorrelation of units (DeCov)",
    family="penalty",
    strength="λ, per unit of ½ Σ C_ij² over different units of a layer, added to the loss",
    bounds=Interval(0),
    strengths=(1e-3, 1e-2),
    equation="loss + λ/2 (‖C‖²_F − ‖diag C‖²), C the covariance of the units over the batch",
    use_when="wide dense layers learn the same thing many times over, on little data",
    trade_off="a covariance over a small batch is noise; costs units² per example",
    interactions=(
        ("dropout", "the same aim by noise; the paper finds that the two together do better than either"),
        ("batch_norm", "sets each unit's variance, which this one leaves alone"),
    ),
    source="Cogswell et al. 2016, Reducing Overfitting in Deep Networks by Decorrelating Representations, eq. 2",
    rewrite=lambda model, strength: penalize_activities(
        model, lambda s, layer: Decorrelation(s), strength, lambda layer: isinstance(layer, keras.layers.Dense)
    ),
    usage='Dense(64, "relu", activity_regularizer=Decorrelation(0.01))',
)

ACTIVITY_L2 = Lever(
    name="activity_l2",
    title="Activation regularization (AR)",
    family="penalty",
    strength="α, per unit of the mean squared output of the recurrent layers, added to the loss",
    bounds=Interval(0),
    strengths=(1.0, 2.0),
    equation="loss + α · mean(h²)",
    use_when="a recurrent network overfits, its hidden states growing large",
    trade_off="too much of it empties the state; counts masked steps too",
    interactions=(
        ("temporal_activity_l2", "the pair of the paper"),
        ("dropout", "the paper penalizes what dropout left: set it on that layer then"),
        ("l2", "acts on the weights: together they pull twice"),
    ),
    source="Merity et al. 2017, Revisiting Activation Regularization for Language RNNs, section 3.1",
    rewrite=lambda model, strength: penalize_activities(model, lambda s, layer: ActivityL2(s), strength, _is_recurrent),
    usage="LSTM(64, return_sequences=True, activity_regularizer=ActivityL2(2.0))",
)

TEMPORAL_ACTIVITY_L2 = Lever(
    name="temporal_activity_l2",
    title="Temporal activation regularization (TAR)",
    family="penalty",
    strength="β, per unit of the mean squared change between steps of the recurrent layers' outputs, added to the loss",
    bounds=Interval(0),
    strengths=(0.5, 1.0),
    equation="loss + β · mean((h_{t+1} − h_t)²)",
    use_when="a recurrent network overfits, its hidden state jumping more than the data do",
    trade_off="slows the response to real jumps; counts masked steps too",
    interactions=(
        ("activity_l2", "the pair of the paper; a layer has one activity penalty: AR can go on the dropout after it"),
    ),
    source="Merity et al. 2017, Revisiting Activation Regularization for Language RNNs, section 3.2",
    rewrite=lambda model, strength: penalize_activities(
        model,
        lambda s, layer: TemporalActivityL2(s),
        strength,
        lambda layer: _is_recurrent(layer) and layer.return_sequences,
    ),
    usage="LSTM(64, return_sequences=True, activity_regularizer=TemporalActivityL2(1.0))",
)
