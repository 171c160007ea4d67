"""Every component keeps the public contract, on the active backend."""

import importlib
import inspect

import keras
import pytest
from instances import INSTANCES, LIKE_ANOTHER, OURS

from keras_regkit import testing

# Rooms whose public classes are components, as opposed to functions over models and plain records.
COMPONENT_ROOMS = (
    "augmentation.audio",
    "augmentation.image",
    "augmentation.mixing",
    "augmentation.tabular",
    "augmentation.text",
    "augmentation.time_series",
    "callbacks",
    "constraints",
    "layers",
    "losses",
    "optimizers",
    "regularizers",
    "training",
)
# Public classes of those rooms that are made by a component, and do not go into a model -> why no row checks them.
NO_COMPONENTS = {
    "EnsembleModel": "a finished model for predictions, made by SnapshotEnsemble; tests/callbacks has it",
    # The checks train models on every backend, and compare numbers. The same rules are in tests/augmentation.
    "SynonymReplacement": "takes strings, see test_text_strings",
    "RandomInsertion": "takes strings, see test_text_strings",
    "RandomSwap": "takes strings, see test_text_strings",
    "RandomDeletion": "takes strings, see test_text_strings",
    "KeyboardTypos": "takes strings, see test_text_strings",
    "BackTranslation": "takes strings, see test_text_strings",
    "NearestNeighbours": "a thesaurus for layers of strings, and no layer; see test_text_strings",
    "ArgosTranslator": "a function for BackTranslation, and no layer; see test_back_translation",
    "TransformersTranslator": "a function for BackTranslation, and no layer; see test_back_translation",
}


@pytest.fixture(scope="module")
def saved_models(tmp_path_factory):
    return testing.SavedModels(tmp_path_factory.mktemp("saved"))


def check(instance, saved_models):
    if instance.kind == "callback":
        testing.check_callback(instance.make(), exempt=instance.exempt, **instance.check)
        return
    check_kind = {
        "layer": testing.check_layer,
        "regularizer": testing.check_regularizer,
        "constraint": testing.check_constraint,
        "loss": testing.check_loss,
        "optimizer": testing.check_optimizer,
        "training": testing.check_training,
    }[instance.kind]
    check_kind(
        instance.make(),
        arguments=instance.arguments,
        fresh_process=saved_models,
        exempt=instance.exempt,
        **instance.check,
    )


HERE = [i for i in INSTANCES if i.everywhere or keras.backend.backend() == "tensorflow"]


@pytest.mark.every_case
@pytest.mark.filterwarnings("ignore:.*trained on labels without the column of `index_labels`")
# Behind a Dense layer, images are of no range; backends that compute eagerly see that.
@pytest.mark.filterwarnings("ignore:[\\s\\S]*and received images with values from")
@pytest.mark.parametrize("instance", HERE, ids=lambda i: i.id)
def test_instance_keeps_the_contract(instance, saved_models):
    check(instance, saved_models)


def test_saved_models_load_in_a_fresh_process(saved_models):
    # The tests above have filled it: one process for all of them.
    saved_models.check()


@pytest.mark.parametrize("instance", [i for i in OURS if i.ranges], ids=lambda i: i.id)
def test_bad_arguments_are_refused(instance):
    testing.check_bad_arguments(instance.factory, instance.ranges, **instance.arguments)


@pytest.mark.parametrize("instance", OURS, ids=lambda i: i.id)
def test_ranges_name_arguments_that_exist(instance):
    unknown = set(instance.ranges or ()) - set(inspect.signature(instance.factory).parameters)
    assert not unknown, f"ranges of arguments that {instance.factory.__name__} does not take: {unknown}"


def without_instance(classes, instances):
    """Returns the names of the classes that no instance is made of."""
    covered = {instance.factory for instance in instances}
    return [f"{cls.__module__}.{cls.__name__}" for cls in classes if cls not in covered]


def component_classes():
    for room in COMPONENT_ROOMS:
        module = importlib.import_module(f"keras_regkit.{room}")
        named = (getattr(module, name) for name in module.__all__ if name not in NO_COMPONENTS)
        yield from filter(inspect.isclass, named)


def test_every_component_has_an_instance():
    assert not without_instance(component_classes(), OURS)


def test_a_component_without_instance_is_found():
    class Forgotten:
        pass

    assert without_instance([Forgotten, OURS[0].factory], OURS) == [f"{__name__}.Forgotten"]


def test_ids_are_unique():
    ids = [instance.id for instance in INSTANCES]
    assert len(ids) == len(set(ids))


def test_rows_that_are_like_another_one_leave_that_one():
    assert set(LIKE_ANOTHER) <= {instance.id for instance in INSTANCES}
    everywhere = {instance.factory for instance in OURS if instance.everywhere}
    alone = {instance.factory for instance in OURS if instance.id in LIKE_ANOTHER}
    assert alone <= everywhere
