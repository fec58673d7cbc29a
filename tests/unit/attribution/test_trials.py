"""SHAP values of every trial."""

import numpy as np
import pandas as pd
import pytest
import shap

from metallmix_kedro.attribution.trials import attribute_trials
from metallmix_kedro.support.errors import InputError
from metallmix_kedro.surrogate.encoding import surrogate_features
from metallmix_kedro.surrogate.model import Surrogate

EXPLAINED = ["base_value", *surrogate_features()]


def test_a_row_for_each_finished_trial_with_known_configuration(
    attributions: pd.DataFrame, history: pd.DataFrame
) -> None:
    assert list(attributions.columns) == ["trial_id", "dataset", *EXPLAINED]
    left_out = {"fabricated_0-00000", "fabricated_0-00001", "published-0"}
    assert set(attributions["trial_id"]) == set(history["trial_id"]) - left_out


def test_they_equal_what_shap_says(
    attributions: pd.DataFrame, surrogate: Surrogate, history: pd.DataFrame
) -> None:
    trials = history.set_index("trial_id").loc[attributions["trial_id"]]
    encoder, model = surrogate.encoder, surrogate.artifacts()[0]
    by_column = shap.TreeExplainer(model)(encoder.transform(trials))
    for name in surrogate_features():
        own = [encoder.feature_of[column] == name for column in encoder.columns]
        expected = by_column.values[:, own].sum(axis=1)
        np.testing.assert_allclose(attributions[name], expected, atol=1e-6)
    np.testing.assert_allclose(attributions["base_value"], by_column.base_values, atol=1e-6)


def test_they_sum_to_the_prediction(
    attributions: pd.DataFrame, surrogate: Surrogate, history: pd.DataFrame
) -> None:
    trials = history.set_index("trial_id").loc[attributions["trial_id"]]
    predicted = surrogate.predict(trials)["relative_score"]
    np.testing.assert_allclose(attributions[EXPLAINED].sum(axis=1), predicted, atol=1e-4)


def test_unknown_meta_features_are_explained_too(
    surrogate: Surrogate, history: pd.DataFrame
) -> None:
    explained = attribute_trials(surrogate, history.assign(image_width=None))
    assert np.isfinite(explained[EXPLAINED].to_numpy()).all()


def test_nothing_to_explain_is_an_error(surrogate: Surrogate, history: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="nothing to explain"):
        attribute_trials(surrogate, history.assign(optimizer=None))
