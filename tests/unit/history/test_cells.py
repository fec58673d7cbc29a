"""Trials as numbers: what is taken over all of them equals the plain way."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from metallmix_kedro.history.cells import coded, draw_evenly
from tests.fabricated import fabricate_history


def test_coded_trials_hold_the_same_values():
    history = fabricate_history(2, 5)
    codes = coded(history)
    words = [name for name in codes if isinstance(codes[name].dtype, pd.CategoricalDtype)]
    assert {"dataset", "modality", "backbone", "learning_rate"} <= set(words)
    assert coded(codes) is codes
    back = codes.astype({name: history[name].dtype for name in words})
    pd.testing.assert_frame_equal(back, history)


@given(st.lists(st.integers(1, 30), min_size=1, max_size=8), st.integers(1, 60), st.integers(0, 9))
def test_a_draw_takes_as_many_of_each_dataset_as_it_can(sizes, count, seed):
    datasets = pd.Series(np.repeat([f"d{n}" for n in range(len(sizes))], sizes))

    drawn = draw_evenly(datasets, count, seed)

    assert len(drawn) == min(count, len(datasets))
    assert (np.diff(drawn) > 0).all()
    taken = datasets.iloc[drawn].value_counts()
    for name, size in datasets.value_counts().items():
        # One that gives less than the fullest by more than one has no more to give.
        assert taken.get(name, 0) in (size, taken.max(), taken.max() - 1)
    assert np.array_equal(drawn, draw_evenly(datasets, count, seed))
