"""How long the decision without a language model takes in a warm process.

Scores the whole search space for one target, makes the short list, retrieves similar trials and
looks for what to beware of. The goal is half a second for the full space of 10,692.

    python -m benchmarks.decision --repeats 20
"""

import argparse
import time
from statistics import median

from benchmarks.declared_space import shipped_space
from metallmix_kedro.decision.prospects import foresee, list_candidates
from metallmix_kedro.decision.scoring import allowed_space
from metallmix_kedro.decision.target import Learned, Target
from metallmix_kedro.decision.target_warnings import warn_about_target
from metallmix_kedro.history.trials import History
from metallmix_kedro.meta_features import compute_meta_features
from metallmix_kedro.meta_features.probes.columns import as_table
from metallmix_kedro.meta_features.target import TargetDescription
from metallmix_kedro.report.parameters import RecommendationParameters
from metallmix_kedro.retrieval.index import build_index
from metallmix_kedro.retrieval.search import retrieve
from metallmix_kedro.surrogate.fit import fit_surrogate
from metallmix_kedro.surrogate.parameters import MetaLearningParameters
from tests.fabricated import fabricate_history


def main() -> None:
    """Time the decision and print the median and the range."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--datasets", type=int, default=15)
    parser.add_argument("--trials", type=int, default=400, help="trials a dataset")
    parser.add_argument("--repeats", type=int, default=20)
    arguments = parser.parse_args()

    trials = fabricate_history(arguments.datasets, arguments.trials)
    history = History.scored(trials, "accuracy").table
    surrogate = fit_surrogate(history, MetaLearningParameters(), seed=0)
    index, card = build_index(history)
    space = shipped_space()
    parameters = RecommendationParameters()
    features = compute_meta_features({"a": 820, "b": 610, "c": 410}, 512, 640, "X-ray")
    description = TargetDescription(name="target", meta_features=features)

    no_probes = as_table([])

    def decide() -> None:
        learned = Learned(History(history), surrogate, index, card)
        target = Target.known(description, no_probes, learned)
        allowed = allowed_space(space, learned.history.tried, space.backbone)
        list_candidates(foresee(target, learned, allowed.space), surrogate, parameters)
        retrieve(index, card, history, features, exclude_dataset=target.name)
        warn_about_target(target, learned, allowed, parameters)

    decide()
    seconds = []
    for _ in range(arguments.repeats):
        started = time.perf_counter()
        decide()
        seconds.append(time.perf_counter() - started)
    print(
        f"{space.size} configurations, {len(history)} trials: median {median(seconds):.3f} s, "
        f"{min(seconds):.3f} to {max(seconds):.3f} s"
    )


if __name__ == "__main__":
    main()
