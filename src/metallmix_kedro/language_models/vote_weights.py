"""What a model's votes are worth, as it was measured on datasets left out."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from metallmix_kedro.language_models.language_model import Identity
from metallmix_kedro.support import ArtifactError

MEASURE = (
    "kedro run --pipelines=evaluation --tags=llm_ablation "
    "--params=evaluation.llm_ablation.enabled=true"
)
"""Measures the model that ``recommendation.llm`` names."""


class VoteWeight(BaseModel):
    """A row of the table of measured models.

    ``weight`` is how much predicted relative score a unanimous vote makes up for, learned over
    ``n_datasets`` datasets; ``regret_with`` and ``regret_without`` are mean normalised regrets,
    each dataset with the weight learned on the others; ``consistency`` is the mean share of orders
    in which a model prefers the same candidate. It holds for one model (its digest, or its name
    where the server tells none), asked by one version of the prompt, and for one objective.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    digest: str | None
    prompt_sha256: str
    objective: str
    weight: float = Field(ge=0)
    n_datasets: int
    regret_with: float
    regret_without: float
    consistency: float | None
    measured_on: str
    history: str | None

    def is_of(self, identity: Identity, prompt_sha256: str, objective: str) -> bool:
        """Whether it was measured of this model, asked by this prompt, for this objective."""
        asked = (identity.digest or identity.name, prompt_sha256, objective)
        return (self.digest or self.model, self.prompt_sha256, self.objective) == asked


WEIGHT_COLUMNS = tuple(VoteWeight.model_fields)


class Heard(NamedTuple):
    """How much a model's vote weighs, and why."""

    weight: float
    why: str


def read_weights(rows: Iterable[Mapping[Any, Any]]) -> tuple[VoteWeight, ...]:
    """Read the table of measured models.

    Parameters
    ----------
    rows : iterable of mapping
        With `WEIGHT_COLUMNS`; what is missing is None or not a number.

    Raises
    ------
    ArtifactError
        If a row is not as documented.
    """
    try:
        return tuple(
            VoteWeight.model_validate({k: None if v != v else v for k, v in row.items()})
            for row in rows
        )
    except ValidationError as error:
        offence = error.errors()[0]
        raise ArtifactError(
            f"A row of the table of measured language models (llm_weights) cannot be read: "
            f"{offence['loc'][0]}: {offence['msg']}; mend or delete the row, or measure anew with: "
            f"{MEASURE}"
        ) from error


def heard(
    identity: Identity,
    prompt_sha256: str,
    objective: str,
    fixed: float | None,
    measured: Iterable[VoteWeight],
) -> Heard:
    """Say how much a model's vote weighs: what is fixed, else what was measured, else nothing.

    Parameters
    ----------
    identity : Identity
        Of the model.
    prompt_sha256 : str
        Of the prompt that it is asked by.
    objective : str
    fixed : float or None
        Parameter ``llm.vote_weight``.
    measured : iterable of VoteWeight
    """
    if fixed is not None:
        return Heard(fixed, f"its vote has the weight {fixed:g} (llm.vote_weight)")
    for row in measured:
        if row.is_of(identity, prompt_sha256, objective):
            return Heard(
                row.weight,
                f"its vote has the weight {row.weight:g}, measured on {row.n_datasets} datasets "
                f"(regret {row.regret_with:.3f} with it, {row.regret_without:.3f} without)",
            )
    return Heard(
        0.0,
        "its vote has the weight 0, because it was never measured with this prompt and objective; "
        f"measure it with: {MEASURE}",
    )
