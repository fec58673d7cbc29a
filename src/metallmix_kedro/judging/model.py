"""Which model judges: another than the one that wrote, where one is installed."""

from metallmix_kedro.evaluation import JudgeParameters
from metallmix_kedro.language_models import LanguageModel, LLMUnavailableError, connect


def find_judge(parameters: JudgeParameters, writer: str | None) -> LanguageModel:
    """Return the first model that is there and did not write what is judged.

    Tried are ``model``, then ``alternatives``; if all that are there wrote it, the first of them
    judges its own work, and the verdict says so.

    Parameters
    ----------
    parameters : JudgeParameters
    writer : str or None
        Digest of the model that wrote the explanation; None if no model did.

    Raises
    ------
    LLMUnavailableError
        If there is none.
    """
    first_error: LLMUnavailableError | None = None
    own: LanguageModel | None = None
    for name in dict.fromkeys((parameters.model, *parameters.alternatives)):
        try:
            model = connect(parameters.model_copy(update={"model": name}))
        except LLMUnavailableError as error:
            first_error = first_error or error
            if "has no model" not in str(error):
                break  # No server: the others cannot be there either.
            continue
        if writer is None or model.identity.digest != writer:
            return model
        own = own or model
        if model.identity.provider == "embedded":
            break  # The same one for every name.
    if own is not None:
        return own
    raise first_error or LLMUnavailableError("no judge was found")
