import numpy as np
import pandas as pd
import pytest

from metallmix_kedro.meta_features.probes.columns import PROBE_COLUMNS
from metallmix_kedro.meta_features.probes.features import PROBE_FEATURES, add_probes

SMALL, LARGE = "MobileNetV2_0.35", "Xception"


def probe(dataset: str, backbone: str, accuracy: float, nll: float, **values: object) -> dict:
    return {"dataset": dataset, "data_hash": f"hash of {dataset}", "backbone": backbone,
            "linear_probe_accuracy": accuracy, "linear_probe_nll": nll, "knn_error": 1 - accuracy,
            "colourfulness": 7.0, **values}  # fmt: skip


def table(*rows: dict) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(PROBE_COLUMNS))


TRIALS = pd.DataFrame({"dataset": ["a", "a", "b", "c"], "backbone": [LARGE, SMALL, LARGE, LARGE]})
PROBES = table(probe("a", LARGE, 0.9, 0.2), probe("a", SMALL, 0.7, 0.6), probe("b", LARGE, 0.5, 1))


def test_the_smallest_backbone_speaks_for_the_dataset_and_each_for_itself() -> None:
    found = add_probes(TRIALS, PROBES)
    assert found["smallest_probe_accuracy"].tolist()[:3] == [0.7, 0.7, 0.5]
    assert found["backbone_probe_accuracy"].tolist()[:2] == pytest.approx([0.1, -0.1])
    # As a share of the mean likelihood.
    assert found["backbone_probe_nll"].tolist()[:2] == pytest.approx([-0.5, 0.5])
    assert found["colourfulness"].tolist()[:3] == [7.0, 7.0, 7.0]


def test_one_backbone_alone_is_compared_with_nothing_and_unknown_datasets_know_nothing() -> None:
    found = add_probes(TRIALS, PROBES)
    assert np.isnan(found["backbone_probe_accuracy"].iloc[2])
    assert found.loc[3, list(PROBE_FEATURES)].isna().all()


def test_rows_keep_their_order_and_index_and_old_features_go() -> None:
    frame = TRIALS.assign(colourfulness=0.0).set_axis([7, 3, 9, 1])
    found = add_probes(frame, PROBES)
    assert found.index.tolist() == [7, 3, 9, 1]
    assert found["colourfulness"].tolist()[:3] == [7.0, 7.0, 7.0]
    assert add_probes(found, PROBES).equals(found)


def test_other_content_under_the_same_name_does_not_count() -> None:
    frame = TRIALS.assign(data_hash=["hash of a", "hash of something else", "hash of b", None])
    known = add_probes(frame, PROBES)["smallest_probe_accuracy"].notna()
    assert known.tolist() == [True, False, True, False]


def test_no_probes_at_all() -> None:
    assert add_probes(TRIALS, table())[list(PROBE_FEATURES)].isna().all(axis=None)
