"""What is to be expected of configurations on the target, asked again after each trial."""

from dataclasses import replace

import pandas as pd
import pytest

from metallmix_kedro.decision import DecisionParameters, Learned, Target, scoring
from metallmix_kedro.history import History
from metallmix_kedro.meta_features import TargetDescription, compute_meta_features, no_probes
from metallmix_kedro.retrieval import build_index
from metallmix_kedro.surrogate import MetaLearningParameters, fit_surrogate
from metallmix_kedro.trained.within_budget.foresight import Foresight, Known
from tests.fabricated import SPACE, fabricate_history


@pytest.fixture(scope="module")
def known() -> Known:
    return knowing(fabricate_history(4, 25))


def knowing(history: pd.DataFrame) -> Known:
    scored = History.scored(history, "accuracy")
    others = scored.without(frozenset({"target"}))
    surrogate = fit_surrogate(others.table, MetaLearningParameters(), seed=0)
    learned = Learned(scored, surrogate, *build_index(others.table))
    features = compute_meta_features({"a": 200, "b": 300}, 128, 128, "natural")
    description = TargetDescription(name="target", meta_features=features)
    target = Target.known(description, no_probes(), learned)
    small = SPACE.restricted(strategy=["feature_extraction", "full"], dense_units=[512])
    return Known(learned, target, small, DecisionParameters())


def test_a_trial_tells_of_its_configuration_and_of_others(known: Known) -> None:
    foresight = Foresight(known)
    before = foresight.after({}).mean
    assert len(before) == len(foresight.configurations) == len(foresight.seconds)
    after = foresight.after({3: 0.1}).mean
    assert after[3] < before[3]
    assert (after < before).mean() > 0.9


def test_earlier_trials_on_the_target_count_until_they_are_measured_again(known: Known) -> None:
    plain = Foresight(known)
    tried = plain.configurations[5]
    table = known.learned.history.table.drop(columns="score")
    own = table.iloc[[0]].assign(
        dataset="target",
        trial_id="own",
        data_hash="own",
        test_accuracy=0.1,
        level="all",
        **tried.as_dict(),
        **known.target.meta_features.as_dict(),
    )
    foresight = Foresight(knowing(pd.concat([table, own], ignore_index=True)))
    assert foresight.configurations == plain.configurations
    assert foresight.after({}).mean[5] < plain.after({}).mean[5]
    again = {5: 0.9}
    assert (foresight.after(again).mean == plain.after(again).mean).all()


def test_limits_hold_and_a_configuration_is_described_as_a_candidate(known: Known) -> None:
    everything = Foresight(known)
    limit = float(sorted(everything.seconds)[5])
    limits = DecisionParameters(max_training_time_s=limit)
    foresight = Foresight(replace(known, decision=limits))
    assert 0 < len(foresight.configurations) < len(everything.configurations)
    assert foresight.seconds.max() <= limit
    candidate = foresight.candidate(2)
    assert candidate.configuration == foresight.configurations[2]
    assert candidate.score_low <= candidate.score <= candidate.score_high


def test_what_was_measured_widely_comes_first_and_the_rest_of_the_space_after_it() -> None:
    history, names = fabricate_history(4, 25), list(SPACE.frame().columns)
    same = history[history["dataset"] == history["dataset"].iloc[0]][names].to_numpy()
    for dataset in history["dataset"].unique():
        history.loc[history["dataset"] == dataset, names] = same
    known = knowing(history)
    target, learned = known.target, known.learned
    found = scoring.score_space(target, learned.surrogate, known.space.frame())
    foresight = Foresight(known)
    # With the target's size of training set, as they were predicted for the short list.
    assert foresight.seconds.tolist() == found["training_time_s"].tolist()
    assert sorted(foresight.first + foresight.rest) == list(range(known.space.size))
    measured = found.merge(learned.history.tried.widely(), on=names)
    assert len(foresight.first) == len(measured) > 0
    asked = replace(known, decision=DecisionParameters(choose_among="space"))
    assert len(Foresight(asked).first) == known.space.size
