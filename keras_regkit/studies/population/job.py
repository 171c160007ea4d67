"""What travels between the process that studies and the one that trains: plain records of plain arrays."""

import dataclasses

PROGRAMS = 8  # that a worker keeps, those that were used last


@dataclasses.dataclass(frozen=True)
class Member:
    """One training within a population.

    Args:
        variant: Name of the variant.
        seed: Seed of the order of rows.
        numbers: The values of the program's slots.
        weights: The initial values of trainable and other weights, in the model's order; the strengths of its loss
            last.
        optimizer: The initial values of the optimizer's variables; None where they are zeros.
        callbacks: Pickled list of the callbacks that watch this training.
    """

    variant: str
    seed: int
    numbers: tuple
    weights: tuple
    optimizer: tuple | None
    callbacks: bytes


@dataclasses.dataclass(frozen=True)
class Data:
    """The arrays of a study, sent to a worker once.

    Args:
        key: What tells these data from others.
        train, validation: `(x, y, sample_weight)` arrays.
        sample: The rows of `train` on which `data_loss` is measured.
    """

    key: str
    train: tuple
    validation: tuple
    sample: tuple


@dataclasses.dataclass(frozen=True)
class Job:
    """Trainings of models that differ in numbers, weights and seeds alone.

    Args:
        program: What the models have in common, as a short name: a worker compiles it once.
        model: The model as JSON.
        compiled: Its compile settings, as `get_compile_config` writes them.
        policy: The config of its dtype policy, by which Keras decides whether the loss is scaled.
        spared: Positions of the trainable weights that are left out of weight decay.
        loss: Serialized clean loss that all variants are evaluated with; None for the model's own without penalties.
        imports: Names of the modules that the model's classes live in.
        data_key: Key of the `Data`.
        members: The trainings.
        epochs, batch_size: As in `Study`.
        metric: What is compared, and known after each epoch if callbacks watch it.
        keep_weights: Whether final weights come back.
        floatx: Keras' default float type.
        width: Most members that are trained at once.
        memory: Bytes that they may take; what takes more is refused, unless it is one member for each device.
        together: Whether they train as one program; if not, one after the other with `fit`.
    """

    program: str
    model: str
    compiled: dict
    policy: dict
    spared: tuple
    loss: object
    imports: tuple
    data_key: str
    members: tuple
    epochs: int
    batch_size: int
    metric: str
    keep_weights: bool
    floatx: str
    width: int
    memory: int
    together: bool = True

    def without(self, done):
        """Returns the job without the members at the positions `done`."""
        left = (member for position, member in enumerate(self.members) if position not in done)
        return dataclasses.replace(self, members=tuple(left))


@dataclasses.dataclass(frozen=True)
class Finished:
    """What comes back of one member.

    Args:
        index: Position of the member in its job.
        record: The `Trial`, as a dict.
        weights: Final values of the model's weights, in the model's order; None unless they were asked for.
    """

    index: int
    record: dict
    weights: tuple | None
