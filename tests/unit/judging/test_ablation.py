"""The question whether a language model helps, asked of a model on loopback."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metallmix_kedro.decision.parameters import DecisionParameters
from metallmix_kedro.evaluation.parameters import CONDITIONS, EvaluationParameters
from metallmix_kedro.evaluation.protocols.replay import replay_tables
from metallmix_kedro.evaluation.protocols.task import Settings
from metallmix_kedro.explanation.prompt import DecisionPrompts, PromptTexts
from metallmix_kedro.history import History
from metallmix_kedro.history.objective import with_score
from metallmix_kedro.judging.ablation import Texts, measure, shown_evidence
from metallmix_kedro.judging.ablation_keys import current_rows, fingerprint
from metallmix_kedro.judging.ablation_table import model_table, row_table, summary_table
from metallmix_kedro.judging.left_out import leave_out
from metallmix_kedro.judging.pictures import CONDITION_LABELS, draw_ablation
from metallmix_kedro.judging.vote_weight import VOTE, learn_weight, weight_table
from metallmix_kedro.language_models.parameters import LLMParameters
from metallmix_kedro.language_models.vote_weights import WEIGHT_COLUMNS, read_weights
from metallmix_kedro.retrieval.parameters import RetrievalParameters
from metallmix_kedro.surrogate.parameters import MetaLearningParameters
from tests import loopback_ollama as loopback
from tests.fabricated import fabricate_history

CONF = Path(__file__).parents[3] / "conf/prompts"


def texts(name: str) -> dict[str, str]:
    return {path.stem: path.read_text() for path in (CONF / name).glob("*.txt")}


TEXTS = Texts(DecisionPrompts(**texts("recommendation")), PromptTexts(**texts("judge")))


@pytest.fixture(scope="module")
def history() -> pd.DataFrame:
    return with_score(fabricate_history(n_datasets=4, n_trials=20), "accuracy")


def settings(url: str, **ablation: Any) -> Settings:
    server = {"base_url": url, "connect_timeout_s": 5, "timeout_s": 30}
    usual = {"enabled": True, "models": ["tiny:latest", "absent:7b"], "datasets": ["fabricated_1"]}
    return Settings(
        EvaluationParameters.model_validate(
            {
                "judge": {**server, "model": "tiny"},
                "llm_ablation": {**usual, **ablation},
            }
        ),
        MetaLearningParameters(),
        DecisionParameters(),
        RetrievalParameters(),
        llm=LLMParameters.model_validate({**server, "retries": 0}),
    )


def plays_along(handler: Any) -> None:
    """Vote for the first letter, compose what the schema lists first, explain, judge."""
    properties = handler.server.requests[-1]["format"]["properties"]
    if "choice" in properties:
        loopback.says_letter("A")(handler)
    elif "fluency" in properties:
        loopback.answers(completeness=3, fluency=4, conciseness=2)(handler)
    else:
        composed = {name: one["enum"][0] for name, one in properties.items() if "enum" in one}
        claims = [
            {"kind": "prediction", "cites": "score", "words": "which is a sound plan"},
            {"kind": "past_trial", "cites": "T1", "words": ""},
        ]
        loopback.answers(**composed, explanation=claims)(handler)


@pytest.fixture(scope="module")
def rows(history: pd.DataFrame) -> dict[str, Any]:
    with loopback.serving(plays_along) as server:
        return dict(measure(History(history), settings(server.url), TEXTS, {}))


def test_every_condition_is_a_row_and_an_absent_model_is_named(rows):
    table = row_table(rows.values())
    # The product's row is computed from the votes.
    assert sorted(table["condition"]) == sorted((*CONDITIONS, "llm"))
    summary = summary_table(table, ["tiny:latest", "absent:7b"]).set_index("llm")
    assert summary.loc["absent:7b", "note"] == "not measured; ollama pull absent:7b"
    assert summary.loc["none"].set_index("condition").loc["surrogate", "regret_over_surrogate"] == 0


def test_the_picture_has_a_row_a_condition_and_a_colour_a_model(rows):
    axes = draw_ablation(row_table(rows.values())).axes[0]
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels == list(CONDITION_LABELS.values())
    means = [dots for dots in axes.collections if dots.get_zorder() == 3]
    shown = [round(float(dots.get_offsets()[0, 0]), 6) for dots in means]
    regrets = row_table(rows.values())["regret"].round(6)
    assert set(shown) >= set(regrets)
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["tiny:latest"]
    nothing = draw_ablation(row_table([])).axes[0].texts[0].get_text()
    assert "evaluation.llm_ablation.enabled" in nothing


def test_a_model_that_votes_by_place_ends_with_the_surrogates_pick(rows):
    table = row_table(rows.values()).set_index("condition")
    assert table.loc["llm_open", "decided_by"] == "surrogate"
    assert table.loc["llm_open", "position_consistency"] <= 0.5
    assert table.loc["llm", "llm"] == "tiny:latest"
    assert table.loc["llm_open", "score"] == table.loc["surrogate", "score"]
    assert table.loc["llm", "regret"] == table.loc["surrogate", "regret"]
    free = table.loc["llm_free"]
    assert free["decided_by"] == "llm"
    assert 0 <= free["n_changed"] <= 7
    assert (free["completeness"], free["fluency"], free["judge"]) == (3, 4, "tiny:latest")


def test_what_is_known_is_not_measured_again_and_off_is_off(history, rows):
    with loopback.serving(plays_along) as server:
        asked = settings(server.url)
        first = dict(measure(History(history), asked, TEXTS, {}))
        n_requests = len(server.requests)
        assert list(measure(History(history), asked, TEXTS, first)) == []
        assert list(measure(History(history), settings(server.url, enabled=False), TEXTS, {})) == []
        assert len(server.requests) == n_requests


def test_rows_of_other_trials_or_parameters_are_neither_known_nor_shown(history, rows):
    asked = settings("http://127.0.0.1:1", conditions=["surrogate", "random_short_list"])
    longer = fabricate_history(n_datasets=4, n_trials=21)
    other = dict(measure(History.scored(longer, "accuracy"), asked, TEXTS, rows))
    assert {row["llm"] for row in other.values()} == {"none"}
    assert other.keys().isdisjoint(rows)
    common = fingerprint(History(history), asked, TEXTS.decision.sha256)
    assert current_rows([*rows.values(), *other.values()], common) == list(rows.values())
    more = asked.recommendation.model_copy(update={"n_candidates": 4})
    assert (
        fingerprint(History(history), replace(asked, recommendation=more), TEXTS.decision.sha256)
        != common
    )


def test_what_no_model_is_asked_for_is_measured_once_for_all_models(history, rows):
    with loopback.serving(plays_along) as server:
        server.digests = {"tiny:latest": "cd" * 32}
        again = list(measure(History(history), settings(server.url), TEXTS, rows))
    assert {row["llm"] for _, row in again} == {"tiny:latest"}
    assert len(again) == len(CONDITIONS) - 2


def test_a_model_stands_under_the_name_it_was_asked_for_once(history):
    with loopback.serving(plays_along) as server:
        named = settings(server.url, models=["tiny", "tiny"], conditions=["llm_free"])
        listed = list(measure(History(history), named, TEXTS, {}))
    assert [row["llm"] for _, row in listed] == ["tiny"]
    table = row_table(row for _, row in listed)
    assert summary_table(table, ["tiny"])["note"].tolist() == [""]


def test_the_dataset_left_out_reaches_nothing(history):
    asked = settings("http://127.0.0.1:1")
    tables, _ = replay_tables(History(history), "measured", 5)
    left_out = leave_out(History(history), tables[1], asked)
    assert left_out.evidence.target.name == tables[1].dataset
    assert tables[1].dataset not in {trial.dataset for trial in left_out.evidence.trials}
    assert tables[1].dataset not in set(left_out.task.training.table["dataset"])
    first = left_out.evidence.candidates[0]
    found = left_out.table.candidates.loc[left_out.positions["C1"]]
    assert found["backbone"] == first.configuration.backbone
    assert left_out.nearest(first.configuration) == (left_out.positions["C1"], 0)
    bare = shown_evidence(left_out.evidence, "llm_no_shap")
    assert (bare.attributions, bare.candidates[0].contributions) == ((), ())
    assert shown_evidence(left_out.evidence, "llm_no_retrieval").trials == ()


def voted(dataset: int, support: tuple[float, ...], regrets: tuple[float, ...]) -> dict[str, Any]:
    """A row of votes on three candidates whose predictions fall by 0.03."""
    parts = zip((0.9, 0.87, 0.84), support, regrets, strict=True)
    listed = [{"predicted": p, "support": s, "regret": r, "score": 1 - r} for p, s, r in parts]
    return {
        **{"dataset": f"d{dataset}", "llm": "tiny", "condition": VOTE, "candidates": listed},
        **{
            "digest": "ab",
            "prompt_sha256": "00",
            "objective": "accuracy",
            "measured_on": f"2026-11-{dataset + 10}",
        },
        "position_consistency": 0.8,
    }


KNOWS = [voted(i, (0.1, 0.8, 0.1), (0.2, 0.0, 0.3)) for i in range(6)]
"""The model prefers what is better than the surrogate's first."""
MISLED = [voted(i, (0.1, 0.1, 0.8), (0.2, 0.0, 0.3)) for i in range(6)]


