import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metallmix_kedro.declared import hyperparameter
from metallmix_kedro.support.errors import InputError
from metallmix_kedro.surrogate.encoding import FeatureEncoder, surrogate_features


@pytest.fixture
def encoder(history) -> FeatureEncoder:
    return FeatureEncoder.fit(history)


def column(encoder, encoded, name):
    return encoded[:, encoder.columns.index(name)]


def test_numbers_become_logarithms_and_categories_columns(encoder, history):
    encoded = encoder.transform(history)
    assert encoded.dtype == np.float32
    assert encoded.shape == (len(history), len(encoder.columns))
    rate = column(encoder, encoded, "log10_learning_rate")
    np.testing.assert_allclose(rate, np.log10(history["learning_rate"]), rtol=1e-6)
    std = column(encoder, encoded, "log10_1p_class_size_std")
    np.testing.assert_allclose(std, np.log10(1 + history["class_size_std"]), rtol=1e-6)
    xception = column(encoder, encoded, "backbone=Xception")
    assert (xception == (history["backbone"] == "Xception")).all()


def test_strategy_is_ranked_by_how_much_is_trained(encoder, history):
    rows = history.head(4).assign(strategy=list(hyperparameter("strategy").ranks))
    assert column(encoder, encoder.transform(rows), "strategy").tolist() == [0, 1, 2, 3]


def test_each_row_has_one_backbone(encoder, history):
    owned = [name.startswith("backbone=") for name in encoder.columns]
    assert (encoder.transform(history)[:, owned].sum(axis=1) == 1).all()


def test_an_unseen_category_is_a_row_of_zeros(encoder, history):
    encoded = encoder.transform(history.head(3).assign(backbone="VGG16", modality="sonar"))
    owned = [name.startswith(("backbone=", "modality=")) for name in encoder.columns]
    assert not encoded[:, owned].any()


def test_what_is_unknown_is_missing(encoder, history):
    unknown = history.head(2).assign(
        strategy=pd.Series([None, None], dtype="str"), optimizer=np.nan, learning_rate=np.nan
    )
    encoded = encoder.transform(unknown)
    for name in ("strategy", "optimizer=adam", "optimizer=sgd", "log10_learning_rate"):
        assert np.isnan(column(encoder, encoded, name)).all(), name


def test_a_strategy_of_another_space_is_missing(encoder, history):
    encoded = encoder.transform(history.head(1).assign(strategy="last_7"))
    assert np.isnan(column(encoder, encoded, "strategy")).all()


@given(st.floats(-1e6, 0))
def test_what_has_no_logarithm_is_missing_never_infinite(value):
    encoder = FeatureEncoder(categories={"modality": (), "backbone": (), "optimizer": ()})
    row = pd.DataFrame({name: [value] for name in surrogate_features()}).assign(
        modality="x", backbone="x", strategy="full", optimizer="x"
    )
    assert not np.isinf(encoder.transform(row)).any()


def test_every_column_belongs_to_a_feature_and_is_described(encoder):
    assert set(encoder.feature_of) == set(encoder.columns)
    assert set(encoder.feature_of.values()) == set(surrogate_features())
    assert all(entry.description and entry.unit for entry in encoder.described_columns)


def test_the_encoder_survives_json(encoder, history):
    again = FeatureEncoder.model_validate_json(encoder.model_dump_json())
    assert again == encoder
    np.testing.assert_array_equal(again.transform(history), encoder.transform(history))


def test_a_missing_column_is_named(encoder, history):
    with pytest.raises(InputError, match=r"missing: dropout\."):
        encoder.transform(history.drop(columns="dropout"))


def test_rows_keep_their_order_whatever_the_index(encoder, history):
    shuffled = history.sample(frac=1, random_state=0)
    expected = encoder.transform(history)[shuffled.index]
    np.testing.assert_array_equal(encoder.transform(shuffled), expected)
