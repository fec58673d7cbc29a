"""Evidence written by hand, with known right and wrong claims, and evidence of any kind."""

from typing import Any

from hypothesis import strategies as st

from metallmix_kedro.declared import configuration_columns
from metallmix_kedro.explanation.evidence import (
    Attribution,
    Candidate,
    Evidence,
    RetrievedTrial,
    Target,
    TopFeature,
)
from metallmix_kedro.explanation.reply import LLMReply
from metallmix_kedro.language_models.ballots import LETTERS, Ballot
from metallmix_kedro.language_models.parameters import LLMParameters
from metallmix_kedro.meta_features import MetaFeatures, compute_meta_features
from metallmix_kedro.search_space import Configuration, SearchSpace
from tests.fabricated import SPACE

XCEPTION = Configuration.of("Xception", "last_10", 512, 0.3, "adam", 1e-4, 32)
LITE = Configuration.of("EfficientNetLite0", "feature_extraction", 1024, 0.5, "rmsprop", 1e-3, 16)
MOBILE = Configuration.of("MobileNetV2_0.35", "full", 512, 0.5, "sgd", 1e-5, 32)


def top(feature: str, value: object, contribution: float) -> TopFeature:
    return TopFeature(feature=feature, value=str(value), contribution=contribution)


def candidate(ref: str, configuration: Configuration, score: float, **changes: Any) -> Candidate:
    usual: dict[str, Any] = {
        "roles": ("different",),
        "relative_score": round(score * 0.9, 4),
        "score": score,
        "score_low": round(score - 0.08, 4),
        "score_high": round(score + 0.05, 4),
        "training_time_s": 95.3,
        "training_time_low_s": 40.0,
        "training_time_high_s": 200.0,
        "contributions": (),
    }
    return Candidate(ref=ref, configuration=configuration, **{**usual, **changes})


def trial(ref: str, dataset: str, configuration: Configuration, accuracy: float) -> RetrievedTrial:
    number = int(ref[1:])
    return RetrievedTrial(
        ref=ref,
        trial_id=f"{dataset}-{number:05d}",
        dataset=dataset,
        distance=0.25 * number,
        meta_features=compute_meta_features({"a": 300 + number, "b": 200}, 224, 224, "CT"),
        configuration=configuration,
        metrics={
            "test_accuracy": accuracy,
            "test_precision": accuracy - 0.011,
            "test_recall": accuracy - 0.022,
            "test_f1": accuracy - 0.033,
        },
        training_time_s=30.0 + number,
        top_features=(top("backbone", configuration.backbone, 0.05 * number),),
    )


def hand_made(**changes: Any) -> Evidence:
    """Two candidates, three trials on two datasets, three attributions."""
    parts: dict[str, Any] = {
        "target": Target(
            name="lungs",
            meta_features=compute_meta_features(
                {"well": 400, "ill": 100, "unclear": 80}, 512, 480, "X-ray"
            ),
        ),
        "trials": (
            trial("T1", "chest_ct", XCEPTION, 0.912),
            trial("T2", "chest_ct", LITE, 0.934),
            trial("T3", "skin_isic", MOBILE, 0.601),
        ),
        "attributions": (
            Attribution(
                feature="learning_rate", value="0.001", mean_contribution=0.084, n_trials=41
            ),
            Attribution(
                feature="backbone", value="MobileNetV2_0.35", mean_contribution=-0.102, n_trials=39
            ),
            Attribution(feature="optimizer", value="adam", mean_contribution=0.021, n_trials=44),
        ),
        "candidates": (
            candidate(
                "C1",
                LITE,
                0.941,
                roles=("surrogate_best",),
                contributions=(
                    top("backbone", "EfficientNetLite0", 0.123),
                    top("learning_rate", 0.001, 0.077),
                    top("optimizer", "rmsprop", -0.031),
                ),
            ),
            candidate(
                "C2",
                XCEPTION,
                0.905,
                roles=("different", "best_on_average"),
                training_time_s=61.7,
                contributions=(
                    top("optimizer", "adam", 0.045),
                    top("learning_rate", 0.0001, -0.012),
                ),
            ),
        ),
        "warnings": (),
    }
    return Evidence(**{**parts, **changes})


