"""Heads trained side by side, against the same heads one after the other.

A training step of one network of 2, 4 or 9 heads is compared with as many steps of a network of
one head (`HeadsNetwork` both, on the same batch, in turn). One step of a wide network costs less
than several small ones until its weights no longer fit a processor's cache; where that is decides
``experiment_grid.head_weights_at_once``. The goal is that side by side is the faster one below
that value, and that little is lost by not going beyond it.

    python -m benchmarks.heads_together
    python -m benchmarks.heads_together --units 512 --optimizers adam --steps 10
"""

import argparse
import statistics
import time
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.declared_space import shipped_parameters
from metallmix_kedro.search_space import Configuration
from metallmix_kedro.training.heads import HeadShape, HeadsNetwork

N_CLASSES = 5
SHIPPED = int(shipped_parameters("experiment_grid")["head_weights_at_once"])
Point = tuple[float, float]


def build(n_heads: int, units: int, optimizer: str, n_features: int) -> HeadsNetwork:
    """Build a network of heads."""
    network = HeadsNetwork(HeadShape(n_heads, units, optimizer, n_features, N_CLASSES), seed=0)
    one = Configuration.of("", "feature_extraction", units, 0.3, optimizer, 1e-3, 0)
    network.set_scalars([one] * n_heads)
    return network


def milliseconds(network: HeadsNetwork, batch: np.ndarray, labels: np.ndarray, steps: int) -> float:
    """Time training steps, as processor time, which other programs disturb less; for each head."""
    start = time.process_time()
    for _ in range(steps):
        network.train_on([batch], labels)
    return 1000 * (time.process_time() - start) / steps / network.n_networks


def compare(
    units: int, optimizer: str, arguments: argparse.Namespace
) -> Iterator[tuple[int, list[float], list[float]]]:
    """Time networks of one kind in turn; yield heads, time for each head, and gain over one."""
    rng = np.random.default_rng(0)
    batch = rng.random((arguments.batch_size, arguments.features), dtype=np.float32)
    labels = rng.integers(0, N_CLASSES, arguments.batch_size)
    networks = {
        n_heads: build(n_heads, units, optimizer, arguments.features) for n_heads in arguments.heads
    }
    for network in networks.values():
        milliseconds(network, batch, labels, steps=3)
    rounds = [
        {n: milliseconds(one, batch, labels, arguments.steps) for n, one in networks.items()}
        for _ in range(arguments.repeats)
    ]
    for n_heads in networks:
        times = [found[n_heads] for found in rounds]
        yield n_heads, times, [found[1] / found[n_heads] for found in rounds]


def crossing(points: Sequence[Point]) -> float | None:
    """Find where the gain falls to 1 for good: between which weights, by a straight line.

    Parameters
    ----------
    points : sequence of (float, float)
        Millions of weights and gain.
    """
    ordered = sorted(points)
    for (lower, before), (upper, after) in reversed(list(pairwise(ordered))):
        if before >= 1 > after:
            return lower + (upper - lower) * (before - 1) / (before - after)
    return None


def spread(values: Sequence[float]) -> str:
    """Write the median of the values with the smallest and the largest."""
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def read_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--units", type=int, nargs="+", default=[512, 1024, 1536])
    parser.add_argument("--optimizers", nargs="+", default=["adam", "sgd", "rmsprop"])
    parser.add_argument("--heads", type=int, nargs="+", default=[1, 2, 4, 9])
    parser.add_argument("--features", type=int, default=1280)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--repeats", type=int, default=7)
    arguments = parser.parse_args()
    arguments.heads = sorted({1, *arguments.heads})
    return arguments


def main() -> None:
    """Time all kinds of heads, print the table and where the gain ends."""
    arguments = read_arguments()
    table = Table(
        "units",
        "optimizer",
        "heads",
        "million weights",
        "ms a head and step",
        "one by one / together",
    )
    points: list[Point] = []
    for units in arguments.units:
        for optimizer in arguments.optimizers:
            for n_heads, times, gains in compare(units, optimizer, arguments):
                weights = n_heads * units * arguments.features / 1e6
                shown = (f"{weights:.1f}", spread(times), spread(gains))
                table.add_row(str(units), optimizer, str(n_heads), *shown)
                if n_heads > 1:
                    points.append((weights, statistics.median(gains)))
    console = Console(width=110)
    console.print(table)
    end = crossing(mean_by_weights(points))
    where = "nowhere in this range" if end is None else f"at {end:.1f} million weights"
    console.print(f"The gain ends {where}; goal: about {SHIPPED / 1e6:g} million, as shipped.")


def mean_by_weights(points: Sequence[Point]) -> list[Point]:
    """Average the gains of networks with equally many weights."""
    return [
        (weights, statistics.fmean(gain for other, gain in points if other == weights))
        for weights in sorted({weights for weights, _ in points})
    ]


if __name__ == "__main__":
    main()
