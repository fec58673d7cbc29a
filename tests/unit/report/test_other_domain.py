"""What is told of a domain without images: only what is declared, and all of it true."""

from collections.abc import Iterator
from html import unescape
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from rich.console import Console

from metallmix_kedro.decision.parameters import DecisionParameters
from metallmix_kedro.decision.scoring import AllowedSpace, allowed_space
from metallmix_kedro.decision.target_warnings import known_budget, warn_about_target
from metallmix_kedro.declared import Declaration, used
from metallmix_kedro.explanation.claims import check_explanation, offered
from metallmix_kedro.explanation.evidence import Attribution, Evidence, Target, TopFeature
from metallmix_kedro.explanation.explanation import explain_from_attributions
from metallmix_kedro.explanation.free_choice import grid_rows
from metallmix_kedro.explanation.prompt import DecisionPrompts
from metallmix_kedro.explanation.statements import true_statements
from metallmix_kedro.history.trials import History
from metallmix_kedro.history.tried import Tried
from metallmix_kedro.meta_features import MetaFeatures
from metallmix_kedro.report.pictures import draw_pictures
from metallmix_kedro.report.recommendation import Recommendation
from metallmix_kedro.report.report import render_report
from metallmix_kedro.report.terminal import render_summary
from metallmix_kedro.search_space import Configuration, SearchSpace
from tests import made_evidence
from tests import made_recommendation as made

PROMPTS = Path(__file__).parents[3] / "conf/prompts/recommendation"
IMAGE_WORDS = ("image", "backbone", "modality", "px", "fine-tuning", "pixel", "network")
USUAL = {"novelty": SimpleNamespace(is_unlike_all=False), "others": (), "n_train": None}


def declaration(shown: str) -> Declaration:
    return Declaration.model_validate(
        {
            "trained": "gradient boosted trees",
            "hyperparameters": {
                "rounds": {
                    "kind": "whole_number",
                    "words": "boosting rounds",
                    "unit": "rounds",
                    "values": [25, 100],
                    "shown": shown,
                },
                "penalty": {"kind": "number", "scale": "log_1p", "values": [0.0, 0.5]},
                "split_share": {
                    "kind": "number",
                    "words": "share of columns",
                    "unit": "share",
                    "values": [0.3, 1.0],
                },
            },
            "meta_features": {
                "n_instances": {
                    "kind": "whole_number",
                    "words": "number of rows",
                    "unit": "rows",
                    "phrase": "{value} rows",
                },
                "imbalance_ratio": {"kind": "log_number", "words": "class imbalance ratio"},
                "share_missing": {"kind": "number", "unit": "share"},
            },
        }
    )


@pytest.fixture(params=["detail", "title", "column"])
def tables(request: pytest.FixtureRequest) -> Iterator[dict[str, Any]]:
    """Another domain in force; what is given is a recommendation for images, stored before."""
    images = made.recommendation().model_dump(mode="json")
    with used(declaration(request.param)):
        yield images


def evidence() -> Evidence:
    known = MetaFeatures(n_instances=1770, imbalance_ratio=4.7, share_missing=0.08)
    first, second = Configuration.of(100, 0.5, 0.3), Configuration.of(25, 0.0, 1.0)
    parts = (
        TopFeature(feature="rounds", value="100", contribution=0.12),
        TopFeature(feature="split_share", value="0.3", contribution=-0.03),
    )
    candidates = (
        made_evidence.candidate("C1", first, 0.94, roles=("surrogate_best",), contributions=parts),
        made_evidence.candidate("C2", second, 0.9),
    )
    trials = [
        {
            "ref": "T1",
            "trial_id": "iris-1",
            "dataset": "iris",
            "distance": 0.5,
            "meta_features": known,
            "configuration": second,
            "metrics": {"test_accuracy": 0.91},
            "training_time_s": 3.0,
            "top_features": parts,
        }
    ]
    attribution = Attribution(feature="rounds", value="100", mean_contribution=0.1, n_trials=9)
    return Evidence.model_validate(
        {
            "target": Target(name="churn", meta_features=known),
            "trials": trials,
            "attributions": (attribution,),
            "candidates": candidates,
            "warnings": (),
        }
    )


def scored(shown: Evidence) -> pd.DataFrame:
    """Make a space of the candidates alone."""
    return pd.DataFrame(
        [{**one.configuration.as_dict(), **one.model_dump()} for one in shown.candidates]
    )


