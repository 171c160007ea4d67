"""Does `regularize` end with a better model than the bare template? Ten splits of four bundled tables.

KERAS_BACKEND=jax pytest tests/benchmarks/test_regularize_tables.py --benchmark -n0 -s
"""

import csv
import warnings

import pytest
from measuring import RESULTS, write_table
from sklearn import datasets

import keras_regkit as rk
from keras_regkit.studies.statistics import paired_difference

TABLES = ("breast_cancer", "wine", "digits", "diabetes")
SPLITS = 10
COLUMNS = ("table", "split", "winner", "template", "regularize", "difference", "low", "high", "verdict")


@pytest.mark.parametrize("table", TABLES)
def test_tables(table, tmp_path):
    bunch = getattr(datasets, f"load_{table}")(as_frame=True)
    frame = bunch.frame
    done = RESULTS / f"regularize-{table}.csv"
    rows = list(csv.DictReader(done.open())) if done.exists() else []
    for split in range(len(rows), SPLITS):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            decision = rk.regularize(
                frame,
                "target",
                # Seeds of different splits must not overlap: each split trains from seed to seed + 4.
                seed=100 * split,
                output=tmp_path / f"{table}-{split}",
                verbose=0,
            )
        score = decision.test
        values = (score.baseline, score.winner, score.difference, score.low, score.high)
        rows.append(
            dict(
                zip(COLUMNS, (table, split, decision.winner, *(f"{v:.5f}" for v in values), score.verdict), strict=True)
            )
        )
        write_table(f"regularize-{table}", rows)


def test_summary():
    summary = []
    for table in TABLES:
        rows = list(csv.DictReader((RESULTS / f"regularize-{table}.csv").open()))
        template, ours = ([float(r[key]) for r in rows] for key in ("template", "regularize"))
        d = paired_difference(ours, template)
        verdict = "better" if d.high < 0 else "worse" if d.low > 0 else "no difference shown"
        summary.append(
            {
                "table": table,
                "splits": len(rows),
                "template": f"{sum(template) / len(template):.4f}",
                "regularize": f"{sum(ours) / len(ours):.4f}",
                "difference": f"{d.mean:+.4f}",
                "95% interval": f"{d.low:+.4f} to {d.high:+.4f}",
                "splits better": sum(a < b for a, b in zip(ours, template, strict=True)),
                "splits worse": sum(a > b for a, b in zip(ours, template, strict=True)),
                "verdict": verdict,
            }
        )
    write_table("regularize", summary)
