"""A dozen machines that are not ours; benchmarks/foreign_machines.py draws 200."""

import pytest

from tests.foreign_machines import comparable, run, situations
from tests.workspace import Workspace


@pytest.mark.slow
def test_a_recommendation_is_the_same_on_any_machine_or_one_readable_error(fabricated: Workspace):
    usual = {"KEDRO_ENV": "test"}
    ours = b""
    for situation in situations(12, seed=7):
        outcome = run(fabricated.folder, situation, usual)
        assert outcome.readable, (situation, outcome.said)
        made = outcome.recommendation
        ours = ours or made
        assert made is not None, (situation, outcome.said)
        assert outcome.code == 0, (situation, outcome.said)
        same = comparable(made, situation.provider) == comparable(ours, situation.provider)
        assert same, situation
