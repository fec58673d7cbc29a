"""``kedro classify``: a trained classifier's answers for new images, as CSV."""

import csv
import os
import sys
from pathlib import Path

import click
import numpy as np
from kedro.framework.cli.utils import CONTEXT_SETTINGS
from rich.console import Console
from rich.progress import track

from metallmix_kedro.cli.errors import readable_errors, verbose_option
from metallmix_kedro.trained import Answer, Classifier, classify_files, find_files


@click.command(
    name="classify",
    short_help="Classify new images with a trained network",
    context_settings=CONTEXT_SETTINGS,
)
@click.argument("model", type=click.Path(path_type=Path))
@click.argument("files", nargs=-1, required=True, metavar="FOLDER_OR_FILES...")
@click.option("--top", type=click.IntRange(1), help="Name only so many classes, likeliest first.")
@click.option(
    "--threshold",
    type=click.FloatRange(0, 1),
    default=0.0,
    show_default=True,
    help="Leave the label empty where its probability is lower.",
)
@verbose_option
def classify(
    model: Path, files: tuple[str, ...], top: int | None, threshold: float, verbose: bool
) -> None:
    """Classify images with a network that the pipeline training saved.

    MODEL is its classifier.keras; labels.json has to lie beside it. Then follow image files, or
    folders, which are searched through. The answers go to stdout as CSV, a line an image: its
    path, the label, and the probability of each class. Files that cannot be read are listed on
    stderr with the reason, and the rest goes on.

    \b
    Train, then classify a folder:
      kedro run --pipelines=recommendation,training --params=target.path=/my/images
      kedro classify data/06_models/trained/classifier.keras /new/images > predictions.csv

    \b
    The three likeliest classes of each image; no label where none is likely enough:
      kedro classify data/06_models/trained/classifier.keras a.jpg b.png --top 3
      kedro classify data/06_models/trained/classifier.keras /new/images --threshold 0.8

    The exit status is 1 if nothing at all could be classified.
    """  # noqa: D301 (click takes it as the help)
    with readable_errors(verbose):
        try:
            n_classified = _write(Classifier.load(model), find_files(files), top, threshold)
        except BrokenPipeError:  # who reads has had enough, as head does
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return
    if n_classified == 0:
        click.echo("Nothing could be classified.", err=True)
        raise click.exceptions.Exit(1)


def _write(classifier: Classifier, found: list[Answer], top: int | None, threshold: float) -> int:
    """Write the table, tell what could not be read, and count the rest."""
    console = Console(stderr=True)
    answers = track(
        classify_files(classifier, found),
        description="Classifying",
        total=len(found),
        console=console,
        disable=not console.is_terminal,
    )
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(["path", "label", *_columns(classifier.labels, top)])
    n_classified = 0
    for answer in answers:
        if answer.problem is None:
            n_classified += 1
            table.writerow(_row(answer, classifier.labels, top, threshold))
        else:
            told = f"not classified: {answer.path}: {answer.problem}"
            told = told.encode(errors="backslashreplace").decode()
            console.print(told, markup=False, highlight=False, soft_wrap=True)
    sys.stdout.flush()
    return n_classified


def _columns(labels: tuple[str, ...], top: int | None) -> list[str]:
    if top is None:
        return list(labels)
    places = range(1, min(top, len(labels)) + 1)
    return [name for place in places for name in (f"label_{place}", f"probability_{place}")]


def _row(answer: Answer, labels: tuple[str, ...], top: int | None, threshold: float) -> list[str]:
    assert answer.probabilities is not None  # noqa: S101 there is no problem
    shares = [f"{share:.6f}" for share in answer.probabilities]
    order = np.argsort(-answer.probabilities, kind="stable")
    first = int(order[0])
    label = labels[first] if answer.probabilities[first] >= threshold else ""
    if top is None:
        return [answer.path, label, *shares]
    named = [(labels[place], shares[place]) for place in order[:top]]
    return [answer.path, label, *(cell for pair in named for cell in pair)]
