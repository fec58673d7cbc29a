import json

import numpy as np
import pandas as pd
import pytest

from metallmix_kedro.history import History
from metallmix_kedro.surrogate.checks.pictures import draw_predictions
from metallmix_kedro.surrogate.checks.report import baseline_pick, report


def test_figures_of_a_dataset_computed_by_hand(predictions, history):
    figures = report(predictions, History(history))["datasets"]["fabricated_1"]
    trials = predictions[predictions["dataset"] == "fabricated_1"]
    pick = trials.sort_values("predicted_relative_score").iloc[-1]
    assert figures["n_trials"] == len(trials)
    assert figures["surrogate"]["trial_id"] == pick["trial_id"]
    assert figures["surrogate"]["normalised_regret"] == pytest.approx(
        1 - pick["relative_score"], abs=1e-6
    )
    assert figures["surrogate"]["share_of_best"] == pytest.approx(
        pick["score"] / trials["score"].max(), abs=1e-6
    )
    assert figures["random"]["normalised_regret"] == pytest.approx(
        1 - trials["relative_score"].mean(), abs=1e-6
    )
    ranks = trials["predicted_relative_score"].rank().corr(trials["relative_score"].rank())
    assert figures["spearman"] == pytest.approx(ranks, abs=1e-6)
    # Intervals are to hold for the five that would be recommended.
    likely = trials.nlargest(5, "predicted_relative_score")
    inside = likely["score"].between(likely["predicted_score_low"], likely["predicted_score_high"])
    assert figures["coverage"]["score"] == pytest.approx(inside.mean(), abs=1e-6)


def test_the_picks_configuration_is_named(predictions, history):
    pick = report(predictions, History(history))["datasets"]["fabricated_0"]["surrogate"]
    backbone = history.set_index("trial_id").loc[pick["trial_id"], "backbone"]
    assert pick["configuration"].startswith(backbone)


def test_the_mean_counts_every_dataset_once(predictions, history):
    fewer = predictions.drop(index=predictions.index[predictions["dataset"] == "fabricated_0"][5:])
    result = report(fewer, History(history))
    regrets = [entry["surrogate"]["normalised_regret"] for entry in result["datasets"].values()]
    assert result["mean"]["surrogate"]["normalised_regret"] == pytest.approx(
        np.mean(regrets), abs=1e-6
    )


def test_the_surrogate_beats_chance_on_a_known_truth(predictions, history):
    mean = report(predictions, History(history))["mean"]
    assert mean["surrogate"]["normalised_regret"] < 0.2 < mean["random"]["normalised_regret"]
    assert mean["spearman"] > 0.9
    # With this few datasets the plain quantile is used: near the level, without a promise.
    assert 0.75 < mean["coverage"]["relative_score"] < 0.98


def test_without_shared_configurations_best_on_average_is_null(predictions, history):
    alone = predictions.assign(baseline_relative_score=np.nan, baseline_n_datasets=0)
    result = report(alone, History(history))
    assert result["datasets"]["fabricated_0"]["best_on_average"]["normalised_regret"] is None
    assert "normalised_regret" not in result["mean"]["best_on_average"]
    json.dumps(result, allow_nan=False)


def test_a_widely_measured_configuration_goes_before_a_lucky_one():
    trials = pd.DataFrame(
        {
            "trial_id": ["lucky", "steady", "worse", "new"],
            "baseline_relative_score": [1.0, 0.9, 0.5, np.nan],
            "baseline_n_datasets": [1, 4, 4, 0],
        }
    )
    assert baseline_pick(trials, n_datasets=6)["trial_id"] == "steady"
    assert baseline_pick(trials.head(1), n_datasets=6)["trial_id"] == "lucky"
    assert baseline_pick(trials.tail(1), n_datasets=6) is None


def test_equal_scores_have_no_rank_correlation(predictions, history):
    equal = predictions.assign(score=0.5, relative_score=0.5)
    result = report(equal, History(history))
    assert result["datasets"]["fabricated_0"]["spearman"] is None
    assert result["pooled"]["r2_score"] is None
    json.dumps(result, allow_nan=False)


def test_a_history_without_times_has_no_figures_of_them(predictions, history):
    times = [name for name in predictions if "training_time" in name]
    result = report(predictions.assign(**dict.fromkeys(times, np.nan)), History(history))
    assert result["datasets"]["fabricated_0"]["coverage"]["training_time_s"] is None
    json.dumps(result, allow_nan=False)


def test_each_dataset_has_a_panel(predictions, history, tmp_path):
    figure = draw_predictions(predictions, report(predictions, History(history)))
    titles = [panel.get_title() for panel in figure.axes]
    names = [title.splitlines()[0] for title in titles if title]
    assert names == sorted(history["dataset"].unique())
    figure.savefig(tmp_path / "plot.png")
