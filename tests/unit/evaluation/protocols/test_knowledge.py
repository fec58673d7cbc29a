import pytest

from metallmix_kedro.evaluation.protocols.knowledge import Knowledge
from metallmix_kedro.history import History


def best(training, settings):
    return float(training.relative["relative_score"].max())


def test_each_thing_is_learned_once_and_kept_by_name(shared_history, settings):
    calls = []

    def count(training, given):
        calls.append(given)
        return len(training.table)

    knowledge = Knowledge(History(shared_history), settings)
    assert knowledge.learn(count) == knowledge.learn(count) == len(shared_history)
    assert calls == [settings]
    assert knowledge.learned == {"count": len(shared_history)}


def test_relative_scores_are_those_among_what_remains(shared_history, settings):
    """The best trials of a dataset are of one backbone; without it, others reach 1."""
    others = History(shared_history[shared_history["backbone"] != "EfficientNetLite0"])
    knowledge = Knowledge(others.without(frozenset(["fabricated_0"])), settings)
    highest = knowledge.training.relative.groupby("dataset")["relative_score"].max()
    assert highest.to_dict() == {f"fabricated_{n}": 1.0 for n in (1, 2, 3)}
    assert knowledge.learn(best) == pytest.approx(1.0)
