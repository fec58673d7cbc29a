from io import StringIO

import pytest
from rich.console import Console

from metallmix_kedro.explanation import formatting
from metallmix_kedro.explanation.evidence import OwnTrial, OwnTrials
from metallmix_kedro.meta_features import ImagesRead
from metallmix_kedro.report.recommendation import Recommendation
from metallmix_kedro.report.terminal import render_summary
from metallmix_kedro.search_space import Configuration
from tests import made_recommendation as made
from tests.made_curves import NEVER, SLOW, made_curves

JSON_PATH = f"data/07_model_output/recommendation.json/{'2026-01-01T00.00.00.000Z/' * 2}r.json"


def printed(
    recommendation: Recommendation, width: int = 80, report_path: str = "report.html"
) -> str:
    written = StringIO()
    Console(width=width, file=written).print(render_summary(recommendation, JSON_PATH, report_path))
    return written.getvalue()


def test_the_summary_says_what_matters() -> None:
    text = " ".join(printed(made.recommendation()).split())

    recommendation = made.recommendation()
    for said in (
        recommendation.target.name,
        recommendation.configuration.backbone,
        f"{100 * recommendation.score.value:.1f} %",
        "90 % interval",
        "decided by surrogate",
        "report.html",
        "C5",
        "T1",
        "only 6 measured datasets",
        "highest predicted accuracy",
    ):
        assert said in text


def test_what_was_read_is_said_before_anything_is_concluded() -> None:
    classes = {f"class {k:02d}": 100 - k for k in range(20)}
    read = ImagesRead(classes=classes, left_out={"zero bytes": 2, "not an image": 1})
    shown = made.recommendation().model_copy(update={"read": read})
    text = " ".join(printed(shown).split())
    assert "Read as 20 classes, 1,810 images: class 00 100, class 01 99, " in text
    assert "class 11 89, and 8 more; left out 3: 1 not an image, 2 zero bytes. Candidates" in text
    assert "Read as" not in printed(made.recommendation())  # by a card


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    lines = printed(made.recommendation(), width).splitlines()

    assert max(len(line) for line in lines) <= width


def test_a_long_path_can_be_copied_whole() -> None:
    assert JSON_PATH in "".join(line.strip() for line in printed(made.recommendation()).split("\n"))


def test_names_are_not_read_as_markup() -> None:
    target = made.evidence().target.model_copy(update={"name": "[bold]x[/bold]\n[link=y]"})
    trial = made.evidence().trials[0].model_copy(update={"dataset": "[red]d[/]"})
    shown = made.evidence().model_copy(update={"target": target, "trials": (trial,)})

    text = printed(made.recommendation(shown, explanation="[/nothing]"))

    assert "[bold]x[/bold] [link=y]" in text
    assert "[red]d[/]" in text
    assert "[/nothing]" in text


def test_control_sequences_do_not_reach_the_terminal() -> None:
    target = made.evidence().target.model_copy(update={"name": "a\x1b]0;title\x07\x1b[2Jb"})
    shown = made.evidence().model_copy(update={"target": target})

    text = printed(made.recommendation(shown, explanation="c\x1b[31md\ne"))

    assert not [sign for sign in text if not sign.isprintable() and sign != "\n"]


def test_the_language_model_is_named() -> None:
    answer = made.reply(provider_used="ollama", model="qwen2.5-coder:7b", raw="{}", error=None)

    assert "qwen2.5-coder:7b" in printed(made.recommendation(answer=answer, decided_by="llm"))


def test_paths_that_were_not_saved_are_not_shown() -> None:
    text = printed(made.recommendation(), report_path="")

    assert "JSON" in text
    assert "report  " not in text


@pytest.mark.parametrize(
    ("chance", "said"), [(None, ""), (0.0, "1 %"), (0.318, "32 %"), (1.0, "99 %")]
)
def test_no_chance_is_said_to_be_certain(chance: float | None, said: str) -> None:
    candidate = made.evidence().candidates[0].model_copy(update={"chance": chance})
    assert formatting.chance(candidate) == said


