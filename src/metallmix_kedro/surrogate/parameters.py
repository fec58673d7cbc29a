"""Parameters of the meta-learner (paper, section 2.2)."""

from typing import Annotated

from pydantic import Field, PlainSerializer

from metallmix_kedro.support import Parameters

# A set's own order differs from process to process, and what is written out is compared and hashed.
Overlapping = Annotated[frozenset[str], PlainSerializer(sorted, return_type=list[str])]


class BoostingParameters(Parameters):
    """How one XGBoost model is grown.

    The names are XGBoost's own. The defaults grow many small trees: with a dozen datasets, a deep
    tree would learn the datasets by heart.
    """

    n_rounds: Annotated[int, Field(ge=1, le=10_000, description="Number of trees.")] = 250
    eta: Annotated[float, Field(gt=0, le=1, description="Share of each tree that is added.")] = 0.05
    max_depth: Annotated[int, Field(ge=1, le=16, description="Splits from root to leaf.")] = 4
    min_child_weight: Annotated[
        float, Field(ge=0, le=1e6, description="Least weight of trials in a leaf.")
    ] = 5.0
    subsample: Annotated[
        float, Field(gt=0, le=1, description="Share of trials each tree is grown on.")
    ] = 0.8
    colsample_bynode: Annotated[
        float, Field(gt=0, le=1, description="Share of columns each split may use.")
    ] = 0.5
    reg_lambda: Annotated[
        float, Field(ge=0, le=1e6, description="L2 penalty on the leaves' values.")
    ] = 5.0


class MetaLearningParameters(Parameters):
    """Parameters of the pipeline ``meta_learning``."""

    seed: Annotated[
        int, Field(ge=0, le=2**31 - 1, description="Seed of the trees' subsampling.")
    ] = 42
    score_model: Annotated[
        BoostingParameters,
        Field(description="The model of the relative score."),
    ] = BoostingParameters(
        n_rounds=400, max_depth=3, eta=0.02, min_child_weight=8.0, colsample_bynode=0.3
    )
    time_model: Annotated[
        BoostingParameters, Field(description="The model of the logarithm of the training time.")
    ] = BoostingParameters()
    max_trials: Annotated[
        int,
        Field(
            ge=100,
            description="Trees are grown, and intervals calibrated, on no more trials than this, "
            "drawn evenly over the datasets.",
        ),
    ] = 20_000
    interval_level: Annotated[
        float, Field(ge=0.5, le=0.99, description="Share of trials the intervals shall cover.")
    ] = 0.9
    published_weight: Annotated[
        float,
        Field(ge=0, le=1, description="Weight of a published trial next to a measured one."),
    ] = 0.2
    max_folds: Annotated[
        int,
        Field(
            ge=3,
            le=1000,
            description="With more datasets than this, several are left out at a time.",
        ),
    ] = 10
    overlapping: Annotated[
        tuple[Overlapping, ...],
        Field(
            description="Groups of datasets that share images: they are left out together, here "
            "and in the evaluation."
        ),
    ] = ()
    n_threads: Annotated[
        int, Field(ge=1, le=256, description="Models fitted at the same time.")
    ] = 2
