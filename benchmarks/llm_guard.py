"""How much worse than the surrogate alone a language model could make the decision at most.

For every dataset left out, the candidate on the ballot whose recorded trial is the worst is taken,
as if a model always answered with that one: no answer can do worse on average. What `max_gap`
(recommendation.llm) lets onto the ballot decides how bad that is.

    python -m benchmarks.llm_guard --history data/05_model_input/history.parquet/VERSION/history.parquet
"""  # noqa: E501

import argparse
from pathlib import Path
from statistics import fmean

import numpy as np
import pandas as pd

from benchmarks.declared_space import shipped_parameters
from metallmix_kedro.evaluation.methods.one_shot import by_short_list
from metallmix_kedro.evaluation.parameters import EvaluationParameters
from metallmix_kedro.evaluation.protocols.replay import replay_tables
from metallmix_kedro.evaluation.protocols.task import Settings, Task
from metallmix_kedro.history.trials import History
from metallmix_kedro.report.parameters import RecommendationParameters
from metallmix_kedro.retrieval.parameters import RetrievalParameters
from metallmix_kedro.surrogate.parameters import MetaLearningParameters

GAPS = (0.0, 0.002, 0.005, 0.01, 0.02, 0.05, 1.0)


def main() -> None:
    """Print a row a gap: mean regret of the first, of the worst on the ballot, and how many."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--history", type=Path, required=True)
    parser.add_argument("--datasets", type=int, help="only so many of them")
    arguments = parser.parse_args()

    history = History.scored(pd.read_parquet(arguments.history), "accuracy")
    settings = Settings(
        EvaluationParameters(),
        MetaLearningParameters.model_validate(shipped_parameters("meta_learning") | {"seed": 42}),
        RecommendationParameters(),
        RetrievalParameters(),
    )
    tables, _ = replay_tables(history, "measured", settings.evaluation.min_trials)
    picks = []
    for table in tables[: arguments.datasets]:
        task = Task.leaving_out(history, table, settings)
        listed = by_short_list(task, np.random.default_rng(0), 5)
        predicted = task.predicted()["relative_score"]
        gaps = [predicted[listed[0]] - predicted[position] for position in listed]
        picks.append((gaps, [float(table.regrets[position]) for position in listed]))
        print(table.dataset, [f"{gap:.4f}" for gap in gaps], [f"{r:.3f}" for r in picks[-1][1]])
    print("max_gap  surrogate  worst on the ballot  difference  datasets with a choice")
    for limit in GAPS:
        allowed = [
            [regret for gap, regret in zip(*pair, strict=True) if gap <= limit + 1e-9]
            for pair in picks
        ]
        first = fmean(regrets[0] for _, regrets in picks)
        worst = fmean(max(regrets) for regrets in allowed)
        n_choices = sum(len(regrets) > 1 for regrets in allowed)
        print(f"{limit:7.3f}  {first:9.4f}  {worst:19.4f}  {worst - first:10.4f}  {n_choices}")


if __name__ == "__main__":
    main()
