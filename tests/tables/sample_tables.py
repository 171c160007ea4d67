"""Tables for the tests of this folder."""

import numpy as np
import pandas


def mixed_table(rows=60, seed=0):
    """Numbers with holes, booleans, categories with holes, an awkward name, and a target of two classes."""
    rng = np.random.default_rng(seed)
    frame = pandas.DataFrame(
        {
            "age": rng.normal(40, 12, rows).round(1),
            "km/h": rng.normal(1000, 3, rows),
            "member": rng.random(rows) < 0.5,
            "city": rng.choice(["Rome", "Oslo", "Kraków"], rows).astype(object),
            "plan": rng.choice(["a", "b"], rows).astype(object),
            "bought": rng.choice(["no", "yes"], rows),
        }
    )
    frame.loc[::7, "age"] = np.nan
    frame.loc[::9, "city"] = None
    frame.loc[3, "city"] = "Atlantis"
    return frame
