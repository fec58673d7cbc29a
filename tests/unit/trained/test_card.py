from types import SimpleNamespace as Made

import pytest

from metallmix_kedro.explanation import Budget
from metallmix_kedro.trained.card import compare_with_prediction


def told(measured: float, held_out: bool = True, budget: Budget | None = None) -> str:
    done = Made(
        recommendation=Made(objective="accuracy", evidence=Made(budget=budget)),
        candidate=Made(score=0.8, score_low=0.7, score_high=0.9),
        plan=Made(image_size=128),
    )
    found = compare_with_prediction(done, Made(value=measured), held_out)
    assert found["held"] == (0.7 <= measured <= 0.9)
    return found["verdict"]


@pytest.mark.parametrize(
    ("measured", "words"),
    [(0.69, "was off: "), (0.7, "held: "), (0.9, "held: "), (0.91, "above the predicted interval")],
)
def test_a_prediction_holds_within_its_interval(measured: float, words: str) -> None:
    assert words in told(measured)
    assert "px" not in told(measured)


def test_what_a_prediction_was_made_for_is_said_where_it_was_something_else() -> None:
    small = Budget(n_images=600, image_size=96)
    assert "made for images of 96 px; these were of 128." in told(0.8, budget=small)
    assert "px" not in told(0.8, budget=small.model_copy(update={"image_size": 128}))
    assert "which flatters" in told(0.8, held_out=False)
