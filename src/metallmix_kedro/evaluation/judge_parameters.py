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
