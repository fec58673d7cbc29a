"""Which trials are found, in which order, and which never."""

import subprocess
import sys
from collections import Counter
from typing import Any

import faiss
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.retrievers import BaseRetriever
from pydantic import ValidationError

from metallmix_kedro.history import ACCURACY
from metallmix_kedro.history.columns import LATER_COLUMNS
from metallmix_kedro.meta_features import MetaFeatures, compute_meta_features
from metallmix_kedro.retrieval.card import IndexCard
from metallmix_kedro.retrieval.index import build_index
from metallmix_kedro.retrieval.retriever import TrialRetriever
from metallmix_kedro.retrieval.search import SimilarTrial, retrieve
from metallmix_kedro.support.errors import ArtifactError, InputError

Built = tuple[faiss.Index, dict[str, Any]]
TARGET = compute_meta_features({"a": 300, "b": 500, "c": 100}, 128, 128, "MRI")


def retriever(history: pd.DataFrame, built: Built, **settings: Any) -> TrialRetriever:
    return TrialRetriever.from_history(*built, history, **settings)


def test_is_a_langchain_retriever_of_documents(history: pd.DataFrame, built: Built) -> None:
    found = retriever(history, built)
    assert isinstance(found, BaseRetriever)
    documents = found.invoke(TARGET.model_dump_json())
    assert len(documents) == 8
    for document in documents:
        trial = SimilarTrial.model_validate(document.metadata)
        assert document.id == trial.trial_id
        assert document.page_content == trial.line()
        assert "\n" not in document.page_content
        assert trial.configuration.backbone in document.page_content


@given(
    k=st.integers(1, 20),
    max_per_dataset=st.integers(1, 6),
    exclude=st.sampled_from([None, "fabricated_1", "fabricated_4", "elsewhere"]),
    sizes=st.lists(st.integers(1, 10_000), min_size=2, max_size=6),
    modality=st.sampled_from(["MRI", "satellite"]),
)
def test_limits_hold_for_any_target(
    history: pd.DataFrame,
    built: Built,
    k: int,
    max_per_dataset: int,
    exclude: str | None,
    sizes: list[int],
    modality: str,
) -> None:
    target = compute_meta_features({str(i): n for i, n in enumerate(sizes)}, 99, 99, modality)
    settings = {"k": k, "max_per_dataset": max_per_dataset, "exclude_dataset": exclude}
    found = retrieve(*built, history, target, **settings)
    n_datasets = history["dataset"].nunique() - (exclude in set(history["dataset"]))
    assert len(found) == min(k, n_datasets * max_per_dataset)
    assert exclude not in {trial.dataset for trial in found}
    assert max(Counter(trial.dataset for trial in found).values()) <= max_per_dataset
    assert [trial.distance for trial in found] == sorted(trial.distance for trial in found)
    assert len({trial.trial_id for trial in found}) == len(found)


def test_trials_are_those_of_the_history(history: pd.DataFrame, built: Built) -> None:
    rows = history.set_index("trial_id")
    for trial in retrieve(*built, history, TARGET):
        row = rows.loc[trial.trial_id]
        assert trial.dataset == row["dataset"]
        assert trial.metrics[ACCURACY] == row[ACCURACY]
        assert trial.training_time_s == row["training_time_s"]
        assert trial.configuration.learning_rate == row["learning_rate"]
        assert trial.meta_features.n_instances == row["n_instances"]


def test_a_history_stored_before_a_metric_was_recorded_is_searched_all_the_same(
    history: pd.DataFrame, built: Built
) -> None:
    found = retrieve(*built, history.drop(columns=list(LATER_COLUMNS)), TARGET)
    assert len(found) == 8
    assert "test_rarest_recall" not in found[0].metrics
    assert found[0].metrics[ACCURACY] > 0


