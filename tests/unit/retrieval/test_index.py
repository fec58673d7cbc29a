"""What is in the index, and what is kept out of it."""

import json
from typing import Any

import faiss
import numpy as np
import pandas as pd
import pytest

from metallmix_kedro.declared import Declaration, used
from metallmix_kedro.retrieval.card import IndexCard
from metallmix_kedro.retrieval.index import build_index, distances, retrievable_trials
from metallmix_kedro.support.errors import ArtifactError, InputError
from tests.declared_space import base_parameters

Built = tuple[faiss.Index, dict[str, Any]]


def test_one_vector_a_dataset(history: pd.DataFrame, built: Built, card: IndexCard) -> None:
    index, _ = built
    assert index.ntotal == history["dataset"].nunique()
    assert [entry.dataset for entry in card.entries] == sorted(history["dataset"].unique())
    assert {entry.n_trials for entry in card.entries} == {40}


def test_same_history_same_bytes_in_any_row_order(history: pd.DataFrame, built: Built) -> None:
    index, card = build_index(history.sample(frac=1, random_state=1))
    assert faiss.serialize_index(index).tobytes() == faiss.serialize_index(built[0]).tobytes()
    assert json.dumps(card) == json.dumps(built[1])


def test_examples_are_the_best_of_each_backbone_and_strategy(
    history: pd.DataFrame, card: IndexCard
) -> None:
    for entry in card.entries:
        trials = history[history["dataset"] == entry.dataset].set_index("trial_id")
        shown = trials.loc[list(entry.examples)]
        assert shown["score"].is_monotonic_decreasing
        assert not shown.duplicated(["backbone", "strategy"]).any()
        best = trials.groupby(["backbone", "strategy"])["score"].max()
        np.testing.assert_array_equal(
            shown.set_index(["backbone", "strategy"])["score"].sort_index(), best
        )


def test_equals_are_shown_in_the_order_of_their_names(history: pd.DataFrame) -> None:
    rounded = history.assign(score=history["score"].round(1))
    rounded = rounded.sample(frac=1, random_state=2)
    for entry in build_index(rounded)[1]["entries"]:
        trials = rounded[rounded["dataset"] == entry["dataset"]]
        best_first = trials.sort_values(["score", "trial_id"], ascending=[False, True])
        plain = best_first.drop_duplicates(["backbone", "strategy"])["trial_id"]
        assert entry["examples"] == plain.tolist()


def test_a_dataset_measured_in_two_states_has_two_vectors(history: pd.DataFrame) -> None:
    changed = history[history["dataset"] == "fabricated_0"].assign(
        n_instances=9_999, trial_id=lambda rows: "later-" + rows["trial_id"], data_hash="later"
    )
    index, card = build_index(pd.concat([history, changed], ignore_index=True))
    entries = [entry for entry in card["entries"] if entry["dataset"] == "fabricated_0"]
    assert index.ntotal == 7
    assert sorted(entry["meta_features"]["n_instances"] for entry in entries)[1] == 9_999
    assert [entry["data_hashes"] for entry in entries if entry["data_hashes"]] == [["later"]]


@pytest.mark.parametrize(
    "change",
    [
        {"source": "published"},
        {"status": "failed"},
        {"score": None},
        {"learning_rate": None},
        {"strategy": None},
        {"image_width": None},
    ],
)
def test_what_is_no_example_stays_out_and_is_named(
    history: pd.DataFrame, change: dict[str, Any]
) -> None:
    rows = history["dataset"] == "fabricated_0"
    changed = history.copy()
    for column, value in change.items():
        changed.loc[rows, column] = value
    assert "fabricated_0" not in set(retrievable_trials(changed)["dataset"])
    index, card = build_index(changed)
    assert index.ntotal == 5
    assert list(card["excluded"]) == ["fabricated_0"]


def test_history_without_examples_is_an_error(history: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="experiment_grid"):
        build_index(history.assign(source="published"))


def test_distances_are_those_between_the_vectors(built: Built, card: IndexCard) -> None:
    index, _ = built
    vectors = card.scaler.transform([entry.meta_features for entry in card.entries])
    expected = np.linalg.norm(vectors - vectors[2], axis=1)
    found = distances(index, card, card.entries[2].meta_features)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format_version": 2}, "format_version"),
        ({"entries": []}, "entries"),
        ({"scaler": None}, "scaler"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_a_card_that_is_not_ours_is_refused(
    built: Built, change: dict[str, Any], said: str
) -> None:
    index, card = built
    with pytest.raises(ArtifactError, match=said):
        IndexCard.read(card | change, index)


def test_a_card_of_another_index_is_refused(history: pd.DataFrame, built: Built) -> None:
    fewer, _ = build_index(history[history["dataset"] != "fabricated_0"])
    with pytest.raises(ArtifactError, match="not built together"):
        IndexCard.read(built[1], fewer)


@pytest.mark.parametrize("change", [{"n_classes": None}, {"origin": {"kind": "category"}}])
def test_the_card_of_another_declaration_is_refused(history: pd.DataFrame, change: Any) -> None:
    index, stored = build_index(history)
    base = base_parameters()
    known = {**base["meta_features"]["declared"], **change}
    declaration = Declaration.from_parameters({**base, "meta_features": {"declared": known}})
    with used(declaration), pytest.raises(ArtifactError, match=r"needs exactly.*=retrieval"):
        IndexCard.read(stored, index)
