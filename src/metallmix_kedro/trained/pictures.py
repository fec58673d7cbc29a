"""Pictures of a training: how it went, and what the network takes for what."""

from typing import TYPE_CHECKING, Any

import numpy as np

from metallmix_kedro.explanation import names
from metallmix_kedro.support import BLUE, COLOUR_MAP, GREY, ORANGE, new_figure
from metallmix_kedro.trained.candidates import TrainedTarget
from metallmix_kedro.trained.scores import Asked, by_class, calibration
from metallmix_kedro.training import STRATEGIES

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_NUMBERED = 16
"""Up to so many classes, cells of the confusion matrix hold their counts."""


def plot_curves(done: TrainedTarget) -> "Figure":
    """Draw the validation accuracy after each epoch, of every fold and of the network kept."""
    figure = new_figure(6.5, 3.6)
    axes = figure.add_subplot()
    kept = done.trained.kept.outcome
    for number, fold in enumerate(done.trained.folds):
        curve = fold.outcome.validation_curve
        label = "folds" if number == 0 else None
        axes.plot(range(1, len(curve) + 1), curve, color=GREY, linewidth=1, label=label)
    epochs = range(1, len(kept.validation_curve) + 1)
    axes.plot(epochs, kept.validation_curve, color=BLUE, marker="o", markersize=3, label="kept")
    best = int(np.argmax(kept.validation_curve))
    axes.axvline(best + 1, color=ORANGE, linewidth=1, label="weights of this epoch")
    axes.set(xlabel="epoch", ylabel="validation accuracy")
    axes.legend(frameon=False)
    return figure


def plot_confusion(asked: Asked, names: tuple[str, ...]) -> "Figure":
    """Draw which classes are taken for which, as shares of the true class."""
    confusion = asked.confusion
    shares = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    side = min(12.0, 2.5 + 0.5 * len(names))
    figure = new_figure(side, side)
    axes = figure.add_subplot()
    axes.imshow(shares, cmap=COLOUR_MAP, vmin=0, vmax=1)
    if len(names) <= _NUMBERED:
        for (row, column), count in np.ndenumerate(confusion):
            colour = "black" if shares[row, column] > 0.5 else "white"
            axes.text(column, row, str(count), ha="center", va="center", color=colour, fontsize=8)
    short = [_short(name) for name in names]
    axes.set_xticks(range(len(names)), short, rotation=90)
    axes.set_yticks(range(len(names)), short)
    axes.set(xlabel="taken for", ylabel="is")
    return figure


def plot_classes(asked: Asked, names: tuple[str, ...]) -> "Figure":
    """Draw precision, recall and F1 of each class."""
    figure = new_figure(6.5, 1.4 + 0.32 * len(names))
    axes = figure.add_subplot()
    places = np.arange(len(names))
    marks: dict[str, Any] = {"precision": (BLUE, "o"), "recall": (ORANGE, "s"), "F1": (GREY, "D")}
    for (label, (colour, mark)), values in zip(
        marks.items(), by_class(asked.confusion), strict=True
    ):
        axes.plot(values, places, mark, color=colour, label=label)
    axes.set_yticks(places, [_short(name) for name in names])
    axes.set(xlim=(-0.02, 1.02), ylim=(len(names) - 0.5, -0.5))
    axes.grid(axis="y", color=GREY, alpha=0.3)
    figure.legend(loc="outside upper center", ncols=3, frameon=False)
    return figure


def plot_calibration(asked: Asked) -> "Figure":
    """Draw how often an answer is right, by the probability that was stated with it."""
    stated, right, n_images, _ = calibration(asked)
    figure = new_figure(4.2, 3.8)
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], color=GREY, linewidth=1)
    axes.scatter(stated, right, s=20 + 180 * n_images / len(asked.rows), color=BLUE)
    axes.set(xlabel="stated probability", ylabel="share that is right", xlim=(0, 1), ylim=(0, 1))
    return figure


def plot_search(done: TrainedTarget) -> "Figure":
    """Draw the trials within the budget, by what was trained, and the best so far."""
    assert done.search is not None  # noqa: S101 the card says so
    tried = [one for one in done.search.tried if one.score is not None]
    figure = new_figure(6.5, 3.6)
    axes = figure.add_subplot()
    for strategy in STRATEGIES:
        points = [(one.at_s, one.score) for one in tried if one.configuration.strategy == strategy]
        if points:
            seconds, scores = np.array(points).T
            axes.scatter(seconds, scores, s=18, label=names.told("strategy", strategy))
    axes.step(
        [one.at_s for one in tried],
        [one.leader or 0.0 for one in tried],
        where="post",
        color=GREY,
        label="leads",
    )
    axes.set(xlabel="seconds of the budget used", ylabel="validation accuracy")
    axes.legend(frameon=False)
    return figure


def _short(name: str) -> str:
    # matplotlib would read what stands between dollar signs as mathematics.
    shown = name.replace("$", r"\$")
    return shown if len(shown) <= 24 else shown[:23] + "…"