def made_ballot(order: tuple[str, ...], choice: str | None, **changes: Any) -> Ballot:
    usual: dict[str, Any] = {
        "order": order,
        "choice": LETTERS[order.index(choice)] if choice in order else None,
        "log_probabilities": None,
        "raw": "",
        "thinking": None,
        "error": None if choice else "unreadable",
        "attempts": 1,
    }
    return Ballot(**{**usual, **changes})


def made_reply(raw: str | None = None, choice: str | None = "C2", **changes: Any) -> LLMReply:
    """A model that chose a candidate under both orders of the two, and explained it."""
    orders = (("C1", "C2"), ("C2", "C1"))
    usual = {
        "provider_used": "ollama",
        "model": "tiny:latest",
        "prompt_sha256": "0" * 64,
        "weight": OPEN.vote_weight,
        "weight_why": "its vote has the weight 1 (llm.vote_weight)",
        "ballots": tuple(made_ballot(order, choice) for order in orders),
        "explained_ref": choice or "C1",
        "raw": raw,
        "attempts": 1,
    }
    return LLMReply(**{**usual, **changes})


OPEN = LLMParameters(vote_weight=1)
"""Parameters under which a unanimous vote makes up for any prediction."""


_share = st.floats(0, 1, allow_nan=False)
_contribution = st.floats(-1, 1, allow_nan=False)
_seconds = st.floats(0.01, 1e6)
_name = st.one_of(
    st.sampled_from(["chest_ct", "best 10", "T1", "C2", "adam", "the", "99% accuracy", "n't"]),
    st.text(min_size=1, max_size=30),
)


@st.composite
def _meta_features(draw: st.DrawFn) -> MetaFeatures:
    sizes = draw(st.lists(st.integers(1, 10**6), min_size=2, max_size=5))
    side = st.floats(1, 5000)
    classes = {str(number): size for number, size in enumerate(sizes)}
    return compute_meta_features(classes, draw(side), draw(side), draw(_name))


@st.composite
def _configurations(draw: st.DrawFn, space: SearchSpace = SPACE) -> Configuration:
    values = {name: draw(st.sampled_from(getattr(space, name))) for name in configuration_columns()}
    return Configuration.from_mapping(values)


@st.composite
def _contributions(draw: st.DrawFn, configuration: Configuration) -> tuple[TopFeature, ...]:
    values = configuration.as_dict()
    names = draw(st.lists(st.sampled_from(configuration_columns()), unique=True))
    return tuple(top(name, values[name], draw(_contribution)) for name in names)


@st.composite
def _trials(draw: st.DrawFn, ref: str) -> RetrievedTrial:
    configuration = draw(_configurations())
    metrics = draw(st.dictionaries(st.sampled_from(["test_accuracy", "test_f1"]), _share))
    return RetrievedTrial(
        ref=ref,
        trial_id=ref,
        dataset=draw(_name),
        distance=draw(st.floats(0, 100)),
        meta_features=draw(_meta_features()),
        configuration=configuration,
        metrics=metrics,
        training_time_s=draw(_seconds),
        top_features=draw(_contributions(configuration)),
    )


@st.composite
def _candidates(draw: st.DrawFn, ref: str) -> Candidate:
    configuration = draw(_configurations())
    low, score, high = sorted(draw(st.tuples(_share, _share, _share)))
    return candidate(
        ref,
        configuration,
        score,
        score_low=low,
        score_high=high,
        training_time_s=draw(_seconds),
        roles=draw(st.sampled_from([("surrogate_best",), ("different", "best_on_average")])),
        contributions=draw(_contributions(configuration)),
    )


@st.composite
def evidences(draw: st.DrawFn) -> Evidence:
    """Evidence of any shape, with names that were chosen to confuse."""
    attributions = [
        Attribution(
            feature=part.feature,
            value=part.value,
            mean_contribution=part.contribution,
            n_trials=draw(st.integers(1, 1000)),
        )
        for part in draw(_contributions(draw(_configurations())))
    ]
    return Evidence(
        target=Target(name=draw(_name), meta_features=draw(_meta_features())),
        trials=tuple(draw(_trials(f"T{n}")) for n in range(1, draw(st.integers(0, 4)) + 1)),
        attributions=tuple(attributions),
        candidates=tuple(draw(_candidates(f"C{n}")) for n in range(1, draw(st.integers(1, 4)) + 1)),
        warnings=(),
    )
