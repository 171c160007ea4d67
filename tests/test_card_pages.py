"""The pages of the levers are the cards, their pictures are of today's cards, and their examples run."""

import dataclasses

import card_pages
import pytest
from lever_cards.changes import changes
from lever_cards.examples import example, run
from lever_cards.stored import read

from keras_regkit import levers

# One of each kind of example; drawing a picture runs that of its card.
EXAMPLES = (
    "l2",  # set by `apply`
    "ema",  # callbacks
    "random_flip",
    "jitter",
    "spec_augment",
    "random_gain",
    "token_swap",
    "synonym_replacement",
    "back_translation",
    "swap_noise",
    "mixed_mix_up",
    "mix_up",
    "random_crop",
    "drop_path",
    "shake_shake",
    "sam",
    "freeze",
    "simplex",
    "filter_response_normalization",
    "word_dropout",
    "patch_dropout",
)


def test_the_pages_are_the_cards():
    written = {path.name: path.read_text() for path in card_pages.FOLDER.glob("*.md")}
    assert written == card_pages.pages(), "run `python tests/card_pages.py` to write the pages anew"


def test_the_pictures_are_of_todays_cards():
    marks = {card: read(card_pages.picture_path(card)).get("mark") for card in card_pages.cards()}
    old = [card.name for card, mark in marks.items() if mark != card_pages.mark(card)]
    assert not old, "run `python tests/card_pages.py --pictures` to draw them anew"
    kept = {path.stem for path in (card_pages.FOLDER / "pictures").glob("*")}
    assert kept == set(levers.names())


def test_every_picture_says_what_it_shows():
    for card in card_pages.cards():
        told = read(card_pages.picture_path(card))
        assert told["caption"].endswith("."), card.name
        assert bool(told.get("changes")) == bool(card.rewrite), card.name


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.filterwarnings("ignore::keras_regkit._core.warnings.DataWarning")
def test_examples_run(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = run(levers.get(name))
    assert {"model", "changed"} & set(names)


@pytest.mark.parametrize("name", levers.names())
def test_examples_are_whole(name):
    card = levers.get(name)
    code = example(card)
    compile(code, name, "exec")
    if not card.rewrite and not card.make_callbacks and name != "snapshot_ensemble":  # which runs fewer epochs
        assert card.usage.partition("  # ")[0].replace('"wordnet"', "thesaurus") in code


def test_a_change_of_a_card_is_seen():
    card = levers.get("l2")
    assert card_pages.mark(dataclasses.replace(card, strengths=(0.5,))) != card_pages.mark(card)


def test_what_an_example_changed_is_told():
    assert changes(run(levers.get("dropout"), 0.3)) == "`dropout_before_output` (Dropout) is new"
    assert changes(run(levers.get("label_smoothing"), 0.1)) == "the loss becomes `LabelSmoothing`"


def test_measured_effects_go_into_the_pages(tmp_path):
    path = tmp_path / "effects.csv"
    assert card_pages.read_effects(path) == {}
    path.write_text(
        "lever,task,metric,strength,seeds,effect,low,high\nl2,moons,accuracy,0.01,10,+0.012,+0.004,+0.020\n"
    )
    (row,) = card_pages.read_effects(path)["l2"]
    page = card_pages._page(levers.get("l2"), [row])
    assert "| moons | 0.01 | +0.012 | +0.004 to +0.020 |" in page
    assert "95% interval over 10 seeds" in " ".join(page.split())
    assert "Not measured yet" not in page
