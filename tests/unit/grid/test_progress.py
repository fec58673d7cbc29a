import pytest

from metallmix_kedro.grid.progress import grid_progress


def record(dataset: str, score: float | None) -> dict[str, object]:
    return {"dataset": dataset, "test_accuracy": score}


def test_it_counts_trials_and_shows_the_best_of_a_dataset(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with grid_progress(total=7, finished=2) as advance:
        for score in (0.5, 0.75, 0.25):
            advance(record("roses", score))
    shown = capsys.readouterr().out
    assert "5/7" in shown
    assert "roses: best 0.750" in shown


def test_a_failed_trial_is_no_best_one(capsys: pytest.CaptureFixture[str]) -> None:
    with grid_progress(total=2, finished=0) as advance:
        advance(record("roses", 0.5))
        advance(record("tulips", None))
    assert "tulips: no trial finished yet" in capsys.readouterr().out
