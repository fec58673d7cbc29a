"""Parameters of the examples that a language model can be tuned on."""

from pydantic import Field

from metallmix_kedro.support import Parameters


class TuningSetParameters(Parameters):
    """How many examples are made of each dataset left out (`judging.tuning_set`)."""

    n_choices: int = Field(
        12, ge=1, le=10_000, description="Lists of candidates of a dataset, drawn at random."
    )
    n_explanations: int = Field(
        4, ge=0, le=10_000, description="Of so many of these lists the best is also explained."
    )
    test_share: float = Field(
        0.2, ge=0, le=0.9, description="Share of the datasets that are kept for testing."
    )
