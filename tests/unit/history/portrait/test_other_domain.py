"""What a history looks like where backbone or strategy are not declared."""

import json
from typing import Any

import pandas as pd
import pytest

from metallmix_kedro.declared import Declaration, used
from metallmix_kedro.history.portrait.pictures import plot_winners
from metallmix_kedro.history.portrait.summary import summarise_history
from tests.declared_space import base_parameters
from tests.fabricated import fabricate_history


def without(*names: str, **shown: str) -> Declaration:
    """Declare what conf/base does but for some hyperparameters; show others otherwise."""
    base = base_parameters()
    space: dict[str, Any] = {**base["search_space"], **dict.fromkeys(names)}
    space |= {name: {**space[name], "shown": place} for name, place in shown.items()}
    return Declaration.from_parameters({**base, "search_space": space})


@pytest.fixture(scope="module")
def history() -> pd.DataFrame:
    return fabricate_history(n_datasets=3, n_trials=60)


def test_winners_are_by_what_is_left_in_the_title(history: pd.DataFrame) -> None:
    with used(without("strategy")):
        found = summarise_history(history.drop(columns="strategy"))
        json.dumps(found, allow_nan=False)
        won = found["winners"]["fabricated_0"]
        assert set(won) == {"best", "by_backbone"}
        assert set(won["best"]) == {"trial_id", "score", "backbone"}
        assert len(plot_winners(found).axes) == 2


def test_numbers_in_the_title_stand_in_their_order(history: pd.DataFrame) -> None:
    shown = {"learning_rate": "title", "batch_size": "title"}
    with used(without("backbone", "strategy", **shown)):
        found = summarise_history(history.drop(columns=["backbone", "strategy"]))
        won = found["winners"]["fabricated_0"]
        assert set(won["by_learning_rate"]) == {"1e-3", "1e-4", "1e-5"}
        assert won["best"]["learning_rate"] == "1e-3"
        rates, sizes, _ = plot_winners(found).axes
        assert [label.get_text() for label in rates.get_xticklabels()] == ["1e-5", "1e-4", "1e-3"]
        assert [label.get_text() for label in sizes.get_xticklabels()] == ["16", "32"]
        assert rates.get_title() == "By learning rate"


def test_without_a_title_or_its_values_the_picture_says_so(history: pd.DataFrame) -> None:
    with used(without("backbone", "strategy")):
        found = summarise_history(history.drop(columns=["backbone", "strategy"]))
        assert found["winners"] == {}
        [axes] = plot_winners(found).axes
        assert "history holds" in axes.texts[0].get_text()
    with used(without("backbone", "strategy", learning_rate="title")):
        unknown = history.drop(columns=["backbone", "strategy"]).assign(learning_rate=float("nan"))
        found = summarise_history(unknown)
        assert found["winners"]["fabricated_0"]["best"]["learning_rate"] is None
        [axes] = plot_winners(found).axes
        assert "history holds" in axes.texts[0].get_text()
