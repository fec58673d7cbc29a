"""What a very large history costs: fitting, retrieving, deciding, memory.

A simulated history: the accuracy of configuration c on dataset d is level_d + spread_d times (value
effects, shared by all datasets, plus a difference of the backbone drawn for d, plus noise). Every
dataset tries configurations drawn at random from the shipped search space. Sizes grow by ten up to
the largest, each in a process of its own, so that its peak memory is its own.

Goals, for 1,000,000 trials over 1,000 datasets on two cores: fit within 60 s, retrieve within 20 ms
a query, at most 2 GB (history included), and within 0.5 s a decision whose cost grows slower than
the history.

Wall and processor time stand side by side: where something else runs on the machine, only the
second says what the work costs. Warm is a process that has read the history, its index and the
surrogate, has counted the history (`Tried`) and has made its retriever. The decision is all that a
recommendation does without a language model: similar trials, the short list of the whole search
space, and warnings.

    python -m benchmarks.large_history
    python -m benchmarks.large_history --datasets 100 --trials 100
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

from benchmarks.declared_space import shipped_space
from metallmix_kedro.decision.prospects import foresee, list_candidates
from metallmix_kedro.decision.scoring import allowed_space
from metallmix_kedro.decision.target import Learned, Target
from metallmix_kedro.decision.target_warnings import warn_about_target
from metallmix_kedro.history.columns import history_columns
from metallmix_kedro.history.objective import with_score
from metallmix_kedro.history.trials import History
from metallmix_kedro.meta_features import compute_meta_features
from metallmix_kedro.meta_features.probes.columns import as_table
from metallmix_kedro.meta_features.target import TargetDescription
from metallmix_kedro.report.parameters import RecommendationParameters
from metallmix_kedro.retrieval.index import build_index
from metallmix_kedro.retrieval.retriever import TrialRetriever
from metallmix_kedro.retrieval.search import retrieve
from metallmix_kedro.search_space import SearchSpace
from metallmix_kedro.surrogate.fit import fit_surrogate
from metallmix_kedro.surrogate.parameters import MetaLearningParameters

Result = TypeVar("Result")
MODALITIES = ("MRI", "CT", "X-ray", "natural", "microscopy")


def simulate(n_datasets: int, n_trials: int, space: SearchSpace, seed: int = 0) -> pd.DataFrame:
    """Simulate a history of `n_datasets` times `n_trials` trials, columns `history_columns`."""
    rng = np.random.default_rng(seed)
    grid = space.frame()
    effects = sum(
        grid[name].map(dict(zip(values, rng.normal(0, 0.15, len(values)), strict=True)))
        for name, values in space.model_dump().items()
    ).to_numpy()
    names = np.array([f"simulated_{number:04d}" for number in range(n_datasets)])
    parts: dict[str, Any] = {}
    rows = np.concatenate([rng.choice(len(grid), n_trials) for _ in names])
    owner = np.repeat(np.arange(n_datasets), n_trials)
    own = rng.normal(0, 0.1, (n_datasets, len(space.backbone)))
    backbone = grid["backbone"].map({name: i for i, name in enumerate(space.backbone)}).to_numpy()
    raw = effects[rows] + own[owner, backbone[rows]] + rng.normal(0, 0.05, len(rows))
    level, spread = rng.uniform(0.4, 0.7, n_datasets), rng.uniform(0.2, 0.5, n_datasets)
    for name in grid:
        parts[name] = pd.Series(grid[name].to_numpy()[rows]).astype(
            "category" if grid[name].dtype.kind not in "fi" else "float64"
        )
    features = [
        compute_meta_features(
            {str(k): int(rng.integers(40, 2000)) for k in range(rng.integers(2, 12))},
            float(rng.integers(32, 1024)),
            float(rng.integers(32, 1024)),
            MODALITIES[number % len(MODALITIES)],
        ).model_dump()
        for number in range(n_datasets)
    ]
    for name, values in pd.DataFrame(features).items():
        kind = "category" if name == "modality" else "float64"
        parts[str(name)] = pd.Series(values.to_numpy()[owner]).astype(kind)
    history = pd.DataFrame(parts)
    score = (level[owner] + spread[owner] * raw).clip(0, 1)
    history = history.assign(
        dataset=pd.Categorical.from_codes(owner, names),
        trial_id=[f"t{number:07d}" for number in range(len(rows))],
        test_accuracy=score,
        training_time_s=np.exp(rng.normal(1, 0.5, len(rows))),
        source="measured",
        proposer="random",
        status="finished",
    )
    history = history.reindex(columns=list(history_columns()))
    words = ["dataset", "source", "proposer", "status", "modality", "device", "data_hash"]
    return history.astype(dict.fromkeys([*words, "backbone", "strategy", "optimizer"], "str"))


Cost = tuple[float, float]
"""Seconds by the clock, and seconds of processor time."""


def clocked(run: Callable[[], Result]) -> tuple[Result, Cost]:
    """Return what a call returns, and what it cost."""
    wall, processor = time.perf_counter(), time.process_time()
    result = run()
    return result, (time.perf_counter() - wall, time.process_time() - processor)


def timed(run: Callable[[], object], repeats: int) -> Cost:
    """Return the medians of what a call costs once it is warm."""
    run()
    costs = [clocked(run)[1] for _ in range(repeats)]
    return median(wall for wall, _ in costs), median(processor for _, processor in costs)


def measure(n_datasets: int, n_trials: int) -> dict[str, float]:
    """Measure one size in this process."""
    space = shipped_space()
    history = with_score(simulate(n_datasets, n_trials, space), "accuracy")
    surrogate, fit = clocked(lambda: fit_surrogate(history, MetaLearningParameters(), seed=0))
    (index, card), indexing = clocked(lambda: build_index(history))
    features = compute_meta_features({"a": 820, "b": 610, "c": 410}, 512, 640, "X-ray")
    description = TargetDescription(name="target", meta_features=features)
    parameters, nothing = RecommendationParameters(), as_table([])
    learned = Learned(History(history), surrogate, index, card)
    tried, count = clocked(lambda: learned.history.tried)
    retriever = TrialRetriever.from_history(index, card, history)

    def decide() -> None:
        retriever.invoke(features.model_dump_json())
        allowed = allowed_space(space, tried, "measured")
        target = Target.known(description, nothing, learned)
        list_candidates(foresee(target, learned, allowed.space), surrogate, parameters)
        warn_about_target(target, learned, allowed, parameters)

    costs = {
        "fit": fit,
        "index": indexing,
        "count": count,
        "retrieve_once": timed(lambda: retrieve(index, card, history, features), 5),
        "retrieve": timed(lambda: retriever.invoke(features.model_dump_json()), 5),
        "decide": timed(decide, 5),
    }
    return {
        "trials": float(len(history)),
        **{f"{name}_s": wall for name, (wall, _) in costs.items()},
        **{f"{name}_cpu_s": processor for name, (_, processor) in costs.items()},
        "peak_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
    }


COLUMNS = {
    "fit": ("fit (s)", 1, 1),
    "index": ("index (s)", 1, 1),
    "count": ("count (s)", 1, 2),
    "retrieve_once": ("retrieve, cold (ms)", 1000, 0),
    "retrieve": ("retrieve (ms)", 1000, 0),
    "decide": ("decide (s)", 1, 2),
}
"""What is shown: heading, factor, decimals; each as wall time / processor time."""


def show(rows: list[dict[str, float]]) -> Table:
    """Return a table of the sizes, and how processor time grew from one to the next."""
    table = Table("trials", *(heading for heading, _, _ in COLUMNS.values()), "peak (GB)")
    for number, row in enumerate(rows):
        cells = [
            f"{factor * row[f'{name}_s']:.{decimals}f} / "
            f"{factor * row[f'{name}_cpu_s']:.{decimals}f}"
            for name, (_, factor, decimals) in COLUMNS.items()
        ]
        table.add_row(f"{row['trials']:,.0f}", *cells, f"{row['peak_gb']:.2f}")
        if number + 1 < len(rows):
            larger = rows[number + 1]
            grown = [
                f"x {larger[key] / row[key]:.1f}"
                for key in ("trials", *(f"{name}_cpu_s" for name in COLUMNS), "peak_gb")
            ]
            table.add_row(*grown, style="dim")
    return table


def main() -> None:
    """Measure each size in a process of its own and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--datasets", type=int, default=1000)
    parser.add_argument("--trials", type=int, default=1000, help="trials a dataset, at most")
    parser.add_argument("--one", action="store_true", help="measure this size alone, as JSON")
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(measure(arguments.datasets, arguments.trials)))
        return
    rows = []
    for trials in sorted(
        {max(10, arguments.trials // 100), arguments.trials // 10, arguments.trials}
    ):
        command = [sys.executable, "-m", "benchmarks.large_history", "--one"]
        size = ["--datasets", str(arguments.datasets), "--trials", str(trials)]
        done = subprocess.run([*command, *size], capture_output=True, text=True, check=True)
        rows.append(json.loads(done.stdout.splitlines()[-1]))
    Console().print(show(rows))


if __name__ == "__main__":
    main()
