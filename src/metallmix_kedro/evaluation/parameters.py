"""Parameters of the evaluation."""

from typing import Annotated, Literal, get_args

from pydantic import Field, model_validator

from metallmix_kedro.evaluation.ablation_parameters import LLMAblationParameters
from metallmix_kedro.evaluation.judge_parameters import JudgeParameters
from metallmix_kedro.evaluation.tuning_parameters import TuningSetParameters
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

Repetitions = Annotated[int, Field(ge=1, le=100_000)]


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
