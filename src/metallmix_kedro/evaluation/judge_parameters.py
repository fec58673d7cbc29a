"""Parameters of the judge."""

from pydantic import Field

from metallmix_kedro.language_models import ModelName, ServerParameters


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
    temperature: float = Field(
        0.3, ge=0, le=2, description="Above 0, or several runs would say the same."
    )
    seed: int = Field(42, ge=0, le=2**31 - 1, description="Run number i has the seed `seed` + i.")
    timeout_s: float = Field(180.0, gt=0, le=3600, description="Seconds for one run of the judge.")
    n_runs: int = Field(3, ge=1, le=20, description="How often each recommendation is judged.")
    n_checked: int = Field(
        0,
        ge=0,
        le=100,
        description=(
            "Good explanations of which damaged versions are made to judge the judge; each costs "
            "8 times n_runs ratings, kept between runs. 0: it is not checked, and its scores are "
            "marked so."
        ),
    )
    min_auc: float = Field(
        0.7,
        ge=0.5,
        le=1,
        description="How well a judge has to tell good from damaged (AUC) for its scores to count.",
    )
