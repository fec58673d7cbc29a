"""Measure how well gradient-boosted trees do on small tables, one CSV row a trial."""

import argparse
import itertools
import math
import platform
import random
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import sklearn
from rich.progress import track
from sklearn import datasets as made
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import accuracy_score, precision_recall_fscore_support
from sklearn.model_selection import StratifiedKFold, train_test_split

SPACE: dict[str, tuple[float, ...]] = {
    "learning_rate": (0.01, 0.03, 0.1, 0.3),
    "max_iter": (25, 50, 100, 200),
    "max_leaf_nodes": (4, 8, 16, 31),
    "min_samples_leaf": (2, 5, 20, 50),
    "l2_regularization": (0.0, 0.1, 1.0, 10.0),
    "max_features": (0.3, 0.6, 1.0),
}
DEFAULT = dict(zip(SPACE, (0.1, 100, 31, 20, 0.0, 1.0), strict=True))  # scikit-learn's own

Data = tuple[np.ndarray, np.ndarray]


def _holes(data: Data, share: float, seed: int) -> Data:
    """Return the table with this share of its cells, drawn at random, made missing."""
    x, y = data
    missing = np.random.default_rng(seed).random(x.shape) < share
    return np.where(missing, np.nan, x), y


def _part(data: Data, n: int, seed: int) -> Data:
    """Draw n rows, each class in proportion."""
    x, _, y, _ = train_test_split(*data, train_size=n, stratify=data[1], random_state=seed)
    return x, y


def _classes(seed: int, rows: int, columns: int, inform: int, **how: object) -> Data:
    how = {"n_informative": inform, "random_state": seed, **how}
    return made.make_classification(rows, columns, **how)


def _exponentiated(data: Data) -> Data:
    return np.exp(data[0]), data[1]


# name: (origin, what it is, how it is made from a seed). "shipped" is real data that scikit-learn
# carries; "generated" is made up by its generators. No two are versions of the same data: a twin in
# the history would make it too easy to leave one of them out.
SETS: dict[str, tuple[str, str, Callable[[int], Data]]] = {
    "iris": ("shipped", "flowers", lambda _: made.load_iris(return_X_y=True)),
    "wine_holes": ("shipped", "chemistry of wines; 15 % of the cells emptied by us",
        lambda s: _holes(made.load_wine(return_X_y=True), 0.15, s)),
    "breast_cancer": ("shipped", "cell nuclei", lambda _: made.load_breast_cancer(return_X_y=True)),
    "digits_500": ("shipped", "8 x 8 pixels as columns; 500 of 1,797 rows",
        lambda s: _part(made.load_digits(return_X_y=True), 500, s)),
    "plain_two": ("generated", "make_classification, two balanced classes",
        lambda s: _classes(s, 600, 12, 6, flip_y=0.02)),
    "few_rows_many_columns": ("generated", "make_classification, 5 of 60 columns inform",
        lambda s: _classes(s, 200, 60, 5, n_redundant=5)),
    "rare_class": ("generated", "make_classification, 12 : 1",
        lambda s: _classes(s, 1000, 15, 5, flip_y=0.01, weights=[0.925], class_sep=1.3)),
    "four_uneven_holes": ("generated", "make_classification, four uneven classes; 20 % emptied",
        lambda s: _holes(_classes(s, 800, 20, 8, n_classes=4, weights=[0.5, 0.25, 0.15, 0.1]),
                         0.2, s)),
    "noisy_labels": ("generated", "make_classification, 30 % of the labels drawn at random",
        lambda s: _classes(s, 500, 8, 4, flip_y=0.3)),
    "redundant_holes": ("generated", "make_classification, 20 of 25 redundant; 40 % emptied",
        lambda s: _holes(_classes(s, 700, 25, 5, n_redundant=20), 0.4, s)),
    "moons": ("generated", "make_moons", lambda s: made.make_moons(400, noise=0.3, random_state=s)),
    "circles": ("generated", "make_circles",
        lambda s: made.make_circles(500, noise=0.15, factor=0.6, random_state=s)),
    "quantiles": ("generated", "make_gaussian_quantiles, three classes",
        lambda s: made.make_gaussian_quantiles(n_samples=900, n_features=6, random_state=s)),
    "hastie": ("generated", "make_hastie_10_2",
        lambda s: made.make_hastie_10_2(1200, random_state=s)),
    "blobs": ("generated", "make_blobs, five overlapping classes of uneven size",
        lambda s: made.make_blobs([200, 120, 80, 60, 40], 5, cluster_std=4.0, random_state=s)),
    "skewed_columns": ("generated", "make_classification, columns exponentiated, three classes",
        lambda s: _exponentiated(_classes(s, 450, 10, 6, n_classes=3))),
}  # fmt: skip

EPILOG = f"""\
One row is one configuration on one data set, averaged over the folds of a stratified cross-
validation. Every data set gets the same ones: scikit-learn's default, then a random sample of the
{math.prod(map(len, SPACE.values())):,} of the space. The column `origin` says which data sets are
generated. Nothing is downloaded.

  nice -n 5 env OMP_NUM_THREADS=1 python measure_tabular.py            # all; five minutes, one core
  python measure_tabular.py --datasets iris moons --configurations 5   # a taste; seconds
  python measure_tabular.py --list                                     # which data sets there are

The same --seed gives the same rows, but for the seconds.
"""


