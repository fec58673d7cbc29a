"""Evidence and recommendations made from the fabricated history, each built once."""

from functools import cache
from typing import Any

import faiss
import pandas as pd

from metallmix_kedro.attribution.values import readable_value
from metallmix_kedro.decision import LearningCurves, gather, prospects, scoring
from metallmix_kedro.decision.pareto import pareto_front
from metallmix_kedro.decision.prospects import Prospects
from metallmix_kedro.decision.target import Learned, Target
from metallmix_kedro.explanation.claims import Check
from metallmix_kedro.explanation.evidence import Evidence
from metallmix_kedro.explanation.reply import Decision, LLMReply
from metallmix_kedro.history import History
from metallmix_kedro.history.objective import with_score
from metallmix_kedro.meta_features import MetaFeatures, compute_meta_features
from metallmix_kedro.meta_features.probes.columns import as_table
from metallmix_kedro.meta_features.target import TargetDescription
from metallmix_kedro.report.parameters import RecommendationParameters
from metallmix_kedro.report.pareto_picture import Figure
from metallmix_kedro.report.pictures import draw_pictures
from metallmix_kedro.report.recommendation import Recommendation, recommend
from metallmix_kedro.report.report import render_report
from metallmix_kedro.retrieval.index import build_index
from metallmix_kedro.retrieval.search import retrieve
from metallmix_kedro.surrogate.fit import fit_surrogate
from metallmix_kedro.surrogate.model import Surrogate
from metallmix_kedro.surrogate.parameters import BoostingParameters, MetaLearningParameters
from tests.fabricated import SPACE, fabricate_history

PARAMETERS = RecommendationParameters()
HAND_X_RAYS = TargetDescription(
    name="hand_x_rays",
    meta_features=compute_meta_features(
        {"normal": 820, "fracture": 610, "arthritis": 410}, 180, 160, "X-ray"
    ),
)
EXPLANATION = (
    "EfficientNetLite0 has the highest predicted accuracy of the short list.\n"
    "A learning rate of 1e-3 raises the relative score."
)


@cache
def history() -> pd.DataFrame:
    return with_score(fabricate_history(n_datasets=6, n_trials=40), "accuracy")


@cache
def surrogate() -> Surrogate:
    few = BoostingParameters(n_rounds=40, eta=0.2)
    parameters = MetaLearningParameters(score_model=few, time_model=few, n_threads=1)
    return fit_surrogate(history(), parameters, seed=0)


@cache
def index() -> tuple[faiss.Index, dict[str, Any]]:
    return build_index(history())


@cache
def attribution_by_value() -> pd.DataFrame:
    """Mean contributions by value, as the explainability pipeline makes them."""
    contributions = surrogate().contributions(history())
    return pd.DataFrame(
        [
            {
                "feature": feature,
                "value": readable_value(feature, value),
                "mean_contribution": contributions.loc[rows.index, feature].mean(),
                "n_trials": len(rows),
            }
            for feature in ("backbone", "strategy", "learning_rate", "optimizer", "modality")
            for value, rows in history().groupby(feature)
        ]
    )


@cache
def trial_top_features() -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "trial_id": trial_id,
                "rank": rank,
                "feature": feature,
                "value": "adam",
                "contribution": 0.3 / rank,
            }
            for trial_id in history()["trial_id"]
            # Stored in no particular order.
            for rank, feature in ((2, "optimizer"), (1, "backbone"), (3, "dropout"))
        ]
    )


def similar_to(target: MetaFeatures, **settings: Any) -> Any:
    return retrieve(*index(), history(), target, **settings)


@cache
def learned() -> Learned:
    return learned_from(history())


def learned_from(trials: pd.DataFrame, **changes: Any) -> Learned:
    """A history with what was learned from the fabricated one."""
    return Learned(History.scored(trials, "accuracy"), surrogate(), *index(), **changes)


def known(description: TargetDescription = HAND_X_RAYS, what: Learned | None = None) -> Target:
    return Target.known(description, as_table([]), what or learned())


@cache
def foreseen(target: TargetDescription = HAND_X_RAYS) -> Prospects:
    return prospects.foresee(known(target), learned(), SPACE)


def scored_space(target: TargetDescription = HAND_X_RAYS) -> pd.DataFrame:
    return foreseen(target).scored


@cache
def evidence(target: TargetDescription = HAND_X_RAYS) -> Evidence:
    return gather.gather_evidence(
        known(target),
        learned(),
        scoring.allowed_space(SPACE, learned().history.tried, "measured"),
        gather.number_trials(similar_to(target.meta_features), trial_top_features()),
        prospects.list_candidates(foreseen(target), surrogate(), PARAMETERS),
        attribution_by_value(),
        PARAMETERS,
    )


def as_sure(shown: Evidence, half_width: float) -> Evidence:
    """The evidence with intervals that reach so far on either side of the score, within [0, 1]."""
    candidates = [
        one.model_copy(
            update={
                "score_low": max(one.score - half_width, 0.0),
                "score_high": min(one.score + half_width, 1.0),
            }
        )
        for one in shown.candidates
    ]
    return shown.model_copy(update={"candidates": tuple(candidates)})


def figures(shown: Recommendation) -> dict[str, Figure]:
    return draw_pictures(shown, scored_space())


def page(shown: Recommendation) -> str:
    return render_report(shown, figures(shown))


def reply(**changes: Any) -> LLMReply:
    nothing = {"provider_used": "none", "prompt_sha256": "0" * 64, "error": "no server answers"}
    return LLMReply.model_validate({**nothing, **changes})


def decision(**changes: Any) -> Decision:
    checks = (
        Check(
            sentence=EXPLANATION.split("\n")[0],
            kind="comparison",
            found="highest predicted accuracy",
            supported=True,
            evidence="C1.score",
        ),
        Check(
            sentence="It reaches 99.9 %.",
            kind="unknown",
            found="99.9 %",
            supported=False,
            note="no number of the evidence",
        ),
    )
    usual = {
        "chosen_ref": "C1",
        "decided_by": "surrogate",
        "reason": "no server answers at http://127.0.0.1:11434",
        "choice": None,
        "explanation": EXPLANATION,
        "explanation_by": "attributions",
        "checks": checks,
    }
    return Decision.model_validate({**usual, **changes})


def recommendation(
    shown: Evidence | None = None,
    answer: LLMReply | None = None,
    curves: LearningCurves | None = None,
    **changes: Any,
) -> Recommendation:
    return recommend(
        shown or evidence(),
        answer or reply(),
        decision(**changes),
        card=surrogate().card,
        front=pareto_front(scored_space()),
        curves=curves,
        parameters=PARAMETERS,
        input_versions={"history": "2026-01-01T00.00.00.000Z", "evidence": "b"},
    )
