"""Parameters of the judge."""

from pydantic import Field

from metallmix_kedro.recommendation.llm_parameters import ModelName, Provider, ServerParameters


class JudgeParameters(ServerParameters):
    """How a second language model scores a recommendation (paper, section 2.4)."""

    provider: Provider = Field(
        "auto",
        description=(
            "auto: Ollama if a server answers, else there is no verdict; "
            "ollama: a server that does not answer is an error; none: nothing is judged."
        ),
    )
    model: ModelName = Field(
        "mistral:7b",
        description="Name of a model the server has; best another than the one that wrote.",
    )
    temperature: float = Field(
        0.3, ge=0, le=2, description="Above 0, or several runs would say the same."
    )
    seed: int = Field(42, ge=0, le=2**31 - 1, description="Run number i has the seed `seed` + i.")
    timeout_s: float = Field(180.0, gt=0, le=3600, description="Seconds for one run of the judge.")
    n_runs: int = Field(3, ge=1, le=20, description="How often each recommendation is judged.")
