"""Finding a language model: Ollama, then an embedded one, then none; always saying which."""

from collections.abc import Callable

from metallmix_kedro.language_models.embedded_model import EmbeddedModel
from metallmix_kedro.language_models.language_model import LanguageModel, LLMUnavailableError
from metallmix_kedro.language_models.parameters import ServerParameters
from metallmix_kedro.language_models.served_model import ollama_model, openai_model
from metallmix_kedro.support import MissingExtraError


def _embedded(parameters: ServerParameters) -> LanguageModel:
    if not parameters.embedded.configured:
        raise LLMUnavailableError(
            "No embedded model is configured: set llm.embedded.path to a GGUF file, or "
            "llm.embedded.url and llm.embedded.sha256."
        )
    return EmbeddedModel(parameters)


_FIND: dict[str, Callable[[ServerParameters], LanguageModel]] = {
    "ollama": ollama_model,
    "openai": openai_model,
    "embedded": _embedded,
}


def connect(parameters: ServerParameters) -> LanguageModel:
    """Return the model that the parameters name, ready to be asked.

    With ``provider: auto`` Ollama is tried first, then the embedded model if one is configured.

    Parameters
    ----------
    parameters : ServerParameters

    Raises
    ------
    LLMUnavailableError
        If there is none; the message says what was tried and what each lacks.
    """
    if parameters.provider == "none":
        raise LLMUnavailableError("no language model was asked (llm.provider is none)")
    if parameters.provider != "auto":
        return _tried(parameters.provider, parameters)
    try:
        return _tried("ollama", parameters)
    except LLMUnavailableError as error:
        if not parameters.embedded.configured:
            raise
        without_ollama = str(error)
    try:
        return _tried("embedded", parameters)
    except LLMUnavailableError as error:
        raise LLMUnavailableError(f"{without_ollama}; the embedded model: {error}") from error


def _tried(provider: str, parameters: ServerParameters) -> LanguageModel:
    """Find a model; whatever goes wrong on the way means that there is none."""
    try:
        return _FIND[provider](parameters)
    except (LLMUnavailableError, MissingExtraError):
        raise
    except Exception as error:  # of a client, of its imports, of what the environment does to them
        why = " ".join(str(error).split())[:300]
        raise LLMUnavailableError(
            f"The language model cannot be reached ({type(error).__name__}: {why})."
        ) from error
