"""When a target is said to be unlike anything in the history."""

from typing import Any

import faiss
import numpy as np
import pandas as pd
import pytest

from metallmix_kedro.meta_features import compute_meta_features
from metallmix_kedro.retrieval.card import IndexCard
from metallmix_kedro.retrieval.index import build_index
from metallmix_kedro.retrieval.novelty import measure_novelty
from metallmix_kedro.support.errors import InputError

Built = tuple[faiss.Index, dict[str, Any]]


def test_a_known_dataset_is_no_outlier(built: Built, card: IndexCard) -> None:
    for entry in card.entries:
        novelty = measure_novelty(built[0], card, entry.meta_features)
        assert novelty.nearest_dataset == entry.dataset
        assert novelty.distance == pytest.approx(0, abs=1e-5)
        assert not novelty.is_unlike_all


def test_a_target_of_another_world_is_an_outlier(built: Built, card: IndexCard) -> None:
    sizes = {str(number): 10_000 * (1 + number) for number in range(1_000)}
    target = compute_meta_features(sizes, 4_000, 3_000, "satellite")
    novelty = measure_novelty(built[0], card, target)
    assert novelty.is_unlike_all
    assert novelty.distance > novelty.threshold > 0


def test_what_is_usual_is_the_distance_to_the_nearest_of_another_name(
    history: pd.DataFrame,
) -> None:
    changed = history[history["dataset"] == "fabricated_0"].assign(
        n_instances=9_999, trial_id=lambda rows: "later-" + rows["trial_id"]
    )
    index, raw = build_index(pd.concat([history, changed], ignore_index=True))
    card = IndexCard.read(raw | {"novelty_quantile": 0.0}, index)
    vectors = index.reconstruct_n(0, index.ntotal)
    nearest: dict[str, float] = {}
    for vector, entry in zip(vectors, card.entries, strict=True):
        for other, neighbour in zip(vectors, card.entries, strict=True):
            if neighbour.dataset != entry.dataset:
                distance = float(np.linalg.norm(vector - other))
                nearest[entry.dataset] = min(distance, nearest.get(entry.dataset, np.inf))

    found = measure_novelty(index, card, card.entries[0].meta_features)

    assert len(nearest) == 6
    assert found.threshold == pytest.approx(min(nearest.values()), rel=1e-6)


def test_the_target_itself_is_not_history(built: Built, card: IndexCard) -> None:
    entry = card.entries[1]
    novelty = measure_novelty(built[0], card, entry.meta_features, exclude_dataset=entry.dataset)
    assert novelty.nearest_dataset != entry.dataset
    assert novelty.distance > 0


def test_two_datasets_are_too_few_to_call_anything_usual(history: pd.DataFrame) -> None:
    two = history[history["dataset"].isin(["fabricated_0", "fabricated_1"])]
    index, stored = build_index(two)
    card = IndexCard.read(stored, index)
    novelty = measure_novelty(index, card, card.entries[0].meta_features)
    assert novelty.distance >= 0
    assert (novelty.threshold, novelty.is_unlike_all) == (0, False)


def test_nothing_but_the_target_is_an_error(history: pd.DataFrame) -> None:
    alone = history[history["dataset"] == "fabricated_0"]
    index, stored = build_index(alone)
    card = IndexCard.read(stored, index)
    with pytest.raises(InputError, match="fabricated_0"):
        measure_novelty(index, card, card.entries[0].meta_features, "fabricated_0")
