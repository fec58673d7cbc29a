"""The model card: what a trained classifier is, how good, made of what, and its limits."""

from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any

from metallmix_kedro import __version__
from metallmix_kedro.backbones import get_backbone
from metallmix_kedro.explanation import formatting
from metallmix_kedro.grid import environment
from metallmix_kedro.history import MEASURES
from metallmix_kedro.search_space import phrase
from metallmix_kedro.support import text_template
from metallmix_kedro.trained.candidates import TrainedTarget
from metallmix_kedro.trained.scores import (
    Asked,
    Score,
    by_class,
    calibration,
    scores_with_intervals,
)

Json = dict[str, Any]

_BEST_TRIED = 10
"""Configurations that are listed of those tried within a budget."""
_TEMPLATES = Path(__file__).parent / "templates"


def describe_model(done: TrainedTarget) -> Json:
    """Put together all that one has to know of a trained classifier.

    Parameters
    ----------
    done : TrainedTarget

    Returns
    -------
    dict
        JSON: name, configuration, data by class, scores with their intervals, scores by class,
        predicted against measured, weights with licence and source, limits, versions.
    """
    plan, asked = done.plan, Asked.of(done)
    scores = scores_with_intervals(asked, plan.labels, plan.schedule.seed)
    of_classes = (*by_class(asked.confusion), asked.confusion.sum(axis=1))
    n_images = plan.images["class_name"].value_counts()
    return {
        "name": done.target.name,
        "configuration": done.trained.configuration.as_dict(),
        "told": phrase(done.trained.configuration),
        "candidate": done.candidate.ref,
        "image_size": plan.image_size,
        "data": {
            "data_hash": plan.data_hash,
            "n_images": len(plan.images),
            "images_by_class": {name: int(n_images[name]) for name in plan.class_names},
            "left_out": done.target.left_out,
        },
        "scores": {name: asdict(score) for name, score in scores.items()},
        "scores_are": _meaning(done, asked),
        "by_class": {
            name: {"precision": p, "recall": r, "f1": f, "n_images": n}
            for name, p, r, f, n in zip(
                plan.class_names, *(row.tolist() for row in of_classes), strict=True
            )
        },
        "calibration_error": calibration(asked)[-1],
        "search": _search(done),
        "predicted": compare_with_prediction(
            done, scores[done.recommendation.objective], asked.held_out
        ),
        "training": {
            "folds": len(done.trained.folds),
            "n_train": len(done.trained.kept_split.train),
            "n_validation": len(done.trained.kept_split.validation),
            "epochs": done.trained.kept.outcome.epochs_run,
            "seconds": done.trained.kept.outcome.fit_time_s + done.trained.feature_time_s,
            "max_epochs": plan.schedule.max_epochs,
            "patience": plan.schedule.patience,
            "freeze_batch_norm": plan.schedule.freeze_batch_norm,
            "seed": plan.schedule.seed,
        },
        "weights": _weights(done),
        "limits": _limits(done, asked),
        "notes": [
            *done.trained.notes,
            *(done.search.notes if done.search else ()),
            *(f"{one.candidate.ref} was passed over: {one.why}" for one in done.passed_over),
        ],
        "versions": {"metallmix-kedro": __version__, **environment()},
    }


def render_card(card: Json) -> str:
    """Write the card as Markdown."""
    percent, duration = formatting.percent, formatting.duration
    template = text_template(
        _TEMPLATES / "card.md.j2", percent=percent, duration=duration, cell=_cell
    )
    return template.render(card=card)


def _cell(text: str) -> str:
    """Keep a name of somebody's within its cell of a table."""
    return " ".join(str(text).split()).replace("|", "\\|").replace("<", "&lt;")


def _meaning(done: TrainedTarget, asked: Asked) -> str:
    if not asked.held_out:
        return (
            "Of the images that told the network when to stop: without a cross-validation "
            "(training.folds = 0) there are no others, and these flatter."
        )
    n_folds, n_asked, n_images = len(done.trained.folds), len(asked.rows), len(done.plan.images)
    more = done.trained.kept_split is done.plan.kept
    kept = "was trained on more images than each of them" if more else "is the first of them"
    images = "all" if n_asked == n_images else f"{n_asked:,} of {n_images:,}"
    return (
        f"Of {images} images, by {_networks(n_folds)} that had not seen them (cross-validation); "
        "with intervals that hold the score in 95 of 100 samples of such images. The network that "
        f"is kept {kept}."
    )


def _networks(count: int) -> str:
    return "1 network" if count == 1 else f"{count} networks"


