import numpy as np
import pytest

from metallmix_kedro.history import METRICS, SCORE
from metallmix_kedro.history.objective import MEASURES, with_score
from metallmix_kedro.history.relative import add_relative_score, has_score
from metallmix_kedro.support.errors import InputError
from tests.fabricated import fabricate_history


@pytest.mark.parametrize("objective", MEASURES)
def test_the_score_is_the_metric_of_the_objective(objective):
    history = fabricate_history(3, 8)
    history = history.assign(**{name: k / 10 for k, name in enumerate(METRICS)})
    scored = with_score(history, objective)
    assert set(scored[SCORE]) == {METRICS.index(MEASURES[objective].column) / 10}
    assert SCORE not in history
    assert scored.drop(columns=SCORE).equals(history)


def test_a_trial_without_the_metric_has_no_score_and_moves_no_range():
    history = fabricate_history(3, 8)
    history["test_f1"] = 1 - history["test_accuracy"]
    history.loc[0, ["source", "test_f1"]] = ["published", np.nan]
    by_f1 = with_score(history, "macro_f1")
    assert has_score(by_f1).tolist() == [False] + [True] * 23
    relative = add_relative_score(by_f1)["relative_score"]
    # What is best by one metric is worst by the other.
    accuracies = add_relative_score(with_score(history[1:], "accuracy"))["relative_score"]
    assert relative[1:].to_numpy() == pytest.approx(1 - accuracies.to_numpy())
    assert np.isnan(relative[0])


@pytest.mark.parametrize("known", [[], ["fabricated_1"]])
def test_too_few_datasets_with_the_metric_are_an_error_with_counts_and_mend(known):
    history = fabricate_history(3, 8)
    history.loc[~history["dataset"].isin(known), "test_rarest_recall"] = np.nan
    with pytest.raises(InputError) as caught:
        with_score(history, "rarest_class_recall")
    said = str(caught.value)
    for part in (
        "recall of the rarest class (test_rarest_recall)",
        f"24 finished trials {8 * len(known)} have it, on {len(known)} dataset",
        "kedro run --pipelines=experiment_grid",
        "accuracy, macro_f1",
    ):
        assert part in said


def test_two_datasets_with_the_metric_are_enough():
    history = fabricate_history(3, 8)
    history.loc[history["dataset"] == "fabricated_2", "test_rarest_recall"] = np.nan
    scored = with_score(history, "rarest_class_recall")
    assert scored[SCORE].notna().sum() == 16
