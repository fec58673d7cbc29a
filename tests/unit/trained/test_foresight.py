"""What is to be expected of configurations on the target, asked again after each trial."""

from dataclasses import replace

import pandas as pd
import pytest

from metallmix_kedro.decision import DecisionParameters
from metallmix_kedro.explanation import Target
from metallmix_kedro.history import History
from metallmix_kedro.meta_features import compute_meta_features, no_probes
from metallmix_kedro.surrogate import MetaLearningParameters, fit_surrogate
from metallmix_kedro.trained.within_budget.foresight import Foresight, Known
from tests.fabricated import SPACE, fabricate_history


@pytest.fixture(scope="module")
def known() -> Known:
    history = fabricate_history(4, 25)
    table = History.scored(history, "accuracy").table
    surrogate = fit_surrogate(table, MetaLearningParameters(), seed=0)
    small = SPACE.restricted(strategy=["feature_extraction", "full"], dense_units=[512])
    return Known(history, *surrogate.artifacts(), no_probes(), small, DecisionParameters())


def target() -> Target:
    features = compute_meta_features({"a": 200, "b": 300}, 128, 128, "natural")
    return Target(name="target", meta_features=features)


def test_a_trial_tells_of_its_configuration_and_the_more_the_more_it_counts(known: Known) -> None:
    foresight = Foresight(target(), False, "accuracy", known)
    before = foresight.draws({})
    assert before.shape[1] == len(foresight.configurations) == len(foresight.seconds)
    once, often = (foresight.draws({3: (0.2, weight)}) for weight in (1, 4))
    assert often[:, 3].mean() < once[:, 3].mean() < before[:, 3].mean()


def test_earlier_trials_on_the_target_count_until_they_are_measured_again(known: Known) -> None:
    plain = Foresight(target(), False, "accuracy", known)
    tried = plain.configurations[5]
    own = known.history.iloc[[0]].assign(
        dataset="target", trial_id="own", test_accuracy=0.1, **tried.as_dict()
    )
    longer = replace(known, history=pd.concat([known.history, own], ignore_index=True))
    foresight = Foresight(target(), False, "accuracy", longer)
    assert foresight.draws({})[:, 5].mean() < plain.draws({})[:, 5].mean()
    again = {5: (0.9, 4)}
    assert (foresight.draws(again) == plain.draws(again)).all()


def test_limits_hold_and_a_configuration_is_described_as_a_candidate(known: Known) -> None:
    everything = Foresight(target(), True, "accuracy", known)
    limit = float(sorted(everything.seconds)[5])
    limits = DecisionParameters(max_training_time_s=limit)
    foresight = Foresight(target(), True, "accuracy", replace(known, decision=limits))
    assert 0 < len(foresight.configurations) < len(everything.configurations)
    assert foresight.seconds.max() <= limit
    candidate = foresight.candidate(2)
    assert candidate.configuration == foresight.configurations[2]
    assert candidate.score_low <= candidate.score <= candidate.score_high