def test_own_trials_are_told() -> None:
    shown = made.recommendation()
    tried = OwnTrial(configuration=shown.configuration, score=0.8123)
    evidence = shown.evidence.model_copy(
        update={"own_trials": OwnTrials(n_trials=3, best=(tried,))}
    )
    changed = shown.model_copy(update={"evidence": evidence})
    text = " ".join(printed(changed).split())
    assert "81.2 %" in text
    assert "of 3 trials on this dataset" in text


def after_trials(best: float, *gain_chances: float) -> str:
    shown = made.recommendation()
    tried = OwnTrial(configuration=shown.configuration, score=best)
    candidates = tuple(
        one.model_copy(update={"gain_chance": chance})
        for one, chance in zip(shown.evidence.candidates, gain_chances, strict=False)
    )
    evidence = shown.evidence.model_copy(
        update={"own_trials": OwnTrials(n_trials=3, best=(tried,)), "candidates": candidates}
    )
    changed = shown.model_copy(update={"evidence": evidence})
    return " ".join(printed(changed, width=120).replace("│", " ").split())


def test_after_own_trials_it_says_whether_to_stop() -> None:
    said = after_trials(0.954, 0.01, 0.02, 0.04)
    assert "stop: your 95.4 % is unlikely to be beaten (chance 4 % by the likeliest)" in said
    assert "stop: your 100.0 % cannot be beaten" in after_trials(1.0, 0.6, 0.7)
    said = after_trials(0.61, 0.34, 0.49, 0.73)
    assert "try C1: chance 34 % to beat your 61.0 %" in said


def test_candidates_that_differ_in_one_value_look_different() -> None:
    shown = made.recommendation()
    first = shown.evidence.candidates[0]
    others: list[dict[str, object]] = [
        {"dense_units": 1024},
        {"dropout": 0.5},
        {"batch_size": 64},
        {"optimizer": "adam"},
    ]
    twins = [first] + [
        first.model_copy(
            update={
                "configuration": Configuration.from_mapping(first.configuration.as_dict() | one)
            }
        )
        for one in others
    ]
    evidence = shown.evidence.model_copy(
        update={
            "candidates": tuple(
                one.model_copy(update={"ref": f"C{number}"}) for number, one in enumerate(twins, 1)
            )
        }
    )
    text = " ".join(printed(shown.model_copy(update={"evidence": evidence})).split())
    for told in ("1024 dense units", "dropout 0.5", "batches of 64", "adam at"):
        assert told in text


@pytest.mark.parametrize("width", [60, 70, 80, 100])
def test_no_name_breaks_in_mid_word(width: int) -> None:
    shown = made.recommendation()
    text = printed(shown, width)
    for candidate in shown.evidence.candidates:
        assert candidate.configuration.backbone in text


def with_curves(width: int = 120, n_train: float = 200.0) -> str:
    shown = made.recommendation(curves=made_curves(SLOW, NEVER, n_train=n_train))
    return printed(shown, width)


def words(text: str) -> str:
    return " ".join(text.replace("│", " ").split())


def test_it_says_for_how_many_images_it_holds_and_what_more_would_buy() -> None:
    text = words(with_curves())
    assert "trained on 200 of your 1,840 images" in text
    assert "more images 500 more training images: +18.1 points of predicted accuracy." in text
    assert "more images From about 400 training images on, all layers is predicted ahead." in text
    assert text.count("is predicted ahead") == 1


def test_at_the_edge_of_the_history_nothing_is_said_of_more_images() -> None:
    text = words(with_curves(n_train=800.0))
    assert "trained on 800 of your 1,840 images, as many as the history knows of" in text
    assert "more images" not in text
    # Nor where the history does not tell how many images trained its networks.
    plain = words(printed(made.recommendation()))
    assert "trained on" not in plain
    assert "more images" not in plain


@pytest.mark.parametrize("width", [60, 80, 120])
def test_curves_make_no_line_wider_than_the_terminal(width: int) -> None:
    assert max(map(len, with_curves(width).splitlines())) <= width
