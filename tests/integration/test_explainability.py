"""The explainability pipeline, from a stored surrogate to tables, text and pictures."""

import pandas as pd
import pytest

from metallmix_kedro.support.errors import ArtifactError
from metallmix_kedro.surrogate.encoding import surrogate_features
from tests.conftest import save_history
from tests.workspace import Workspace

REPORTING = "08_reporting/accuracy"
TABLES = {
    "attributions": ["trial_id", "dataset", "base_value", *surrogate_features()],
    "attribution_by_value": ["feature", "value", "mean_contribution", "n_trials"],
    "attribution_correlations": ["feature", "pearson_r", "n"],
    "trial_top_features": ["trial_id", "rank", "feature", "value", "contribution"],
}
PICTURES = ("attribution_summary_plot", "backbone_attribution_plot")


def stored_bytes(workspace: Workspace) -> list[bytes]:
    paths = [workspace.latest(f"{REPORTING}/{name}.parquet") for name in TABLES]
    paths += [workspace.latest(f"{REPORTING}/attribution_text.txt")]
    paths += [workspace.data / REPORTING / f"{name}.png" for name in PICTURES]
    return [path.read_bytes() for path in paths]


@pytest.mark.parametrize("name", TABLES)
def test_tables_are_stored(fabricated: Workspace, name: str) -> None:
    table = pd.read_parquet(fabricated.latest(f"{REPORTING}/{name}.parquet"))
    assert list(table.columns) == TABLES[name]
    assert len(table)


def test_text_and_pictures_are_stored(fabricated: Workspace) -> None:
    text = fabricated.latest(f"{REPORTING}/attribution_text.txt").read_text()
    assert text.startswith("What the surrogate makes of 150 trials on 5 datasets")
    for name in PICTURES:
        assert (fabricated.data / REPORTING / f"{name}.png").read_bytes().startswith(b"\x89PNG")


def test_a_second_run_gives_the_same_bytes(fabricated: Workspace) -> None:
    before = stored_bytes(fabricated)
    fabricated.run("explainability")
    assert stored_bytes(fabricated) == before
    assert len(fabricated.versions(f"{REPORTING}/attributions.parquet")) == 2


def test_a_model_of_another_fit_is_refused(fabricated: Workspace) -> None:
    save_history(fabricated, seed=1)
    first = fabricated.versions("06_models/accuracy/score_model.json")[0]
    fabricated.run("meta_learning")
    with pytest.raises(ArtifactError, match="different fits"):
        fabricated.run("explainability", load_versions={"score_model": first})