def test_trials_of_a_dataset_are_its_best_and_differ(history: pd.DataFrame, built: Built) -> None:
    found = retrieve(*built, history, TARGET, k=3, max_per_dataset=3)
    rows = history[history["dataset"] == found[0].dataset]
    assert found[0].metrics[ACCURACY] == rows[ACCURACY].max()
    networks = [(trial.configuration.backbone, trial.configuration.strategy) for trial in found]
    assert len(set(networks)) == 3


def test_nearest_dataset_comes_first(history: pd.DataFrame, built: Built, card: IndexCard) -> None:
    for entry in card.entries:
        first = retrieve(*built, history, entry.meta_features)[0]
        assert (first.dataset, first.distance) == (entry.dataset, pytest.approx(0, abs=1e-5))


def test_limit_counts_a_dataset_in_two_states_once(history: pd.DataFrame) -> None:
    changed = history[history["dataset"] == "fabricated_0"].assign(
        n_instances=9_999, trial_id=lambda rows: "later-" + rows["trial_id"]
    )
    both = pd.concat([history, changed], ignore_index=True)
    found = retrieve(*build_index(both), both, TARGET, k=12)
    assert len(found) == 12
    assert Counter(trial.dataset for trial in found)["fabricated_0"] == 2


def test_unknown_time_and_metrics_are_left_out(history: pd.DataFrame) -> None:
    bare = history.assign(training_time_s=None, test_recall=None)
    trial = retrieve(*build_index(bare), bare, TARGET)[0]
    assert trial.training_time_s is None
    assert "test_recall" not in trial.metrics
    assert trial.line().endswith(f"test_rarest_recall {trial.metrics['test_rarest_recall']:.3f}")


def test_alone_in_the_history_nothing_is_found(history: pd.DataFrame) -> None:
    alone = history[history["dataset"] == "fabricated_0"]
    built = build_index(alone)
    assert retrieve(*built, alone, TARGET, exclude_dataset="fabricated_0") == []


def test_history_of_another_version_is_refused(history: pd.DataFrame, built: Built) -> None:
    with pytest.raises(ArtifactError, match="another history"):
        retriever(history[history["dataset"] != "fabricated_2"], built)


def test_one_query_finds_what_a_retriever_for_many_finds(
    history: pd.DataFrame, built: Built, card: IndexCard
) -> None:
    many = retriever(history, built)
    for target in (TARGET, *(entry.meta_features for entry in card.entries)):
        documents = many.invoke(target.model_dump_json())
        found = [SimilarTrial.model_validate(document.metadata) for document in documents]
        assert retrieve(*built, history, target) == found


def test_one_query_is_refused_where_a_trial_it_finds_is_gone(
    history: pd.DataFrame, built: Built
) -> None:
    gone = retrieve(*built, history, TARGET)[0].dataset
    with pytest.raises(ArtifactError, match=r"2 trials .* another history"):
        retrieve(*built, history[history["dataset"] != gone], TARGET)


@pytest.mark.parametrize("query", ["", "brain scans", "{}", '{"n_instances": -1}'])
def test_query_that_is_no_meta_features_is_refused(
    history: pd.DataFrame, built: Built, query: str
) -> None:
    with pytest.raises(InputError, match="model_dump_json"):
        retriever(history, built).invoke(query)


@pytest.mark.parametrize("setting", [{"k": 0}, {"max_per_dataset": 0}])
def test_settings_out_of_range_are_refused(
    history: pd.DataFrame, built: Built, setting: dict[str, int]
) -> None:
    with pytest.raises(ValidationError):
        retriever(history, built, **setting)


def test_meta_features_survive_as_json() -> None:
    assert MetaFeatures.model_validate_json(TARGET.model_dump_json()) == TARGET


def test_importing_it_stays_light() -> None:
    script = (
        "import sys, metallmix_kedro.retrieval.retriever, metallmix_kedro.retrieval.novelty\n"
        "heavy = {'sklearn', 'shap', 'matplotlib', 'xgboost', 'tensorflow', 'keras', 'skopt'}\n"
        "sys.exit(', '.join(sorted(heavy & set(sys.modules))) or 0)"
    )
    finished = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, finished.stderr
