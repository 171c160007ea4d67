import gc
import logging
import weakref

import pytest
from tiny_studies import regressor, study


class Records(logging.Handler):
    def __init__(self):
        super().__init__()
        self.messages = []

    def emit(self, record):
        self.messages.append(record.getMessage())


def test_a_silent_study_says_nothing_and_keeps_no_models(capfd):
    records, built, alive = Records(), [], []

    def build():
        model = regressor()
        built.append(weakref.ref(model))
        return model

    def callbacks():
        logger.warning("5 out of the last 5 calls to <function f> triggered tf.function retracing.")
        gc.collect()
        alive.append(sum(ref() is not None for ref in built))
        return []

    logger = logging.getLogger("tensorflow")
    logger.addHandler(records)
    try:
        found = study(build, levers={"l2": [0.1], "early_stopping": [1]}, seeds=3, epochs=1, callbacks=callbacks)
        found.run(verbose=0)
    finally:
        logger.removeHandler(records)
    assert records.messages == []  # TensorFlow takes five variants for one function that is traced too often
    assert capfd.readouterr() == ("", "")
    assert len(alive) == 9
    # The one that trains and the one whose state it was given: not more with more variants.
    assert max(alive) <= 2
    gc.collect()
    assert not any(ref() for ref in built)


@pytest.mark.parametrize(
    ("verbose", "lines"), [("auto", "4/4 trials"), (1, "4/4 trials"), (2, "4/4 l2=0.1, seed 1: val_data_loss")]
)
def test_progress_is_printed(capsys, tmp_path, verbose, lines):
    from test_study_engine import Canned

    found = study(engine=Canned(), store=tmp_path)
    found.run(verbose=verbose)
    said = capsys.readouterr().out
    assert "study 'study': 4 trials to train\n" in said
    assert lines in said
    found.run(verbose=verbose)
    assert capsys.readouterr().out == ""
    study(engine=Canned(), store=tmp_path, seeds=3).run(verbose=verbose)
    assert "2 trials to train, 4 of 6 finished before" in capsys.readouterr().out
