"""What an audit finds: thirty sound models, mistakes seeded one at a time, and how long it takes.

pytest tests/benchmarks/test_audit.py --benchmark -n0 -s    (a few minutes)
"""

import collections
import statistics
import time

import keras
from audit_bugs import BUGS, FORMS, sound
from audit_clean_models import CLEAN
from keras import layers
from measuring import write_table

from keras_regkit._core.tracking import all_layers
from keras_regkit.diagnosis import audit, audit_rules


def serious(found):
    return [finding for finding in found.findings if finding.severity != "note"]


def test_clean_models():
    rows = []
    for name, make in CLEAN.items():
        keras.utils.set_random_seed(0)
        case = make()
        start = time.perf_counter()
        found = audit(**case)
        seconds = time.perf_counter() - start
        warned = collections.Counter(finding.id for finding in found.warnings)
        rows.append(
            {
                "model": name,
                "layers": len(all_layers(case["model"])),
                "rules that ran": len(found.checked),
                "errors": len(found.errors),
                "rules that warned": " ".join(sorted(warned)) or "-",
                "notes": " ".join(sorted({f.id for f in found.findings if f.severity == "note"})) or "-",
                "seconds": f"{seconds:.1f}",
            }
        )
        keras.utils.clear_session()
    write_table("audit-clean-models", rows)
    assert len(rows) >= 30
    assert all(row["errors"] == 0 for row in rows)


def test_seeded_bugs():
    # What a sound training sets off, which is nothing, is no fault of a bug.
    usual = {form: {f.id for f in serious(audit(**sound(form).build()))} for form in FORMS}
    counts = collections.defaultdict(
        lambda: {"seeded": 0, "found": 0, "other findings": 0, "others": set(), "bugs": set()}
    )
    for bug in BUGS:
        for number, form in enumerate(bug.forms):
            keras.utils.set_random_seed(number)
            parts = sound(form, seed=number)
            bug.before(parts)
            case = parts.build()
            bug.after(case)
            found = audit(**case)
            ids = {finding.id for finding in found.findings}
            others = {f.id for f in serious(found)} - {bug.rule, *bug.also} - usual[form]
            row = counts[bug.rule]
            row["seeded"] += 1
            row["found"] += bug.rule in ids
            row["other findings"] += len(others)
            row["others"] |= others
            row["bugs"].add(bug.name)
            if bug.rule not in ids or others:
                print(f"{bug.rule} {bug.name}, {form}: found {bug.rule in ids}, others {sorted(others)}", flush=True)
        keras.utils.clear_session()
    titles = {rule.id: rule.title for rule in audit_rules()}
    rows = [
        {
            "rule": id,
            "title": titles[id],
            "bugs": "; ".join(sorted(row["bugs"])),
            "seeded": row["seeded"],
            "found": row["found"],
            "others": f"{row['other findings']} ({' '.join(sorted(row['others']))})" if row["others"] else "0",
        }
        for id, row in sorted(counts.items())
    ]
    seeded, hits = (sum(row[key] for row in counts.values()) for key in ("seeded", "found"))
    others = sum(row["other findings"] for row in counts.values())
    rows.append(
        {
            "rule": "all",
            "title": f"recall {hits / seeded:.3f}, precision {hits / (hits + others):.3f}",
            "bugs": f"{len(BUGS)} bugs in up to {len(FORMS)} forms of model",
            "seeded": seeded,
            "found": hits,
            "others": others,
        }
    )
    write_table("audit-seeded-bugs", rows)
    print("sound trainings set off", usual)
    assert not any(usual.values())
    assert hits == seeded


def test_time_without_data():
    stack = [layers.Dense(64, activation="relu", kernel_regularizer="l2") for _ in range(50)]
    stack = [item for dense in stack for item in (dense, layers.Dropout(0.1))]
    model = keras.Sequential([keras.Input((64,)), *stack, layers.Dense(1)])
    model.compile("adam", "mse")
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        found = audit(model)
        seconds.append(time.perf_counter() - start)
    write_table(
        "audit-time",
        [
            {
                "model": f"{len(stack) + 1} layers, no data",
                "rules that ran": len(found.checked),
                "first call, s": f"{seconds[0]:.2f}",
                "median of the next four, s": f"{statistics.median(seconds[1:]):.2f}",
            }
        ],
    )
