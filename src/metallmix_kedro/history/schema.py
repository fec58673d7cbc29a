"""The schema of the history (the paper's meta-dataset, section 2.1 and Figure 2)."""

import pandas as pd
import pandera.pandas as pa

from metallmix_kedro.declared import Feature, Hyperparameter, derived, features, network
from metallmix_kedro.history.columns import DETAILS, METRICS, PROTOCOL, SOURCES, TIMES


def _unit_interval() -> pa.Column:
    return pa.Column("float64", pa.Check.in_range(0, 1), nullable=True)


def _text(nullable: bool = True, check: pa.Check | None = None) -> pa.Column:
    return pa.Column("str", check, nullable=nullable)


def _number() -> pa.Column:
    return pa.Column("float64", pa.Check.ge(0), nullable=True)


def _truth() -> pa.Column:
    return pa.Column("boolean", nullable=True)


_OF_KIND = {"number": _number, "text": _text, "truth": _truth}


def _declared(name: str, feature: Feature) -> pa.Column:
    """Make the column of a meta-feature or hyperparameter.

    What kind of dataset it is and which network was used is known of every trial.
    """
    if not feature.is_number:
        return _text(nullable=isinstance(feature, Hyperparameter) and name != network())
    check = None if feature.minimum is None else pa.Check.ge(feature.minimum)
    return pa.Column("float64", check, nullable=True)


@derived
def history_schema() -> pa.DataFrameSchema:
    """Make what every stored history satisfies: unique trials, scores in [0, 1], no other column.

    Meta-features and hyperparameters are missing where a source does not give them: the paper's
    published outcomes name a backbone only.
    """
    return pa.DataFrameSchema(
        {
            "trial_id": pa.Column("str", nullable=False, unique=True),
            "dataset": _text(nullable=False),
            "source": _text(nullable=False, check=pa.Check.isin(SOURCES)),
            "proposer": _text(nullable=False),
            "status": _text(nullable=False, check=pa.Check.isin(("finished", "failed"))),
            "error": _text(),
            **{name: _declared(name, one) for name, one in features().items()},
            **{metric: _unit_interval() for metric in METRICS},
            **{f"{metric}_std": _unit_interval() for metric in METRICS},
            **{name: _number() for name in (*TIMES, "epochs_run")},
            "data_hash": _text(),
            **{name: _text() for name in DETAILS},
            **{name: _OF_KIND[kind]() for name, kind in PROTOCOL.items()},
        },
        strict=True,
        ordered=False,
        coerce=True,
        name="history",
    )


def validated(history: pd.DataFrame) -> pd.DataFrame:
    """Check a history before it is stored (named in the catalog)."""
    return history_schema().validate(history)
