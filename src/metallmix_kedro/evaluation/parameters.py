"""Parameters of the evaluation, and of what is asked of language models beside it."""

from typing import Annotated, Literal, get_args

from pydantic import Field, model_validator

from metallmix_kedro.language_models import ModelName, ServerParameters
from metallmix_kedro.support import Parameters

MethodName = Literal[
    "surrogate",
    "short_list",
    "one_probe",
    "all_probes",
    "probed_short_list",
    "own_trials",
    "probed_own_trials",
    "best_on_average",
    "best_by_rank",
    "nearest_neighbour",
    "three_nearest_neighbours",
    "greedy_portfolio",
    "surrogate_raw_accuracy",
    "pairwise_ranker",
    "transferability",
    "random_pick",
    "random_search",
    "bayesian_search",
]
"""Names of the methods; `evaluation.methods.methods.METHODS` says what they do."""

ProtocolName = Literal["leave_one_dataset_out", "leave_one_modality_out"]
"""Names of the protocols; `evaluation.protocols.protocols` says what training loses."""

MAIN: ProtocolName = "leave_one_dataset_out"
"""The protocol that tables and pictures are of, unless they say otherwise."""

Condition = Literal[
    "surrogate",
    "random_short_list",
    "llm_open",
    "llm_no_shap",
    "llm_no_retrieval",
    "llm_no_scores",
    "llm_free",
]
"""`judging.ablation` says what each leaves out."""

CONDITIONS: tuple[Condition, ...] = get_args(Condition)

Repetitions = Annotated[int, Field(ge=1, le=100_000)]


class LLMAblationParameters(Parameters):
    """What is compared, for which models and datasets; how they are asked is `recommendation.llm`.

    A talk with a 7B model takes minutes on a CPU, so nothing is measured unless it is switched on.
    """

    enabled: bool = Field(False, description="Whether anything is measured.")
    models: tuple[ModelName, ...] = Field(
        (),
        description="Models of the server, or GGUF files by their path; one that is not there is "
        "skipped and named. Empty: the one that recommendation.llm finds.",
    )
    conditions: Annotated[tuple[Condition, ...], Field(min_length=1)] = Field(
        CONDITIONS, description="What is compared, in the order it is measured."
    )
    datasets: tuple[str, ...] = Field(
        (), description="Datasets left out, one at a time; empty: all that can be scored."
    )
    judged: bool = Field(True, description="Whether evaluation.judge scores every explanation.")


class TuningSetParameters(Parameters):
    """How many examples are made of each dataset left out (`judging.tuning_set`)."""

    n_choices: int = Field(
        12, ge=1, le=10_000, description="Lists of candidates of a dataset, drawn at random."
    )
    n_explanations: int = Field(
        4, ge=0, le=10_000, description="Of so many of these lists the best is also explained."
    )
    test_share: float = Field(
        0.2, ge=0, le=0.9, description="Share of the datasets that are kept for testing."
    )


class JudgeParameters(ServerParameters):
    """How a second language model scores a recommendation (paper, section 2.4)."""

    model: ModelName = Field(
        "mistral:7b",
        description="Name of a model the server has; best another than the one that wrote.",
    )
    alternatives: tuple[ModelName, ...] = Field(
        (
            "qwen2.5-coder:7b",
            "gemma3:4b",
            "llama3.1:8b",
            "qwen3:8b",
            "deepseek-r1:7b",
            "codegemma:7b",
            "codellama:7b",
            "deepseek-coder:6.7b",
        ),
        description="Models that judge, in this order, where `model` is not there or wrote.",
    )
    seed: int = Field(42, ge=0, le=2**31 - 1, description="Of the damage and of the bootstrap.")
    timeout_s: float = Field(180.0, gt=0, le=3600, description="Seconds for one rating.")
    n_checked: int = Field(
        0,
        ge=0,
        le=1000,
        description=(
            "Good explanations, of targets all over the history, of which damaged versions are "
            "made to judge the judge; each costs 9 ratings, kept between runs; 30 or more tell "
            "something. 0: it is not checked, and its scores are marked so."
        ),
    )
    min_auc: float = Field(
        0.7,
        ge=0.5,
        le=1,
        description="The 95 % interval of how well a judge tells good from damaged (AUC) has to "
        "lie above it for its scores to count.",
    )
    min_score: float = Field(
        2.0,
        ge=0,
        le=4,
        description="A model's explanation that a usable judge gives less than this on average "
        "gives way to the one made from the SHAP values.",
    )


class EvaluationParameters(Parameters):
    """How methods are compared; ``docs/evaluation_protocol.md`` defines every word."""

    seed: int = Field(42, ge=0, le=2**31 - 1, description="Seed of searches and bootstraps.")
    source: Literal["measured", "imported"] = Field(
        "measured",
        description="Source of the trials that are replayed; all sources are learned from.",
    )
    protocols: tuple[ProtocolName, ...] = Field(
        get_args(ProtocolName),
        description="What training loses; leave_one_dataset_out is always among them.",
    )
    methods: tuple[MethodName, ...] = Field(
        get_args(MethodName),
        min_length=1,
        description="Methods that are compared, in the order of the pictures.",
    )
    targets: tuple[str, ...] | None = Field(
        None, description="Datasets that are scored, by name; null: all that can be."
    )
    held_back: tuple[str, ...] = Field(
        (),
        description="Datasets that are neither scored nor learned from: what is decided about the "
        "decision is chosen without them.",
    )
    min_trials: int = Field(
        5, ge=2, description="A dataset with fewer recorded trials is not scored."
    )
    n_trials: int = Field(
        20, ge=1, le=10_000, description="Trials a search may run (the paper's searches: 20)."
    )
    n_initial: int = Field(
        5, ge=2, le=10_000, description="Random trials with which Bayesian optimisation begins."
    )
    n_random_seeds: Repetitions = Field(200, description="Repetitions of what is random.")
    n_bayesian_seeds: Repetitions = Field(
        20, description="Repetitions of Bayesian optimisation (about 0.4 s each for a dataset)."
    )
    n_bootstrap: Repetitions = Field(
        2000, description="Bootstrap draws of datasets behind the interval of a mean regret."
    )
    level: float = Field(0.95, ge=0.5, le=0.999, description="Level of that interval.")
    llm_ablation: LLMAblationParameters = Field(
        default_factory=LLMAblationParameters,
        description="Whether and of what the help of language models is measured.",
    )
    tuning_set: TuningSetParameters = Field(
        default_factory=TuningSetParameters,
        description="Examples to tune a language model on, made of recorded outcomes.",
    )
    judge: JudgeParameters = Field(
        default_factory=JudgeParameters, description="The language model that judges."
    )

    @model_validator(mode="after")
    def _fits_together(self) -> "EvaluationParameters":
        if self.n_initial > self.n_trials:
            raise ValueError(
                f"n_initial ({self.n_initial}) is above n_trials ({self.n_trials}): Bayesian "
                "optimisation would never get to its model"
            )
        for name, values in (("methods", self.methods), ("protocols", self.protocols)):
            if len(set(values)) != len(values):
                raise ValueError(f"{name} names one twice")
        if MAIN not in self.protocols:
            raise ValueError(f"protocols lacks {MAIN}, which the tables and pictures are of")
        return self
