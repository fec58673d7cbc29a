import numpy as np
import pandas as pd
import pytest

from metallmix_kedro.decision.prospects import foresee, list_candidates
from metallmix_kedro.declared import configuration_columns
from metallmix_kedro.explanation.evidence import Candidate
from metallmix_kedro.history.columns import ACCURACY, SCORE
from metallmix_kedro.history.trials import History
from metallmix_kedro.search_space import Configuration, SearchSpace, phrase
from metallmix_kedro.support.errors import ParameterError
from tests import made_recommendation as made
from tests.fabricated import SPACE

TARGET = made.HAND_X_RAYS
KEYS = list(configuration_columns())


def with_trials(
    configurations: pd.DataFrame, scores: list[float], **changes: object
) -> pd.DataFrame:
    """The made history with trials on the target itself."""
    history = made.history()
    rows = history.head(len(configurations)).assign(
        **{name: configurations[name].to_numpy() for name in KEYS},
        **TARGET.meta_features.as_dict(),
        dataset=TARGET.name,
        trial_id=[f"own-{number}" for number in range(len(configurations))],
        data_hash="own",
    )
    rows[SCORE] = rows[ACCURACY] = scores
    return pd.concat([history, rows.assign(**changes)], ignore_index=True)


def listed(history: pd.DataFrame, space: SearchSpace = SPACE) -> tuple[Candidate, ...]:
    learned = made.learned_from(history)
    target = made.known(TARGET, learned)
    return list_candidates(foresee(target, learned, space), learned.surrogate, made.PARAMETERS)


def test_own_trials_are_those_of_the_target_best_first() -> None:
    tried = SPACE.frame().iloc[[3, 7, 11]]
    history = with_trials(tried, [0.4, 0.9, 0.6])
    found = History(history).own_trials(TARGET.name)
    assert found[SCORE].tolist() == [0.9, 0.6, 0.4]
    assert found[KEYS].iloc[0].tolist() == tried.iloc[1].tolist()
    assert History(made.history()).own_trials(TARGET.name).empty
    for useless in ({"status": "failed"}, {"learning_rate": None}):
        changed = History(with_trials(tried, [0.4, 0.9, 0.6], **useless))
        assert changed.own_trials(TARGET.name).empty


def test_what_was_tried_is_not_offered_again() -> None:
    first = listed(made.history())
    tried = pd.DataFrame([one.configuration.as_dict() for one in first])
    again = listed(with_trials(tried, [0.5] * len(first)))
    assert not {one.configuration for one in first} & {one.configuration for one in again}
    chances = [one.gain_chance for one in again]
    assert all(value is not None and 0 <= value <= 1 for value in chances)


def test_a_bad_trial_lowers_what_is_expected_of_its_like() -> None:
    first = listed(made.history())[0]
    tried = pd.DataFrame([first.configuration.as_dict()])
    good, bad = (listed(with_trials(tried, [score])) for score in (0.99, 0.01))
    assert max(one.relative_score for one in bad) < max(one.relative_score for one in good)


def test_a_trial_outside_the_allowed_space_counts_too() -> None:
    space = SPACE.model_copy(update={"backbone": ("EfficientNetLite0",)})
    elsewhere = SPACE.frame().query("backbone == 'Xception'").head(1)
    before = listed(made.history(), space)
    after = listed(with_trials(elsewhere, [0.01]), space)
    assert all(one.configuration in space for one in after)
    # What all configurations of a dataset share is learned from any of them.
    assert after[0].relative_score < before[0].relative_score


def test_when_all_was_tried_there_is_nothing_to_recommend() -> None:
    space = SPACE.model_copy(
        update={
            "backbone": ("Xception",),
            "strategy": ("full",),
            "optimizer": ("sgd",),
            "learning_rate": (1e-3,),
            "dense_units": (512,),
        }
    )
    tried = space.frame()
    scores = [0.5] * (len(tried) - 1) + [0.75]
    with pytest.raises(ParameterError, match=f"All {len(tried)} configurations") as caught:
        listed(with_trials(tried, scores), space)
    best = phrase(Configuration.from_mapping(tried.iloc[-1].to_dict()))
    assert f"The best scored 75.0 %: {best}." in str(caught.value)
    assert f"'{TARGET.name}'" in str(caught.value)


def test_chances_are_stated_of_all_but_the_best_on_average() -> None:
    for one in listed(made.history()):
        if "best_on_average" in one.roles:
            assert one.chance is None
        else:
            assert one.chance is not None
            assert 0 <= one.chance <= 1


def test_where_no_average_is_known_no_chance_is_stated() -> None:
    space = SPACE.model_copy(update={"dense_units": (64,)})
    assert all(one.chance is None for one in listed(made.history(), space))


def test_hundreds_of_own_trials_are_no_obstacle() -> None:
    rng = np.random.default_rng(0)
    tried = SPACE.frame().sample(n=230, random_state=1)
    candidates = listed(with_trials(tried, rng.uniform(0.3, 0.9, len(tried)).tolist()))
    left = SPACE.frame().drop(index=tried.index).to_dict("records")
    assert all(one.configuration.as_dict() in left for one in candidates)
