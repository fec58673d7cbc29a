"""Parameters of the talk with a language model."""

from typing import Annotated, Literal

from pydantic import Field

from metallmix_kedro.parameters import Parameters

Provider = Literal["auto", "ollama", "none"]
ModelName = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[\w./:@-]+$")]
BaseUrl = Annotated[str, Field(pattern=r"^https?://[^\s/?#@]+(/[^\s?#]*)?$", max_length=500)]


class ServerParameters(Parameters):
    """Where a model is served and how long one waits for it; shared with the judge."""

    base_url: BaseUrl = Field(
        "http://127.0.0.1:11434",
        description="Address of the Ollama server; proxies of the environment are not used.",
    )
    connect_timeout_s: float = Field(
        1.0, gt=0, le=60, description="Seconds within which the server has to say its version."
    )
    timeout_s: float = Field(
        180.0,
        gt=0,
        le=3600,
        description="Seconds for everything the model is asked, a retry included.",
    )
    num_ctx: int = Field(
        4096,
        ge=1024,
        le=131072,
        description="Tokens the model holds at once; the prompt has about 1,500.",
    )
    num_predict: int = Field(
        700, ge=64, le=16384, description="Most tokens the model may write in one reply."
    )
    num_thread: int | None = Field(
        None,
        ge=1,
        le=1024,
        description=(
            "Threads the model computes with; null: the server decides. Where other programs keep "
            "the processors busy, fewer are many times faster, because the threads wait for each "
            "other at every step."
        ),
    )


class LLMParameters(ServerParameters):
    """How the language model is asked for the decision (paper, section 2.3).

    The default model is the one of the paper's nine that did best there over its eight datasets:
    ``qwen2.5-coder:7b`` has the highest mean accuracy (0.861), the best mean rank (3.0) and the
    highest judge scores; ``gemma3:4b`` is the smallest and fastest (mean accuracy 0.850).
    """

    provider: Provider = Field(
        "auto",
        description=(
            "auto: Ollama if a server answers, else the surrogate decides; "
            "ollama: a server that does not answer is an error; none: no model is asked."
        ),
    )
    model: ModelName = Field(
        "qwen2.5-coder:7b", description="Name of a model the server has, as `ollama list` says it."
    )
    temperature: float = Field(
        0.0, ge=0, le=2, description="0: the model's most likely reply, always the same."
    )
    seed: int = Field(42, ge=0, le=2**31 - 1, description="Seed of the model's sampling.")
    retries: int = Field(
        1, ge=0, le=5, description="How often a reply that cannot be used is asked for again."
    )
    min_kept_share: float = Field(
        0.5,
        ge=0,
        le=1,
        description=(
            "Share of the explanation's sentences that must survive the check against the "
            "evidence; below it the explanation made from the attributions is shown instead."
        ),
    )
