"""The nodes of the experiment grid that measure nothing."""

import json

import pandas as pd
import pytest
from matplotlib.text import Text

from metallmix_kedro.history.columns import history_columns
from metallmix_kedro.pipelines.experiment_grid.nodes import (
    draw_history,
    join_history,
    summarise_history,
)
from tests.fabricated import fabricate_history
from tests.trial_examples import grid_parameters
from tests.workspace import PROJECT


@pytest.mark.parametrize("joins", [True, False])
def test_a_history_is_gone_on_with_or_begun_anew(joins: bool) -> None:
    previous = fabricate_history(n_datasets=2, n_trials=10)
    published = pd.read_csv(PROJECT / "data/01_raw/published_outcomes.csv")
    nothing = pd.DataFrame(columns=list(history_columns()))
    how = grid_parameters(join_previous_history=joins)
    joined = join_history({}, nothing, previous, published, how)
    assert joined["source"].eq("measured").sum() == (20 if joins else 0)
    assert joined["source"].eq("published").sum() == len(published)


def test_what_is_kept_for_confirmation_is_not_shown() -> None:
    history = fabricate_history(n_datasets=3, n_trials=20)
    searches = {
        name: lambda name=name: {
            "dataset": name,
            "search": "random_search",
            "trial_ids": history.loc[history["dataset"] == name, "trial_id"].tolist(),
        }
        for name in ("fabricated_0", "fabricated_2")
    }
    methods = pd.read_csv(PROJECT / "data/01_raw/published_methods.csv")
    summary, comparison = summarise_history(history, searches, methods, ["fabricated_2"])
    assert summary.pop("held_back") == ["fabricated_2"]
    assert "fabricated_2" not in json.dumps(summary)
    assert comparison["dataset"].tolist() == ["fabricated_0"]
    for figure in draw_history(summary):
        shown = [text.get_text() for text in figure.findobj(Text)]
        assert not [text for text in shown if "fabricated_2" in text]
    everything, comparison = summarise_history(history, searches, methods, [])
    assert set(everything["winners"]) == set(history["dataset"])
    assert len(comparison) == 2
