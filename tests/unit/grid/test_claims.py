import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from metallmix_kedro.grid.claims import check_unchanged, claimed
from metallmix_kedro.support.errors import InputError

HOLDER = """
import sys, time
from pathlib import Path
from metallmix_kedro.grid.claims import claimed
with claimed(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


def test_a_second_claim_is_refused_and_names_the_lock(tmp_path: Path) -> None:
    lock = tmp_path / "new" / "trials.lock"
    with (
        claimed(lock),
        pytest.raises(InputError, match=r"Another run .*trials\.lock.* data_root"),
        claimed(lock),
    ):
        pytest.fail("two runs hold the claim")


def test_a_claim_ends_however_its_run_does(tmp_path: Path) -> None:
    lock = tmp_path / "trials.lock"
    with pytest.raises(RuntimeError, match="out of memory"), claimed(lock):
        raise RuntimeError("out of memory")
    with claimed(lock):
        pass


def test_a_killed_run_frees_its_claim(tmp_path: Path) -> None:
    lock = tmp_path / "trials.lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(lock)], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(InputError), claimed(lock):
            pytest.fail("two runs hold the claim")
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()
    with claimed(lock):
        pass


def record(dataset: str, data_hash: str | None, source: str = "measured") -> dict[str, object]:
    return {"dataset": dataset, "data_hash": data_hash, "source": source}


def test_datasets_that_have_changed_are_named_and_counted() -> None:
    finished = [
        record("roses", "old"),
        record("roses", "old"),
        record("roses", "new"),
        record("tulips", "same"),
        record("lilies", "old"),
    ]
    with pytest.raises(InputError) as error:
        check_unchanged({"roses": "new", "tulips": "same", "lilies": "new"}, finished)
    assert "lilies (1 trials), roses (2 trials)." in str(error.value)
    assert "tulips" not in str(error.value)


def test_what_is_not_measured_now_or_was_not_measured_here_may_differ() -> None:
    finished = [record("not in the grid", "old"), record("roses", None, source="published")]
    check_unchanged({"roses": "new"}, finished)
