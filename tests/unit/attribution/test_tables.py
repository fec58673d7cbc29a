"""The summaries of SHAP values."""

import warnings

import numpy as np
import pandas as pd
import pytest

from metallmix_kedro.attribution import tables
from metallmix_kedro.history import N_TRAIN
from metallmix_kedro.meta_features.probes.features import PROBE_FEATURES
from metallmix_kedro.support.errors import ArtifactError
from metallmix_kedro.surrogate.encoding import surrogate_features
from tests.fabricated import BACKBONE_EFFECT

UNKNOWN = (N_TRAIN, *PROBE_FEATURES)
"""Nobody probed the fabricated datasets, or told how many of their images train a network."""


@pytest.fixture(scope="module")
def by_value(attributions: pd.DataFrame, history: pd.DataFrame) -> pd.DataFrame:
    return tables.by_value(attributions, history)


def test_by_value_finds_the_truth_of_the_fabricated_history(by_value: pd.DataFrame) -> None:
    rows = by_value[by_value["feature"] == "backbone"].set_index("value")["mean_contribution"]
    best_first = sorted(BACKBONE_EFFECT, key=BACKBONE_EFFECT.__getitem__, reverse=True)
    assert rows.sort_values(ascending=False).index.tolist() == best_first
    rates = by_value[by_value["feature"] == "learning_rate"]
    assert rates["value"].tolist() == ["1e-5", "1e-4", "1e-3"]
    assert rates["mean_contribution"].is_monotonic_increasing


def test_by_value_is_the_mean_over_the_trials_that_have_it(
    by_value: pd.DataFrame, attributions: pd.DataFrame, history: pd.DataFrame
) -> None:
    trials = history.set_index("trial_id").loc[attributions["trial_id"]]
    has_it = (trials["optimizer"] == "sgd").to_numpy()
    row = by_value[(by_value["feature"] == "optimizer") & (by_value["value"] == "sgd")].iloc[0]
    assert row["n_trials"] == has_it.sum()
    assert row["mean_contribution"] == pytest.approx(attributions.loc[has_it, "optimizer"].mean())


def test_by_value_counts_each_trial_once_a_feature(
    by_value: pd.DataFrame, attributions: pd.DataFrame
) -> None:
    known = [name for name in surrogate_features() if name not in UNKNOWN]
    assert by_value["feature"].unique().tolist() == known
    assert (by_value.groupby("feature")["n_trials"].sum() == len(attributions)).all()
    weighted = by_value["mean_contribution"] * by_value["n_trials"]
    totals = weighted.groupby(by_value["feature"]).sum()
    np.testing.assert_allclose(totals[known], attributions[known].sum(), atol=1e-9)


def test_strategies_stand_in_their_order(by_value: pd.DataFrame) -> None:
    rows = by_value[by_value["feature"] == "strategy"]
    assert rows["value"].tolist() == ["feature_extraction", "last_10", "last_30", "full"]


def test_trials_without_the_value_do_not_count(
    attributions: pd.DataFrame, history: pd.DataFrame
) -> None:
    rows = history["dataset"] == "fabricated_3"
    partly = history.assign(image_width=history["image_width"].mask(rows))
    table = tables.by_value(attributions, partly)
    counted = table.loc[table["feature"] == "image_width", "n_trials"].sum()
    assert counted == (attributions["dataset"] != "fabricated_3").sum()


def test_correlations_have_the_sign_of_the_truth(
    attributions: pd.DataFrame, history: pd.DataFrame
) -> None:
    table = tables.correlations(attributions, history)
    assert list(table.columns) == ["feature", "pearson_r", "n"]
    r = table.set_index("feature")["pearson_r"]
    assert r["learning_rate"] > 0.8
    assert r.dropna().between(-1, 1).all()
    unknown = table["feature"].isin(UNKNOWN)
    assert (table.loc[~unknown, "n"] == len(attributions)).all()
    assert (table.loc[unknown, "n"] == 0).all()


def test_what_never_changes_has_no_correlation_and_gives_no_warning(
    attributions: pd.DataFrame, history: pd.DataFrame
) -> None:
    constant = history.assign(batch_size=32.0, image_width=None)
    unused = attributions.assign(dropout=0.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = tables.correlations(unused, constant).set_index("feature")
    assert table.loc[["batch_size", "image_width", "dropout"], "pearson_r"].isna().all()
    assert table.loc["image_width", "n"] == 0


def test_top_features_are_the_three_largest(
    attributions: pd.DataFrame, history: pd.DataFrame
) -> None:
    table = tables.top_features(attributions, history)
    rows = history.set_index("trial_id")
    for trial_id, top in table.groupby("trial_id"):
        own = (
            attributions.set_index("trial_id")
            .loc[trial_id, list(surrogate_features())]
            .astype(float)
        )
        assert top["rank"].tolist() == [1, 2, 3]
        largest = own.abs().nlargest(3)
        np.testing.assert_allclose(top["contribution"].abs(), largest)
        np.testing.assert_allclose(top["contribution"], own[top["feature"]])
        backbone = top.loc[top["feature"] == "backbone", "value"]
        assert (backbone == rows.loc[trial_id, "backbone"]).all()


def test_an_unknown_value_is_said_to_be_so(
    attributions: pd.DataFrame, history: pd.DataFrame
) -> None:
    strong = attributions.assign(modality=9.0)
    table = tables.top_features(strong, history.assign(modality=None))
    assert (table.loc[table["rank"] == 1, "value"] == "unknown").all()


def test_attributions_of_another_history_are_refused(
    attributions: pd.DataFrame, history: pd.DataFrame
) -> None:
    other = history[history["trial_id"] != "fabricated_2-00007"]
    with pytest.raises(ArtifactError, match="'fabricated_2-00007'"):
        tables.top_features(attributions, other)
