import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metallmix_kedro.declared import meta_feature_columns, numeric_meta_features
from metallmix_kedro.meta_features import compute_meta_features
from metallmix_kedro.support.errors import InputError

class_sizes = st.dictionaries(st.text(min_size=1), st.integers(1, 10**6), min_size=2, max_size=20)


def test_worked_example():
    features = compute_meta_features({"a": 6, "b": 2}, 128, 96, "MRI")
    assert features.model_dump() == {
        "n_instances": 8,
        "n_classes": 2,
        "imbalance_ratio": 3.0,
        "class_entropy": pytest.approx(0.811278, abs=1e-6),
        "image_width": 128.0,
        "image_height": 96.0,
        "class_size_mean": 4.0,
        "class_size_std": 2.0,
        "class_size_min": 2,
        "class_size_max": 6,
        "modality": "MRI",
    }
    assert tuple(features.model_dump()) == meta_feature_columns()
    assert set(meta_feature_columns()) - set(numeric_meta_features()) == {"modality"}


@given(class_sizes)
def test_bounds(sizes):
    features = compute_meta_features(sizes, 1, 1, "x")
    assert features.imbalance_ratio >= 1
    assert -1e-9 <= features.class_entropy <= math.log2(len(sizes)) + 1e-9
    assert features.class_size_min <= features.class_size_mean <= features.class_size_max
    assert features.n_instances == sum(sizes.values())


@given(class_sizes, st.randoms())
def test_order_and_names_of_classes_do_not_matter(sizes, random):
    values = list(sizes.values())
    random.shuffle(values)
    renamed = {f"class {k}": value for k, value in enumerate(values)}
    one = compute_meta_features(sizes, 3, 4, "x")
    other = compute_meta_features(renamed, 3, 4, "x")
    for name in numeric_meta_features():
        assert getattr(one, name) == pytest.approx(getattr(other, name))


@given(st.integers(1, 10**6), st.integers(2, 50))
def test_equal_classes_have_full_entropy(size, n_classes):
    features = compute_meta_features({str(k): size for k in range(n_classes)}, 1, 1, "x")
    assert features.class_entropy == pytest.approx(math.log2(n_classes))
    assert (features.imbalance_ratio, features.class_size_std) == (1, 0)


@pytest.mark.parametrize(
    ("sizes", "message"),
    [({}, "0 \\(none\\)"), ({"a": 3}, "1 \\(a\\)"), ({"a": 3, "b": 0, "c": -1}, "images: b, c")],
)
def test_impossible_class_sizes(sizes, message):
    with pytest.raises(InputError, match=message):
        compute_meta_features(sizes, 1, 1, "x")