def compare_with_prediction(done: TrainedTarget, measured: Score, held_out: bool) -> Json:
    """Say whether a prediction held, and what it was made for if that is something else.

    Parameters
    ----------
    done : TrainedTarget
        What was trained, and the recommendation with its interval.
    measured : Score
        Of the recommendation's objective.
    held_out : bool
        Whether the images it was measured on had no part in training.

    Returns
    -------
    dict
        ``objective``; ``score``, ``low``, ``high`` and ``measured`` in [0, 1]; ``held``; and all of
        it in words, ``verdict``.
    """
    objective, candidate = done.recommendation.objective, done.candidate
    low, high = candidate.score_low, candidate.score_high
    label, value = MEASURES[objective].label, measured.value
    interval = f"{formatting.percent(low)} to {formatting.percent(high)}"
    told = f"the measured {label}, {formatting.percent(value)}"
    held = bool(low <= value <= high)
    word, side = ("held", "in") if held else ("was off", "below" if value < low else "above")
    verdict = f"The prediction {word}: {told}, lies {side} the predicted interval, {interval}."
    if not held_out:
        verdict += " But it was measured on the images that told when to stop, which flatters."
    # As a rule a network sees more in larger images (docs/training.md).
    budget, own = done.recommendation.evidence.budget, done.plan.image_size
    if budget is not None and budget.image_size != own:
        verdict += f" It was made for images of {budget.image_size} px; these were of {own}."
    return {
        "objective": objective,
        "score": candidate.score,
        "low": low,
        "high": high,
        "measured": value,
        "held": held,
        "verdict": verdict,
    }


def _search(done: TrainedTarget) -> Json | None:
    """Tell what was tried on the target within the budget; None where nothing was."""
    search = done.search
    if search is None or search.winner is None:
        return None
    scores = {one.configuration: one.score for one in search.tried}
    winner, first = search.winner.configuration, done.recommendation.chosen.configuration
    won = dict(zip(scores, search.records, strict=True))[winner]
    n_train, n_folds = won["n_train"], won["n_folds"]
    told = (
        f"Chosen by trials on these images: of {len(scores)} configurations tried within "
        f"{formatting.duration(search.used_s)}, it had the best validation accuracy, "
        f"{formatting.percent(scores[winner] or 0.0)}, with {n_train:,} training images "
        f"({_networks(n_folds)})."
    )
    if first == winner:
        told += " It is what was recommended before them."
    elif (of_first := scores.get(first)) is not None:
        told += (
            f" What was recommended before them, {phrase(first)}, had "
            f"{formatting.percent(of_first)}."
        )
    if len({one["n_folds"] for one in search.records}) > 1:
        told += (
            " What fell behind was not trained on all folds: its accuracy is that of what led, "
            "less what it lacked on the same folds."
        )
    return {
        "told": told,
        "budget_s": search.budget_s,
        "used_s": search.used_s,
        "n_trials": len(search.tried),
        "n_train": n_train,
        "n_folds": n_folds,
        "best": [
            {
                "configuration": one.configuration.as_dict(),
                "told": phrase(one.configuration),
                "validation_accuracy": one.score,
            }
            for one in sorted(search.tried, key=lambda one: -(one.score or 0.0))[:_BEST_TRIED]
        ],
    }


def _weights(done: TrainedTarget) -> Json:
    backbone, source = get_backbone(done.plan.configuration.backbone), done.weights_id
    kind, _, name = source.partition(":")
    licence, origin = {
        "imagenet": (
            "that of the network",
            "Keras Applications, https://keras.io/api/applications/",
        ),
        "random": ("none: the weights are untrained", "this project"),
        "file": ("not known here", "a file of yours"),
    }.get(kind) or _of_package(name.partition("==")[0])
    return {
        "backbone": backbone.name,
        "id": source,
        "licence": licence,
        "source": origin,
        "citation": backbone.citation,
    }


def _of_package(name: str) -> tuple[str, str]:
    known = metadata.metadata(name).json
    licence = str(known.get("license_expression") or known.get("license") or "UNKNOWN")
    if licence == "UNKNOWN":
        licence = "Apache-2.0, as the network was published; the package itself names none"
    return " ".join(licence.split())[:200], str(known.get("home_page") or f"the package {name}")


def _limits(done: TrainedTarget, asked: Asked) -> list[str]:
    """Return the limits, a sentence or two each."""
    counts = done.plan.images["class_name"].value_counts()
    outcomes = [fold.outcome for fold in done.trained.folds]
    n_folds = max(1, len(outcomes))
    template = text_template(_TEMPLATES / "limits.txt.j2", percent=formatting.percent)
    text = template.render(
        off=calibration(asked)[-1],
        told=sum(one.validation_accuracy for one in outcomes) / n_folds,
        tested=sum(one.test_accuracy for one in outcomes) / n_folds,
        n_tried=len(done.search.tried) if done.search and done.search.winner else 0,
        few=[
            f"{' '.join(str(name).split())} ({count})"
            for name, count in counts.items()
            if count < 50
        ],
    )
    return text.splitlines()