def test_a_model_that_knows_earns_the_smallest_weight_that_hears_it():
    learned = learn_weight(KNOWS)
    assert learned.weight == 0.05
    assert {one["regret"] for one in learned.chosen.values()} == {0.0}


def test_a_model_that_misleads_or_knows_one_dataset_alone_has_no_weight():
    assert learn_weight(MISLED).weight == 0
    assert learn_weight(KNOWS[:1]).weight == 0
    # What is right on one dataset and wrong on the others is nothing learned.
    assert learn_weight([*MISLED, KNOWS[0] | {"dataset": "other"}]).weight == 0


@given(
    st.lists(
        st.tuples(*[st.tuples(*[st.floats(0, 1)] * 3)] * 2),
        min_size=1,
        max_size=8,
    )
)
def test_a_weight_above_0_means_less_regret_on_datasets_it_was_not_learned_on(cases):
    rows = [voted(i, support, regrets) for i, (support, regrets) in enumerate(cases)]
    learned = learn_weight(rows)
    first = sum(row["candidates"][0]["regret"] for row in rows)
    assert learned.weight == 0 or sum(o["regret"] for o in learned.chosen.values()) < first


def test_what_was_measured_joins_the_table_in_place_of_older_rows():
    none = pd.DataFrame(columns=list(WEIGHT_COLUMNS))
    first = weight_table(KNOWS, none, "v1")
    assert first.loc[0, ["weight", "regret_with", "regret_without"]].tolist() == [0.05, 0, 0.2]
    assert first.loc[0, "measured_on"] == "2026-11-15"
    other = [{**row, "llm": "other", "digest": "cd"} for row in MISLED]
    both = weight_table([*MISLED, *other], first, "v2")
    assert both[["model", "weight", "history"]].values.tolist() == [
        ["tiny", 0.0, "v2"],
        ["other", 0.0, "v2"],
    ]
    assert weight_table([], both, "v3") is both
    read_weights(both.to_dict("records"))


def test_the_papers_table_has_a_row_a_model(history, rows):
    table = row_table(rows.values())
    weights = weight_table(rows.values(), pd.DataFrame(columns=list(WEIGHT_COLUMNS)), None)
    (row,) = model_table(table, weights).to_dict("records")
    assert (row["llm"], row["weight"], row["n_datasets"]) == ("tiny:latest", 0, 1)
    assert row["regret"] == row["regret_without"]
    assert set(table.loc[table["condition"] == "llm", "decided_by"]) == {"surrogate"}
