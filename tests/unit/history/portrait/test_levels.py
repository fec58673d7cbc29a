"""A history in which full fine-tuning overtakes frozen features once there are images enough."""

import json

import numpy as np
import pandas as pd
import pytest

from metallmix_kedro.history.portrait.levels import compare_levels
from metallmix_kedro.history.portrait.pictures import plot_levels
from metallmix_kedro.history.portrait.summary import summarise_history
from tests.fabricated import fabricate_history

WORTH = {"feature_extraction": (0.60, 0.70), "full": (0.50, 0.85)}


@pytest.fixture(scope="module")
def history() -> pd.DataFrame:
    drawn = fabricate_history(n_datasets=3, n_trials=40)
    rng = np.random.default_rng(0)
    parts = []
    for place, (level, n_train) in enumerate((("100", 80.0), ("all", 800.0))):
        part = drawn.assign(level=level, n_train=n_train, trial_id=level + "-" + drawn["trial_id"])
        full = part["strategy"] == "full"
        worth = np.where(full, WORTH["full"][place], WORTH["feature_extraction"][place])
        part["strategy"] = np.where(full, "full", "feature_extraction")
        part["test_accuracy"] = worth + rng.normal(0, 0.01, len(part))
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def test_a_strategy_overtakes_where_it_was_made_to(history):
    found = compare_levels(history)
    expected = {"level": "all", "n_train": 800.0, "by": "full", "led": "feature_extraction"}
    assert found["overtaken"] == dict.fromkeys(found["curves"], expected)
    curve = found["curves"]["fabricated_1"]["full"]
    assert curve["100"]["best_on_average"] == pytest.approx(0.5, abs=0.04)
    assert curve["all"]["n_train"] == 800


def test_rankings_turn_round_and_noise_is_told(history):
    found = compare_levels(history)
    assert set(found["spearman"]) == set(found["curves"])
    assert all(of["100"] < 0 for of in found["spearman"].values())
    assert set(found["importance"]) == set(found["similarity"]) == {"100", "all"}
    assert {(row["level"], row["strategy"]) for row in found["noise"]} == {
        (level, strategy) for level in ("100", "all") for strategy in WORTH
    }
    json.dumps(found, allow_nan=False)


def test_without_levels_there_is_nothing_to_compare(history):
    before = history.drop(columns=["level", "n_train"])
    assert compare_levels(before) == {}
    empty = plot_levels(summarise_history(before)).axes[0].texts[0].get_text()
    assert "how many images trained it" in empty


def test_each_dataset_has_a_panel_with_a_curve_a_strategy(history):
    figure = plot_levels(summarise_history(history))
    titled = [axes for axes in figure.axes if axes.get_title()]
    assert [axes.get_title() for axes in titled] == ["fabricated_0", "fabricated_1", "fabricated_2"]
    assert {len(axes.lines) for axes in titled} == {2}
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [*WORTH]