def test_the_prompt_names_what_is_trained_and_what_is_declared(tables: Any) -> None:
    texts = DecisionPrompts(**{path.stem: path.read_text() for path in PROMPTS.glob("*.txt")})
    shown, space = evidence(), SearchSpace(rounds=(25, 100), penalty=(0.0,), split_share=(0.3,))
    asked = texts.messages("free", shown, grid=grid_rows(space), may_cite=offered(shown, ["C1"]))

    (_, system), (_, human) = asked
    assert "training gradient boosted trees on a target" in system
    assert "A configuration is: rounds penalty split_share." in system
    assert "1770 rows, class imbalance ratio 4.7, share_missing 0.08" in human
    assert "contribution: rounds; split_share; average rounds" in human
    assert not [word for word in IMAGE_WORDS if word in system + human]


def test_every_claim_of_our_own_explanation_is_supported(tables: Any) -> None:
    shown = evidence()
    for one in shown.candidates:
        text = explain_from_attributions(shown, one.ref).text
        assert all(check.supported for check in check_explanation(text, shown, one.ref)), text
    assert "split_share" not in text
    assert "share of columns 1" in text


def test_claims_cite_what_is_declared(tables: Any) -> None:
    may_cite = offered(evidence(), ["C1"])
    assert may_cite["contribution"] == ["rounds", "split_share", "average rounds"]
    said = {one.cites: one for one in true_statements(evidence(), "C1")}
    assert "boosting rounds 100 contributes +0.120" in said["rounds"].text
    assert [fact.ref for fact in said["rounds"].facts] == ["C1.shap.rounds=100"]
    for text, supported in (
        (said["rounds"].text, True),
        (said["rounds"].text.replace("100", "25"), False),
        (said["rounds"].text.replace("+0.120", "+0.121"), False),
    ):
        checks = check_explanation(f"{text}.", evidence(), "C1")
        assert all(check.supported for check in checks) is supported


def test_report_and_terminal_speak_of_nothing_that_is_not_declared(tables: Any) -> None:
    shown = evidence()
    chosen = shown.candidates[0]
    stored = {
        **tables,
        "target": shown.target,
        "configuration": chosen.configuration,
        "chosen_ref": "C1",
        "evidence": shown,
        "pareto_front": (),
        "relative_training_times": {"C1": 1.0, "C2": 1.0},
        "learning_curves": None,
        "warnings": (),
        "checks": (),
        "explanation": "None.",
    }
    recommendation = Recommendation.model_validate(stored)
    figures = draw_pictures(recommendation, scored(shown))
    page = unescape(render_report(recommendation, figures)).partition("plotly.js")[0]
    written = StringIO()
    Console(width=120, file=written).print(render_summary(recommendation, "a", "b"))

    assert "1,770 rows" in page
    assert "Its meta-features" in page
    for text in (page.partition("<body>")[2], written.getvalue()):
        assert "100" in text
        assert not [word for word in IMAGE_WORDS if f" {word}" in text.casefold()]


def test_warnings_are_about_what_is_declared(tables: Any) -> None:
    known = MetaFeatures(n_instances=1770, imbalance_ratio=12.0, share_missing=0.08)
    parameters = DecisionParameters(few_datasets=1)
    described = SimpleNamespace(warnings=())
    target: Any = SimpleNamespace(name="mine", description=described, meta_features=known, **USUAL)
    table = pd.DataFrame({"source": ["imported"]})
    learned: Any = SimpleNamespace(objective="accuracy", history=History(table))
    allowed: Any = SimpleNamespace(unmeasured=())
    said = warn_about_target(target, learned, allowed, parameters)
    assert [text for text in said if "12.0 times the rows" in text]
    assert known_budget(table) is None


def test_nothing_is_restricted_where_no_network_is_searched(tables: Any) -> None:
    space = SearchSpace(rounds=(25, 100), penalty=(0.0,), split_share=(0.3,))
    row = {"rounds": 25, "penalty": 0.0, "split_share": 0.3, "dataset": "a", "score": 0.5}
    history = pd.DataFrame([{**row, "source": "imported", "proposer": "a", "status": "finished"}])

    assert allowed_space(space, Tried.of(history), "measured", 1) == AllowedSpace(space, ())
