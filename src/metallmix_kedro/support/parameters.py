"""Base of all parameter models: what is not known is refused, and nothing changes after loading."""

from pydantic import BaseModel, ConfigDict


class Parameters(BaseModel):
    """Base class of the typed parameters; unknown keys are errors, instances are immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True)
