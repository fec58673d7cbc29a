"""Peak memory of trials on features that are ten times as large as may be held in memory.

Each case is a process of its own that decodes images, computes the features of a strategy that
trains the last 10 layers, and trains on them: with features that just fit into
``cache.max_memory_gb``, with ten times as many that do not, and, to show what the bound saves,
with as many where the parameter allows to hold them.

Goal: however many features there are, the peak is that of TensorFlow plus the parameter; ten
times as many may therefore add no more than the parameter to the peak of those that fit.

    python -m benchmarks.feature_cache
    python -m benchmarks.feature_cache --max-memory-gb 0.002 --image-size 64
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from math import prod
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.declared_space import shipped_parameters
from benchmarks.measured_datasets import draw_dataset, ingest
from metallmix_kedro.grid.measuring import Proposal, TrialMeasurer
from metallmix_kedro.grid.parameters import ExperimentGridParameters
from metallmix_kedro.search_space import Configuration
from metallmix_kedro.training.networks import BackboneStore, NetworkStore

BACKBONE = "EfficientNetLite0"
CONFIGURATION = Configuration.of(BACKBONE, "last_10", 512, 0.3, "adam", 1e-3, 32)
MB, GB = 10**6, 10**9
TIMES = 10
CHANNELS = 1152
"""What crosses the cut of this backbone, at a 32nd of the images' side."""


def peak_mb() -> float:
    """Return the most memory that this process has had, in 10^6 bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / MB


def grid_parameters(folder: Path, max_memory_gb: float, image_size: int) -> Any:
    """Take the shipped parameters, with a cache of its own and untrained weights."""
    shipped = shipped_parameters("experiment_grid")
    few = dict.fromkeys(("feature_extraction", "last_10", "last_30", "full"), 2)
    return ExperimentGridParameters.model_validate(
        {
            **shipped,
            "weights": {BACKBONE: "random:0"},
            "protocol": {
                **shipped["protocol"],
                "image_size": image_size,
                "subset_size": None,
                "n_folds": few,
                "min_tested": dict.fromkeys(few, 0),
                "max_epochs": few,
            },
            "cache": {"root": str(folder), "max_disk_gb": 20, "max_memory_gb": max_memory_gb},
            "lock": str(folder / "lock"),
            "seed": 0,
        }
    )


def measure(images: Path, max_memory_gb: float, image_size: int) -> dict[str, float]:
    """Measure one trial, from nothing; return its peak, that before it, and an image's features."""
    with tempfile.TemporaryDirectory() as name:
        ingested = ingest([images], Path(name) / "unpacked")
        parameters = grid_parameters(Path(name) / "cache", max_memory_gb, image_size)
        backbones = BackboneStore(parameters.weights, parameters.seed)
        cut = backbones.cut(BACKBONE, CONFIGURATION.strategy, image_size)
        image_bytes = 4 * sum(prod(output.shape[1:]) for output in cut.frozen.outputs)
        before = peak_mb()
        measurer = TrialMeasurer(
            ingested.measured(images.name), parameters, backbones, NetworkStore()
        )
        (record,) = measurer.measure([Proposal(CONFIGURATION, "random", None, parameters.seed)])
        if record["status"] != "finished":
            raise SystemExit(record["error"])
    return {"image_bytes": image_bytes, "before_mb": before, "peak_mb": peak_mb()}


def in_a_process(images: Path, max_memory_gb: float, image_size: int) -> dict[str, float]:
    """Call `measure` in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.feature_cache", f"--images={images}"]
    options = [f"--max-memory-gb={max_memory_gb}", f"--image-size={image_size}"]
    done = subprocess.run(
        [*command, *options],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise SystemExit(done.stderr)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def compare(arguments: argparse.Namespace) -> Table:
    """Measure all three cases and tabulate them."""
    limit, size = arguments.max_memory_gb, arguments.image_size
    fitting = int(limit * GB / (4 * CHANNELS * (size // 32) ** 2))
    table = Table("features", "images", "MB", "MB allowed", "before", "peak", "more", "goal")
    with tempfile.TemporaryDirectory() as name:
        few = draw_dataset(Path(name) / "few", 3, fitting, seed=0)
        many = draw_dataset(Path(name) / "many", 3, TIMES * fitting, seed=0)
        cases = (
            ("fit", few, fitting, limit, ""),
            (f"{TIMES} times that", many, TIMES * fitting, limit, f"at most {1000 * limit:g}"),
            ("as many, held in memory", many, TIMES * fitting, 100.0, ""),
        )
        first = None
        for label, images, count, allowed, goal in cases:
            found = in_a_process(images, allowed, size)
            first = found["peak_mb"] if first is None else first
            table.add_row(
                label,
                f"{count:,}",
                f"{count * found['image_bytes'] / MB:.1f}",
                f"{1000 * allowed:g}",
                f"{found['before_mb']:.0f}",
                f"{found['peak_mb']:.0f}",
                f"{found['peak_mb'] - first:+.1f}",
                goal,
            )
    return table


def main() -> None:
    """Compare the cases, or be one of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--max-memory-gb", type=float, default=0.01)
    parser.add_argument("--image-size", type=int, default=128)
    parser.add_argument("--images", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.images:
        found = measure(arguments.images, arguments.max_memory_gb, arguments.image_size)
        sys.stdout.write(json.dumps(found) + "\n")
        return
    Console(width=110).print(compare(arguments))


if __name__ == "__main__":
    main()
