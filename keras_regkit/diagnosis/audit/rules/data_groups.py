"""Groups of rows that belong together."""

import numpy as np

from keras_regkit.diagnosis.audit.cannot_run import CannotRun
from keras_regkit.diagnosis.audit.rows import SPLITS
from keras_regkit.diagnosis.audit.rule import rule


@rule("RK617", family="data", title="A group in two splits", severity="error", needs=("groups",))
def group_in_two_splits(case):
    """Rows of one group (a patient, a customer, a video) are in two splits.

    Looked at where `groups=` says to which group each row belongs.

    Why: Rows of a group are alike in ways that others are not: the model recognizes the group, and the score tells
    nothing of groups that are new.

    Do: Split by group: `studies.cross_validate(groups=...)`, `regularize(group=...)`, scikit-learn's
    `GroupShuffleSplit`.

    Example: train and validation: groups in both 12, of 30, rows 48, share 0.4, the first ('p07', 'p11')

    Source: Saeb et al. 2017, "The Need to Approximate the Use-Case in Clinical Machine Learning".
    """
    given = [name for name in SPLITS if name in case.groups]
    if len(given) < 2:
        raise CannotRun("`groups` names one split only")
    for i, a in enumerate(given):
        for b in given[i + 1 :]:
            theirs = case.groups[b]
            shared = np.isin(theirs, case.groups[a])
            if not shared.any():
                continue
            names = np.unique(theirs[shared])
            yield case.finding(
                where=f"{a} and {b}",
                evidence={
                    "groups in both": len(names),
                    "of": len(np.unique(theirs)),
                    "rows": int(shared.sum()),
                    "share": float(shared.mean()),
                    "the first": names[:5].tolist(),
                },
                advice="Split by group, so that no group is in two splits.",
            )
