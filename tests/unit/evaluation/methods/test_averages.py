import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from metallmix_kedro.evaluation.methods.averages import known_averages, mean_ranks, relative_ranks


def trials(scores, dataset="a", source="measured"):
    return pd.DataFrame(
        {"dataset": dataset, "source": source, "proposer": "random", "relative_score": scores}
    )


def test_ranks_run_from_the_worst_to_the_best_and_equals_share_theirs():
    ranks = relative_ranks(trials([0.0, 0.9, 0.5, 0.5, 1.0]))
    assert ranks.tolist() == [0.0, 0.75, 0.375, 0.375, 1.0]


def test_what_has_no_score_has_no_rank_and_a_trial_alone_is_in_the_middle():
    table = pd.concat(
        [trials([np.nan, 0.2, 0.4]), trials([0.7], "b"), trials([0.1], source="published")],
        ignore_index=True,
    )
    ranks = relative_ranks(table)
    assert np.isnan(ranks[0])
    assert ranks[1:].tolist() == [0.0, 1.0, 0.5, 0.5]


@given(st.lists(st.floats(0, 1), min_size=2, max_size=12), st.floats(0.1, 5))
def test_ranks_do_not_change_with_the_scale_of_scores(scores, power):
    """A mean of ranks is of use where one dataset's scores crowd at the top."""
    plain = trials(np.round(scores, 3))
    bent = trials(np.round(scores, 3) ** power)
    if plain["relative_score"].nunique() == bent["relative_score"].nunique():
        assert relative_ranks(plain).equals(relative_ranks(bent))


def test_means_of_ranks_and_of_scores_can_disagree(task):
    """One trial far ahead on one dataset counts less among ranks."""
    by_rank = known_averages(task, mean_ranks)
    assert by_rank["mean_relative_score"].is_monotonic_decreasing
    assert not by_rank["mean_relative_score"].equals(known_averages(task)["mean_relative_score"])
