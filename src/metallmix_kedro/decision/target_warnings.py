"""What a user should know before trusting a recommendation for this target."""

from collections.abc import Iterator, Sequence

import pandas as pd

from metallmix_kedro.decision.parameters import DecisionParameters
from metallmix_kedro.decision.scoring import AllowedSpace
from metallmix_kedro.decision.target import Learned, Target
from metallmix_kedro.declared import meta_features, network
from metallmix_kedro.explanation import Budget
from metallmix_kedro.history import MEASURES, Objective
from metallmix_kedro.meta_features import MetaFeatures
from metallmix_kedro.retrieval import IndexEntry, Novelty

BUDGET = ("subset_size", "image_size")
"""Columns of the history that tell how much a trial was given."""


def warn_about_target(
    target: Target, learned: Learned, allowed: AllowedSpace, parameters: DecisionParameters
) -> tuple[str, ...]:
    """Say what to beware of: in the target's data, its place in the history, the backbones.

    Parameters
    ----------
    target : Target
    learned : Learned
    allowed : AllowedSpace
    parameters : DecisionParameters
        `few_datasets` and `high_imbalance` are used.

    Returns
    -------
    tuple of str
        In a fixed order; empty when there is nothing to say.
    """
    known, others, objective = target.meta_features, target.others, learned.objective
    found = (
        *target.description.warnings,
        _unlike_anything(target.novelty),
        *_unseen_categories(known, others),
        _few_datasets(others, parameters.few_datasets),
        _imbalance(known, parameters.high_imbalance, objective),
        _recall_alone(objective),
        _image_size(known, others),
        _fewer_images(known, known_budget(learned.history.table, target.n_train), objective),
        _unmeasured(allowed.unmeasured),
        _trials_set_aside(learned.history.set_aside, target.name),
    )
    return tuple(warning for warning in found if warning)


def _unmeasured(backbones: Sequence[str]) -> str | None:
    if not backbones:
        return None
    return (
        f"Never measured in the history: {', '.join(backbones)}. What is predicted for them is "
        "a guess from the other hyperparameters."
    )


def _trials_set_aside(trials: pd.DataFrame, name: str) -> str | None:
    aside = trials if trials.empty else trials[trials["dataset"] == name]
    if aside.empty:
        return None
    sizes = ", ".join(f"{size:.0f}" for size in sorted(aside["image_size"].dropna().unique()))
    return (
        f"{len(aside)} of the trials on '{name}' saw images of another size"
        f"{f' ({sizes} px)' * bool(sizes)} than most of them did; they are compared with none."
    )


def known_budget(history: pd.DataFrame, n_train: float | None = None) -> Budget | None:
    """Return the images that predictions hold for, None where the history does not tell.

    Parameters
    ----------
    history : pandas.DataFrame
    n_train : float, optional
        Images of the target that train what is predicted. Where trials do not tell how many
        trained them, predictions hold for the history's budget, by the medians.
    """
    measured = history[history["source"] == "measured"]
    protocol = measured.reindex(columns=list(BUDGET)).astype("float64").median()
    if protocol.isna().any():
        return None
    n_images = round(protocol["subset_size"] if n_train is None else n_train)
    return Budget(n_images=n_images, image_size=round(protocol["image_size"]))


def _fewer_images(target: MetaFeatures, budget: Budget | None, objective: Objective) -> str | None:
    """Say so where the history was measured on less than half of the target's images."""
    if budget is None or target.n_instances <= 2 * budget.n_images:
        return None
    return (
        f"The {MEASURES[objective].label} is predicted for about {budget.n_images:,} images, as "
        "many as ever trained a network of the history. Trained on all "
        f"{target.n_instances:,}, expect a higher one."
    )


def _unlike_anything(novelty: Novelty) -> str | None:
    # Without a threshold there are too few datasets to tell, which has its own warning.
    if not novelty.is_unlike_all:
        return None
    return (
        "Unlike anything in the history: the most similar dataset is "
        f"{novelty.nearest_dataset}, at distance {novelty.distance:.1f}, where known datasets "
        f"have a neighbour within {novelty.threshold:.1f}. Its predictions are an extrapolation."
    )


def _unseen_categories(target: MetaFeatures, measured: Sequence[IndexEntry]) -> Iterator[str]:
    for name, declared in meta_features().items():
        known = {getattr(entry.meta_features, name) for entry in measured}
        own = getattr(target, name)
        if not declared.is_number and own not in known:
            yield (
                f"No measured dataset has the {declared.words or name} '{own}' (measured: "
                f"{', '.join(sorted(known))}), so it plays no part in the prediction."
            )


def _few_datasets(measured: Sequence[IndexEntry], least: int) -> str | None:
    count = len({entry.dataset for entry in measured})
    if count >= least:
        return None
    return (
        f"The history holds only {count} measured dataset{'s' if count != 1 else ''}; "
        "predictions for a new one rest on little."
    )


def _recall_alone(objective: Objective) -> str | None:
    if objective != "rarest_class_recall":
        return None
    learner = "network" if network() else "model"
    return (
        f"A recall alone is had for nothing by a {learner} that always names the rarest class, as "
        "one that has hardly learned may do. Look at what else the configuration reaches; the "
        "macro F1 (--params=objective=macro_f1) cannot be fooled that way."
    )


def _imbalance(target: MetaFeatures, high: float, objective: Objective) -> str | None:
    known = meta_features()
    if "imbalance_ratio" not in known or target.imbalance_ratio < high:
        return None
    counted = known["n_instances"].unit if "n_instances" in known else "instances"
    sizes = (
        f"The largest class has {target.imbalance_ratio:.1f} times the {counted} of the smallest"
    )
    if objective != "accuracy":
        label = MEASURES[objective].label
        return f"{sizes}: the {label} rests on few {counted} of the rare classes."
    share = "a high"
    if {"class_size_max", "n_instances"} <= set(known):
        share = f"{target.class_size_max / target.n_instances:.0%}"
    return (
        f"{sizes}: always naming the largest would already score {share} accuracy. If the "
        "rare classes matter, ask for them: --params=objective=macro_f1 (all classes count the "
        "same) or --params=objective=rarest_class_recall."
    )


def _image_size(target: MetaFeatures, measured: Sequence[IndexEntry]) -> str | None:
    beyond = []
    for axis in ("width", "height"):
        if f"image_{axis}" not in meta_features():
            continue
        size = getattr(target, f"image_{axis}")
        known = [getattr(entry.meta_features, f"image_{axis}") for entry in measured]
        if not min(known) <= size <= max(known):
            beyond.append(
                f"{axis} {size:.0f} px (measured: {min(known):.0f} to {max(known):.0f} px)"
            )
    if not beyond:
        return None
    return f"The images are larger or smaller than any measured: {', '.join(beyond)}."
