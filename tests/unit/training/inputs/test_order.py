import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from metallmix_kedro.training.inputs.splits import batches


def in_order(rows: np.ndarray, batch_size: int, seed: int = 0, epoch: int = 0) -> list[list[int]]:
    return [batch.tolist() for batch in batches(rows, batch_size, seed, epoch)]


@given(n_rows=st.integers(1, 60), batch_size=st.integers(1, 70), seed=st.integers(0, 2**31))
def test_every_row_is_in_one_batch_and_only_the_last_is_smaller(
    n_rows: int, batch_size: int, seed: int
) -> None:
    rows = np.arange(n_rows) * 3
    found = in_order(rows, batch_size, seed)
    assert sorted(row for batch in found for row in batch) == rows.tolist()
    assert all(len(batch) == batch_size for batch in found[:-1])
    assert 1 <= len(found[-1]) <= batch_size


def test_the_order_depends_on_seed_and_epoch_and_nothing_else() -> None:
    rows = np.arange(30)
    np.random.seed(0)
    first = in_order(rows, 8)
    np.random.seed(1)
    assert in_order(rows, 8) == first
    others = [first, in_order(rows, 8, seed=1), in_order(rows, 8, epoch=1)]
    assert len({str(order) for order in others}) == 3


def test_the_size_of_batches_does_not_change_the_order() -> None:
    rows = np.arange(30)
    one_by_one = [batch[0] for batch in in_order(rows, 1)]
    assert in_order(rows, 30) == [one_by_one]
    assert [row for batch in in_order(rows, 7) for row in batch] == one_by_one
