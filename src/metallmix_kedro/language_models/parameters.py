"""Parameters of the talk with a language model."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from metallmix_kedro.language_models.address import read_address
from metallmix_kedro.support import FilePath, Parameters

Provider = Literal["auto", "ollama", "openai", "embedded", "none"]
ModelName = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[\w./:@-]+$")]
BaseUrl = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(read_address)]


class EmbeddedParameters(Parameters):
    """A model that runs inside this process (llama.cpp, extra ``embedded``), without a server."""

    path: FilePath | None = Field(
        None, description="A GGUF file on this machine; with url, where the download is kept."
    )
    url: Annotated[str, Field(pattern=r"^https?://\S+$", max_length=1000)] | None = Field(
        None, description="Where the GGUF file is fetched from once, if `path` is not there."
    )
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = Field(
        None, description="Checksum of the file; needed to download one."
    )
    adapter: FilePath | None = Field(
        None, description="A LoRA adapter (GGUF) for the model, see docs/language_models.md."
    )
    adapter_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = Field(
        None, description="Checksum of the adapter."
    )

    @model_validator(mode="after")
    def _a_download_is_checked(self) -> "EmbeddedParameters":
        if self.url is not None and self.sha256 is None:
            raise ValueError("embedded.url needs embedded.sha256: what is downloaded is checked")
        if self.adapter_sha256 is not None and self.adapter is None:
            raise ValueError("embedded.adapter_sha256 needs embedded.adapter, the file it is of")
        return self

    @property
    def configured(self) -> bool:
        """Whether a model is named at all."""
        return self.path is not None or self.url is not None

    @property
    def file(self) -> Path:
        """Where the file is, or will be once it is downloaded."""
        if self.path is not None:
            return Path(self.path).expanduser()
        name = (self.url or "").split("?")[0].rstrip("/").rpartition("/")[2] or "model.gguf"
        return Path("~/.cache/metallmix-kedro/models").expanduser() / name


class ServerParameters(Parameters):
    """Which model is asked, where it runs and how long one waits; shared with the judge."""

    provider: Provider = Field(
        "auto",
        description=(
            "auto: Ollama if a server answers and has the model, else the embedded model if one "
            "is configured, else none; ollama, openai (a server at base_url that speaks OpenAI's "
            "protocol, extra openai), embedded: what cannot be had is an error; none: no model is "
            "asked."
        ),
    )
    model: ModelName = Field(
        "qwen2.5-coder:7b", description="Name of a model the server has, as `ollama list` says it."
    )
    base_url: BaseUrl | None = Field(
        None,
        description=(
            "Address of the server, host:port will do; null: the variable OLLAMA_HOST, else "
            "127.0.0.1:11434. Proxies of the environment are not used."
        ),
    )
    connect_timeout_s: float = Field(
        1.0, gt=0, le=60, description="Seconds within which the server has to say its version."
    )
    embedded: EmbeddedParameters = Field(
        default_factory=EmbeddedParameters,
        description="A model inside this process, for people without a server.",
    )
    think: bool = Field(
        False,
        description=(
            "Whether a reasoning model may think aloud before it answers; what it thinks is "
            "recorded and is no part of the answer."
        ),
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
        description="Tokens the model holds at once; the prompt has about 900.",
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

    @model_validator(mode="after")
    def _a_server_is_named(self) -> "ServerParameters":
        if self.provider == "openai" and self.base_url is None:
            raise ValueError("provider openai needs base_url, for example http://127.0.0.1:8000")
        return self


class LLMParameters(ServerParameters):
    """How the language model is asked for the decision (paper, section 2.3).

    The default model is the one of the paper's nine that did best there over its eight datasets:
    ``qwen2.5-coder:7b`` has the highest mean accuracy (0.861), the best mean rank (3.0) and the
    highest judge scores; ``gemma3:4b`` is the smallest and fastest (mean accuracy 0.850).
    """

    mode: Literal["short_list", "free"] = Field(
        "short_list",
        description=(
            "short_list: the model chooses among the candidates; free: it composes a "
            "configuration of the whole search space, as in the paper, for comparison."
        ),
    )
    vote_weight: float | None = Field(
        None,
        ge=0,
        le=1000,
        description=(
            "How much predicted relative score a unanimous vote of the model makes up for; null: "
            "what was measured of it, 0 for a model never measured. 0: no vote is asked for."
        ),
    )
    temperature: float = Field(
        0.0, ge=0, le=2, description="0: the model's most likely reply, always the same."
    )
    explanation_temperature: float = Field(
        0.8,
        ge=0,
        le=2,
        description=(
            "That of the explanation, whose claims are true whatever is sampled; at 0 a small "
            "model says the same of every dataset."
        ),
    )
    seed: int = Field(42, ge=0, le=2**31 - 1, description="Seed of sampling.")
    retries: int = Field(
        1, ge=0, le=5, description="How often a reply that cannot be used is asked for again."
    )
    min_kept_share: float = Field(
        0.5,
        ge=0,
        le=1,
        description=(
            "Share of the explanation's claims that must hold of the candidate; below it the "
            "explanation made from the attributions is shown instead."
        ),
    )