def main() -> None:
    """Read the command line, measure, write the CSV."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    say = parser.add_argument
    say("--output", type=Path, default="tabular_trials.csv", help="CSV to write (%(default)s)")
    say("--datasets", nargs="+", choices=list(SETS), default=list(SETS), metavar="NAME",
        help="data sets to measure on (all; see --list)")  # fmt: skip
    say("--configurations", type=int, default=60, metavar="N", help="how many (%(default)s)")
    say("--folds", type=int, default=4, help="of the cross-validation (%(default)s)")
    say("--seed", type=int, default=42, help="of everything random (%(default)s)")
    say("--list", action="store_true", help="list the data sets and end")
    asked = parser.parse_args()
    if asked.list:
        for name, (origin, what, _) in SETS.items():
            print(f"{name:22} {origin:10} {what}")
        return
    if asked.configurations < 1 or asked.folds < 2:
        parser.error("at least one configuration and two folds are needed")
    configurations = sample(asked.configurations, asked.seed)
    rows = trials(asked.datasets, configurations, asked.folds, asked.seed)
    total = len(asked.datasets) * len(configurations)
    table = pd.DataFrame(track(rows, "Measuring trials", total=total))
    asked.output.parent.mkdir(parents=True, exist_ok=True)
    table.round(5).to_csv(asked.output, index=False, lineterminator="\n")
    print(f"{total} trials on {len(asked.datasets)} data sets: {asked.output}")


def sample(n: int, seed: int) -> list[dict[str, float]]:
    """Draw n configurations, scikit-learn's default first; a larger n only adds to a smaller."""
    space = [dict(zip(SPACE, point, strict=True)) for point in itertools.product(*SPACE.values())]
    space.remove(DEFAULT)
    return [DEFAULT, *random.Random(seed).sample(space, len(space))][:n]  # noqa: S311


def trials(
    names: list[str], configurations: list[dict[str, float]], folds: int, seed: int
) -> Iterator[dict[str, object]]:
    """Measure each configuration on each data set."""
    how = {"n_folds": folds, "seed": seed, "device": f"{platform.machine()} CPU, 1 thread",
           "versions": f"scikit-learn {sklearn.__version__}"}  # fmt: skip
    for name in names:
        origin, _, make = SETS[name]
        x, y = make(zlib.crc32(name.encode()) ^ seed)
        y = np.unique(y, return_inverse=True)[1]
        what = {"dataset": name, "origin": origin, **meta_features(x, y)}
        parts = list(StratifiedKFold(folds, shuffle=True, random_state=seed).split(x, y))
        for place, chosen in enumerate(configurations):
            by = {"trial": f"{name}-{place:02d}", "configuration": f"c{place:02d}"}
            by["proposer"] = "random" if place else "default"
            yield {**by, **what, **chosen, **measured(x, y, chosen, parts, seed), **how}


def meta_features(x: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Describe a table by seven numbers (of missing cells only their share)."""
    counts = np.bincount(y)
    table = pd.DataFrame(x).loc[:, lambda cells: cells.nunique() > 1]
    above = np.triu_indices(table.shape[1], 1)
    return {
        "n_instances": len(y),
        "n_classes": len(counts),
        "imbalance_ratio": counts.max() / counts.min(),
        "n_columns": x.shape[1],
        "share_missing": np.isnan(x).mean(),
        "mean_abs_skewness": table.skew().abs().mean(),
        "mean_abs_correlation": np.nanmean(table.corr().abs().to_numpy()[above]),
    }


def measured(
    x: np.ndarray, y: np.ndarray, chosen: dict[str, float], parts: list[Data], seed: int
) -> dict[str, float]:
    """Cross-validate a configuration: means over the folds, and standard deviations of scores."""
    rarest = np.flatnonzero(np.bincount(y) == np.bincount(y).min())
    scores, seconds = [], []
    for train, test in parts:
        model = HistGradientBoostingClassifier(**chosen, early_stopping=False, random_state=seed)
        start = time.perf_counter(), time.process_time()
        model.fit(x[train], y[train])
        seconds.append((time.perf_counter() - start[0], time.process_time() - start[1]))
        said = model.predict(x[test])
        _, recall, f1, _ = precision_recall_fscore_support(y[test], said, zero_division=0)
        scores.append((accuracy_score(y[test], said), f1.mean(), recall[rarest].mean()))
    names = ("test_accuracy", "test_f1", "test_rarest_recall")
    means = dict(zip(names, np.mean(scores, axis=0), strict=True))
    spread = zip((f"{name}_std" for name in names), np.std(scores, axis=0), strict=True)
    wall, cpu = np.mean(seconds, axis=0)
    return {**means, **dict(spread), "training_time_s": wall, "fit_cpu_s": cpu}


if __name__ == "__main__":
    main()
