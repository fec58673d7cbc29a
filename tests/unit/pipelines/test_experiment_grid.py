"""The nodes of the experiment grid that measure nothing."""

import pandas as pd
import pytest

from metallmix_kedro.history.columns import history_columns
from metallmix_kedro.pipelines.experiment_grid.nodes import join_history
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
