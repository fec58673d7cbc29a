from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metallmix_kedro.history.comparable import comparable_trials
from metallmix_kedro.history.portrait.winners import expected_best, find_winners
from tests.made_history import made_history

SCORES = st.lists(st.floats(0, 1), min_size=1, max_size=7)


@given(SCORES, st.data())
def test_expected_best_is_the_mean_over_all_draws(scores, data):
    n_tries = data.draw(st.integers(1, len(scores)))
    draws = [max(draw) for draw in combinations(scores, n_tries)]
    assert expected_best(np.array(scores), n_tries) == pytest.approx(np.mean(draws), abs=1e-9)


def test_who_was_tried_more_often_has_no_advantage():
    often = [{"backbone": "often", "strategy": "full", "test_accuracy": s} for s in (0.2, 0.4, 0.9)]
    once = [{"backbone": "once", "strategy": "full", "test_accuracy": 0.6}]
    found = find_winners(comparable_trials(made_history(often + once)))["d"]
    assert found["best"] == {
        "trial_id": "t0002", "score": 0.9, "backbone": "often", "strategy": "full",
    }  # fmt: skip
    assert found["by_backbone"]["often"] == {
        "n": 3, "best": 0.9, "expected_best": 0.5, "n_tries": 1,
    }  # fmt: skip
    assert found["by_backbone"]["once"]["expected_best"] == pytest.approx(0.6)


def test_imported_trials_without_a_strategy_compare_backbones_only():
    rows = [{"backbone": name, "source": "imported", "proposer": "import:x", "test_accuracy": 0.5}
            for name in ("one", "two")]  # fmt: skip
    found = find_winners(comparable_trials(made_history(rows)))["d (import:x)"]
    assert set(found["by_backbone"]) == {"one", "two"}
    assert found["by_strategy"] == {}
    assert found["best"]["strategy"] is None
