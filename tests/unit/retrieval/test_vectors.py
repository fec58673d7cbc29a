"""Meta-features as vectors: scale, weights, modality."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from metallmix_kedro.declared import Declaration, used
from metallmix_kedro.meta_features import MetaFeatures, compute_meta_features
from metallmix_kedro.retrieval.vectors import MetaFeatureScaler
from tests.declared_space import base_parameters

meta_features = st.builds(
    compute_meta_features,
    st.dictionaries(st.text(min_size=1), st.integers(1, 10**7), min_size=2, max_size=8),
    st.integers(1, 10_000),
    st.integers(1, 10_000),
    st.sampled_from(["MRI", "CT", "natural"]),
)


def dataset(modality: str = "MRI", size: int = 100, **changes: float) -> MetaFeatures:
    features = compute_meta_features({"a": size, "b": 2 * size}, 64, 64, modality)
    return features.model_copy(update=changes)


def distance(scaler: MetaFeatureScaler, one: MetaFeatures, other: MetaFeatures) -> float:
    return float(np.linalg.norm(np.subtract(*scaler.transform([one, other]))))


@given(datasets=st.lists(meta_features, min_size=1, max_size=6), target=meta_features)
def test_vectors_are_finite_and_distance_to_oneself_is_zero(
    datasets: list[MetaFeatures], target: MetaFeatures
) -> None:
    scaler = MetaFeatureScaler.fit(datasets, modality_weight=1.0)
    vectors = scaler.transform([target, target])
    assert np.isfinite(vectors).all()
    assert vectors.shape == (2, 10 + len(scaler.categories["modality"]))
    assert distance(scaler, target, target) == 0


@given(datasets=st.lists(meta_features, min_size=1, max_size=6), target=meta_features)
def test_json_round_trip_changes_no_vector(
    datasets: list[MetaFeatures], target: MetaFeatures
) -> None:
    scaler = MetaFeatureScaler.fit(datasets, modality_weight=1.0)
    again = MetaFeatureScaler.model_validate_json(scaler.model_dump_json())
    np.testing.assert_array_equal(again.transform([target]), scaler.transform([target]))


def test_counts_are_compared_by_factor_not_by_difference() -> None:
    scaler = MetaFeatureScaler.fit([dataset(size=100), dataset(size=100_000)], 1.0)
    near = distance(scaler, dataset(size=10_000), dataset(size=20_000))
    far = distance(scaler, dataset(size=100), dataset(size=1_000))
    assert near < far


def test_standard_deviation_over_datasets_is_the_unit() -> None:
    datasets = [dataset(n_instances=100), dataset(n_instances=10_000)]
    scaler = MetaFeatureScaler.fit(datasets, 1.0)
    assert distance(scaler, *datasets) == pytest.approx(2.0, abs=1e-5)


def test_class_sizes_together_weigh_as_much_as_one_meta_feature() -> None:
    small = dict.fromkeys(
        ("class_size_mean", "class_size_std", "class_size_min", "class_size_max"), 100
    )
    large = dict.fromkeys(small, 10_000)
    datasets = [dataset(**small), dataset(**large)]
    scaler = MetaFeatureScaler.fit(datasets, 1.0)
    assert distance(scaler, *datasets) == pytest.approx(2.0, abs=1e-5)


def test_a_meta_feature_all_agree_on_does_not_outweigh_the_rest() -> None:
    scaler = MetaFeatureScaler.fit([dataset(), dataset()], 1.0)
    assert distance(scaler, dataset(), dataset(n_instances=400)) < 3.0


@pytest.mark.parametrize("weight", [0.0, 0.5, 3.0])
def test_modalities_are_their_weight_apart(weight: float) -> None:
    scaler = MetaFeatureScaler.fit([dataset("MRI"), dataset("CT")], weight)
    assert distance(scaler, dataset("MRI"), dataset("CT")) == pytest.approx(weight)


def test_unseen_modality_is_equally_far_from_all() -> None:
    scaler = MetaFeatureScaler.fit([dataset("MRI"), dataset("CT")], 1.0)
    to_mri = distance(scaler, dataset("satellite"), dataset("MRI"))
    assert to_mri == pytest.approx(distance(scaler, dataset("satellite"), dataset("CT")))
    assert to_mri > 0


@pytest.mark.parametrize(
    "change",
    [
        {"means": {}},
        {"scales": {"n_instances": 1.0}},
        {"modality_weight": -1.0},
        {"categories": {}},
        {"categories": {"modality": ("MRI",), "origin": ()}},
    ],
)
def test_damaged_scaler_is_refused(change: dict[str, object]) -> None:
    stored = MetaFeatureScaler.fit([dataset()], 1.0).model_dump() | change
    with pytest.raises(ValidationError):
        MetaFeatureScaler.model_validate(stored)


def test_every_category_counts_as_the_modality_does() -> None:
    base = base_parameters()
    known = {**base["meta_features"]["declared"], "origin": {"kind": "category"}}
    declaration = Declaration.from_parameters({**base, "meta_features": {"declared": known}})
    seen = dataset("MRI").as_dict()
    with used(declaration):
        here, there, apart = (
            MetaFeatures.model_validate({**seen, "modality": modality, "origin": origin})
            for modality, origin in (("MRI", "a"), ("MRI", "b"), ("CT", "b"))
        )
        scaler = MetaFeatureScaler.fit([here, there, apart], 2.0)
        assert scaler.categories == {"modality": ("CT", "MRI"), "origin": ("a", "b")}
        assert distance(scaler, here, there) == pytest.approx(2.0)
        assert distance(scaler, here, apart) == pytest.approx(8**0.5)
