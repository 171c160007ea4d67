"""Averages of weights over training, and ensembles of them."""

from keras_regkit._core.checks import Interval
from keras_regkit.callbacks import WeightAveraging
from keras_regkit.levers.lever import Lever

_STOPPING = (
    "early_stopping",
    "it stops on the average and restores the average of its best epoch, in any order of the callbacks",
)
_STATISTICS = (
    "batch_norm",
    "give `train`, so that the statistics are estimated anew for the averaged weights; without it this raises",
)

EMA = Lever(
    name="ema",
    title="Exponential moving average of weights",
    family="averaging",
    strength="decay: share of the old average at each step; it looks back over about 1 / (1 − decay) steps",
    bounds=Interval(0, 1, closed="left"),
    strengths=(0.99, 0.999),
    equation="θ ← θ + s (w − θ), s = 1 − min(decay, (1 + t) / (10 + t))",
    use_when="the validation loss is noisy from epoch to epoch, or the learning rate does not decay",
    trade_off="one copy of the weights; a decay too near 1 for a short training lags behind it",
    interactions=(
        _STOPPING,
        ("batch_norm", "statistics are averaged alike, or estimated anew where `train` is given"),
    ),
    source="Polyak & Juditsky 1992, Acceleration of Stochastic Approximation by Averaging; Morales-Brotons et al. 2024",
    make_callbacks=lambda decay, monitor, mode: [WeightAveraging("ema", decay=decay)],
)

SWA = Lever(
    name="swa",
    title="Stochastic weight averaging",
    family="averaging",
    strength="first epoch whose end is averaged, counted from 0; earlier ones smooth more",
    bounds=Interval(0, integer=True),
    strengths=(10,),
    equation="θ = 1/n Σ w_e over the ends of the epochs e from there on",
    use_when="training goes on at a constant, rather high learning rate, circling a flat region that the mean is in",
    trade_off="one copy of the weights; early epochs spoil the mean, and a decayed rate leaves nothing to average",
    interactions=(_STOPPING, _STATISTICS, ("ema", "the same with a memory that fades: use one of them")),
    source="Izmailov et al. 2018, Averaging Weights Leads to Wider Optima and Better Generalization, algorithm 1",
    make_callbacks=lambda start, monitor, mode: [WeightAveraging("swa", start_from_epoch=start)],
)

TOP_K_AVERAGING = Lever(
    name="top_k_averaging",
    title="Average of the best epochs",
    family="averaging",
    strength="k, number of epochs averaged, those with the best monitor; 1 is the best epoch alone",
    bounds=Interval(1, closed="left", integer=True),
    strengths=(5,),
    equation="θ = 1/k Σ w_e over the k epochs e with the best validation",
    use_when="several epochs are about equally good, as with language models and noisy validation",
    trade_off="k + 1 copies of the weights on the host, and each epoch is validated twice; validation takes part in it",
    interactions=(_STOPPING, _STATISTICS),
    source="Vaswani et al. 2017, Attention Is All You Need, section 6.1 (the last checkpoints); here the best ones",
    make_callbacks=lambda k, monitor, mode: [WeightAveraging("top-k", k=k, monitor=monitor, mode=mode)],
)

GREEDY_SOUP = Lever(
    name="greedy_soup",
    title="Greedy soup of epochs",
    family="averaging",
    strength="k, number of the best epochs it chooses from; 1 is the best epoch alone",
    bounds=Interval(1, closed="left", integer=True),
    strengths=(5,),
    equation="best first, w_e joins the mean if val(mean with w_e) is not worse than val(mean)",
    use_when="some of the good epochs may not mix, as after jumps of the learning rate: it leaves those out",
    trade_off="up to k validations per epoch, k + 1 copies of the weights on the host; it fits the validation set",
    interactions=(_STOPPING, _STATISTICS, ("top_k_averaging", "the same epochs, all of them: cheaper")),
    source="Wortsman et al. 2022, Model soups, recipe 1",
    make_callbacks=lambda k, monitor, mode: [WeightAveraging("greedy soup", k=k, monitor=monitor, mode=mode)],
)

SNAPSHOT_ENSEMBLE = Lever(
    name="snapshot_ensemble",
    title="Snapshot ensemble",
    family="averaging",
    strength="number of cycles of the learning rate, each of which leaves a member; 1 is a single cosine decay",
    bounds=Interval(1, closed="left", integer=True),
    strengths=(5,),
    equation="α(t) = α₀/2 (cos(π t / T) + 1) in each cycle of T steps; prediction = 1/M Σ f(x; w_m)",
    use_when="a few points more are worth M predictions per row, and there is time for one training only",
    trade_off="M sets of weights and M predictions per row; members are weaker than those of M full trainings",
    interactions=(
        ("ema", "snapshots are then taken of the average"),
        ("early_stopping", "would end it within a cycle: leave it out"),
    ),
    source="Huang et al. 2017, Snapshot Ensembles: Train 1, get M for free, equation 2",
    usage="model.fit(x, y, epochs=50, callbacks=[callbacks.SnapshotEnsemble(cycles=5)])",
)
