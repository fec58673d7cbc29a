"""What each ingredient of the decision adds, leaving one dataset out at a time.

The evaluation is run with one ingredient more each time, on the latest history of the project's
``data``; every row is a full leave-one-dataset-out run of the code that ships, with other
parameters. A change smaller than the interval of a mean (about 0.03 either way with fifteen
datasets) proves nothing.

    python -m benchmarks.ingredients
    python -m benchmarks.ingredients --objective macro_f1
"""

import argparse
from pathlib import Path
from typing import Any, get_args

import pandas as pd
from rich.console import Console
from rich.table import Table

import benchmarks.declared_space  # noqa: F401 (the hyperparameters of conf/base)
from metallmix_kedro.evaluation.compare import compare_methods
from metallmix_kedro.evaluation.parameters import MAIN, EvaluationParameters
from metallmix_kedro.evaluation.protocols.knowledge import Settings
from metallmix_kedro.evaluation.statistics.scores import mean_by_dataset
from metallmix_kedro.history import History, Objective
from metallmix_kedro.report.parameters import RecommendationParameters
from metallmix_kedro.retrieval.parameters import RetrievalParameters
from metallmix_kedro.surrogate.parameters import BoostingParameters, MetaLearningParameters

DATA = Path(__file__).parents[1] / "data"

# One tree that adds nothing: what is left is the average.
NO_TREES = BoostingParameters(n_rounds=1, eta=1e-9)
NOBODY_OWN = 1e6

Step = tuple[str, dict[str, Any], tuple[str, ...]]

STEPS: tuple[Step, ...] = (
    ("best on average, as measured", {}, ("best_on_average",)),
    (
        "values and pairs, smoothed",
        {"score_model": NO_TREES, "own_penalty": NOBODY_OWN},
        ("surrogate", "short_list"),
    ),
    ("+ worth of the very combination", {"score_model": NO_TREES}, ("surrogate", "short_list")),
    ("+ trees, any leaf", {"leaf_share": 0.0}, ("surrogate", "short_list")),
    ("+ leaves of 4 % (ships, no probes)", {}, ("surrogate", "short_list")),
    ("+ one probe", {}, ("one_probe",)),
    ("+ all probes (ships)", {}, ("all_probes", "probed_short_list")),
    ("all probes, any leaf", {"leaf_share": 0.0}, ("all_probes", "probed_short_list")),
)
"""What it is called, the parameters that differ, and the methods: first pick, and list if any."""


def measure(history: History, probes: pd.DataFrame, step: Step) -> tuple[float, ...]:
    """Return the mean regrets of the first pick, of the best of its five, and of the list's."""
    _, changes, methods = step
    evaluation = EvaluationParameters(methods=methods, protocols=(MAIN,), n_bootstrap=100)
    settings = Settings(
        evaluation,
        MetaLearningParameters(**changes),
        RecommendationParameters(),
        RetrievalParameters(),
    )
    outcomes = compare_methods(history, settings, probes).under(MAIN)
    first, five = (mean_by_dataset(outcomes, name) for name in ("regret", "regret_of_five"))
    listed = five[methods[1]].mean() if len(methods) > 1 else float("nan")
    return float(first[methods[0]].mean()), float(five[methods[0]].mean()), float(listed)


def latest(data: Path, path: str) -> pd.DataFrame:
    """Read the latest version of a table of the catalog."""
    return pd.read_parquet(max((data / path).glob("*/*.parquet")))


def main() -> None:
    """Measure all steps and print a row each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--objective", choices=get_args(Objective), default="accuracy")
    parser.add_argument("--data", type=Path, default=DATA, help="folder with the history")
    parser.add_argument("--steps", type=int, default=len(STEPS), help="measure the first so many")
    arguments = parser.parse_args()
    history = latest(arguments.data, "05_model_input/history.parquet")
    history = History.scored(history, arguments.objective)
    probes = latest(DATA, "04_feature/probes.parquet")
    console = Console(width=100)
    table = Table(title=f"Mean normalised regret, {arguments.objective}")
    for head in ("ingredients", "first pick", "best of its five", "best of the short list"):
        table.add_column(head, justify="left" if head == "ingredients" else "right")
    for step in STEPS[: arguments.steps]:
        figures = measure(history, probes, step)
        row = [step[0], *("" if pd.isna(one) else f"{one:.3f}" for one in figures)]
        console.print("  ".join(row))
        table.add_row(*row)
    console.print(table)


if __name__ == "__main__":
    main()
