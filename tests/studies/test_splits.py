import numpy as np
import pytest
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from keras_regkit.studies.split_data import SplitData
from keras_regkit.studies.splits import classes_of, groups_of, split_rows

RANDOM = np.random.default_rng(0)
CLASSES = np.repeat([0, 1, 2], [50, 23, 7])
GROUPS = RANDOM.integers(0, 17, 80)


def held_out(splits):
    return np.concatenate([s.test for s in splits])


@pytest.mark.parametrize("classes", [None, CLASSES], ids=["plain", "by class"])
@pytest.mark.parametrize("groups", [None, GROUPS], ids=["rows", "groups"])
def test_every_row_is_held_out_once_in_each_repeat(classes, groups):
    splits = split_rows(80, folds=4, repeats=2, classes=classes, groups=groups)
    assert [(s.repeat, s.fold) for s in splits] == [(r, f) for r in (1, 2) for f in (1, 2, 3, 4)]
    for repeat in (splits[:4], splits[4:]):
        assert sorted(held_out(repeat)) == list(range(80))
    for split in splits:
        assert sorted([*split.train, *split.test]) == list(range(80))
        if groups is not None:
            assert not set(groups[split.train]) & set(groups[split.test])
    assert any(set(a.test) != set(b.test) for a, b in zip(splits[:4], splits[4:], strict=True))


def test_folds_are_of_one_size_and_hold_their_share_of_each_class():
    splits = split_rows(80, folds=5, classes=CLASSES)
    assert {len(s.test) for s in splits} == {16}
    theirs = StratifiedKFold(5, shuffle=True, random_state=0).split(CLASSES, CLASSES)
    for split, (_, test) in zip(splits, theirs, strict=True):
        # As scikit-learn's: never more than one from the exact share.
        assert np.abs(np.bincount(CLASSES[split.test]) - np.bincount(CLASSES[test])).max() <= 1
        assert np.abs(np.bincount(CLASSES[split.test], minlength=3) - np.array([10, 4.6, 1.4])).max() < 1


def unevenness(tests):
    return np.mean([np.std([np.mean(CLASSES[t] == c) for t in tests]) for c in range(3)])


def test_groups_leave_the_classes_as_even_as_scikit_learn_does():
    ours, plain, theirs = [], [], []
    for seed in range(10):
        peer = StratifiedGroupKFold(4, shuffle=True, random_state=seed)
        by_class = split_rows(80, folds=4, classes=CLASSES, groups=GROUPS, seed=seed)
        ours.append(unevenness([s.test for s in by_class]))
        plain.append(unevenness([s.test for s in split_rows(80, folds=4, groups=GROUPS, seed=seed)]))
        theirs.append(unevenness([test for _, test in peer.split(CLASSES, CLASSES, GROUPS)]))
    assert np.mean(ours) < np.mean(plain)
    assert np.mean(ours) < 1.2 * np.mean(theirs)


def test_the_seed_decides():
    first, same, other = (split_rows(30, folds=3, seed=seed)[0].test.tolist() for seed in (1, 1, 2))
    assert first == same != other


@pytest.mark.parametrize(
    ("y", "stratify", "expected"),
    [
        ([1.0, 0.0, 1.0], "auto", [1, 0, 1]),
        ([[3], [5], [3]], "auto", [0, 1, 0]),
        (["a", "b", "a"], "auto", [0, 1, 0]),
        ([[0, 1], [1, 0], [0, 1]], "auto", [1, 0, 1]),
        ([0.5, 1.0, 2.0], "auto", None),
        ([[0.5, 1.0], [1.0, 2.0], [0.0, 0.0]], "auto", None),
        (list(range(30)), "auto", None),
        (list(range(30)), True, list(range(30))),
        ([0, 1, 0], False, None),
    ],
)
def test_classes_are_recognized(y, stratify, expected):
    found = classes_of(np.array(y), stratify)
    assert (found if found is None else found.tolist()) == expected


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: split_rows(3, folds=4), "`folds` must be at most the number of rows, 3"),
        (lambda: split_rows(9, folds=4, groups=np.repeat([0, 1, 2], 3)), "at most the number of groups, 3"),
        (lambda: split_rows(9, folds=1), r"`folds` must be in \[2"),
        (lambda: split_rows(9, folds=2, repeats=0), r"`repeats` must be in \[1"),
        (lambda: classes_of(np.array([0.5, 1.5]), True), "`stratify=True` needs classes"),
        (lambda: classes_of(np.array([0, 1]), "yes"), "`stratify` must be one of"),
        (lambda: groups_of([1, 2], 3), "one group for each of the 3 rows"),
    ],
)
def test_what_cannot_be_split_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_part_is_a_group_at_least():
    groups = np.repeat(np.arange(4), 6)
    data = SplitData(np.ones((24, 2)), np.ones((24, 1)), None, groups, False, None)
    most, some = data.part(np.arange(24), 0.1, 0)  # of which there would be ten
    assert len(most) == 18
    assert len(set(groups[some])) == 1
