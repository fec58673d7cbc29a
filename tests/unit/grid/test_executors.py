from collections.abc import Sequence

import pytest

from metallmix_kedro.declared import in_force
from metallmix_kedro.grid import executors
from metallmix_kedro.grid.bundles import Bundle
from metallmix_kedro.grid.executors import InProcess, open_executor
from metallmix_kedro.support.errors import InputError
from tests.trial_examples import grid_parameters, proposal

BUNDLES = [
    Bundle("roses", (proposal(), proposal(dropout=0.5))),
    Bundle("tulips", (proposal("full"),)),
]


@pytest.fixture
def executor(monkeypatch: pytest.MonkeyPatch) -> InProcess:
    """One whose trials are measured by writing down what was asked for."""
    parameters = grid_parameters()

    def measure(
        dataset: str, given: object, declaration: object, bundle: Bundle
    ) -> Sequence[tuple[str, object]]:
        assert given is parameters
        assert declaration is in_force()
        if bundle.proposals[0].configuration.strategy == "last_10":
            raise InputError("an image has gone")
        return [(dataset, one) for one in bundle.proposals]

    monkeypatch.setattr(executors, "measure_bundle", measure)
    datasets = {"roses": "the roses", "tulips": "the tulips"}
    with open_executor(datasets, parameters) as opened:  # type: ignore[arg-type]
        assert isinstance(opened, InProcess)
        return opened


def test_bundles_are_measured_in_turn_each_on_its_dataset(executor: InProcess) -> None:
    for bundle in BUNDLES:
        executor.submit(bundle)
    for bundle, dataset in zip(BUNDLES, ("the roses", "the tulips"), strict=True):
        done, records = executor.next_result()
        assert done is bundle
        assert records == [(dataset, one) for one in bundle.proposals]


def test_there_is_room_while_nothing_waits(executor: InProcess) -> None:
    assert executor.has_room
    executor.submit(BUNDLES[0])
    assert not executor.has_room
    executor.next_result()
    assert executor.has_room


def test_what_all_trials_need_is_an_error_of_the_grid(executor: InProcess) -> None:
    executor.submit(Bundle("roses", (proposal("last_10"),)))
    with pytest.raises(InputError, match="an image has gone"):
        executor.next_result()
