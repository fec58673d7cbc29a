"""Whatever the objective is, everything that is said names its metric, and claims are checked."""

from html import unescape
from io import StringIO

import pytest
from rich.console import Console

from metallmix_kedro.decision.scoring import AllowedSpace
from metallmix_kedro.decision.target_warnings import warn_about_target
from metallmix_kedro.explanation.claims import check_explanation
from metallmix_kedro.explanation.evidence import Budget, Evidence
from metallmix_kedro.explanation.explanation import explain_from_attributions
from metallmix_kedro.explanation.statements import true_statements
from metallmix_kedro.history.objective import MEASURES
from metallmix_kedro.report.recommendation import _holds_for
from metallmix_kedro.report.terminal import render_summary
from tests import made_recommendation as made
from tests.fabricated import SPACE
from tests.made_evidence import hand_made
from tests.unit.decision.test_gather import described
from tests.unit.explanation.test_prompt import choosing, explaining

PREDICTED = "C1 is predicted to reach {} of 0.941 after a training time of 95 s."
REACHED = (
    'T1 on "chest_ct" used backbone Xception with the last 10 layers trained and reached {} of {} '
    "after a training time of 31 s."
)
OTHERS = [name for name in MEASURES if name != "accuracy"]


def evidence_for(objective: str) -> Evidence:
    """The evidence by hand, its trials with every metric."""
    trials = [
        trial.model_copy(
            update={
                "metrics": {
                    **trial.metrics,
                    "test_rarest_recall": round(trial.metrics["test_f1"] - 0.1, 4),
                }
            }
        )
        for trial in hand_made().trials
    ]
    return hand_made(objective=objective, trials=tuple(trials))


def holds(sentence: str, objective: str) -> bool:
    checks = check_explanation(sentence, evidence_for(objective), "C1")
    assert checks
    return all(check.supported for check in checks)


@pytest.mark.parametrize("objective", MEASURES)
def test_our_own_explanation_names_the_metric_and_holds(objective):
    text = explain_from_attributions(evidence_for(objective), "C1").text
    assert f"reach {MEASURES[objective].phrase} of 0.941" in text
    assert f"reached {MEASURES[objective].phrase} of " in text
    assert ("accuracy" in text) is (objective == "accuracy")
    assert holds(text, objective)


@pytest.mark.parametrize(
    ("sentence", "objectives"),
    [
        (PREDICTED.format("an accuracy"), {"accuracy"}),
        (PREDICTED.format("a macro F1"), {"macro_f1"}),
        (PREDICTED.format("a rarest-class recall"), {"rarest_class_recall"}),
        (PREDICTED.format("a recall"), set()),
        ("The predicted accuracy of C1, 0.941, is above that of C2, 0.905.", {"accuracy"}),
        ("The predicted macro F1 of C1, 0.941, is above that of C2, 0.905.", {"macro_f1"}),
        ("The predicted macro F1 of C1, 0.941, is below that of C2, 0.905.", set()),
        (REACHED.format("an accuracy", 0.912), {"accuracy"}),
        (REACHED.format("a macro F1", 0.879), {"macro_f1"}),
        (REACHED.format("a macro F1", 0.912), set()),
    ],
)
def test_a_claim_holds_only_of_the_metric_it_names(sentence, objectives):
    assert {name for name in MEASURES if holds(sentence, name)} == objectives


@pytest.mark.parametrize(
    ("cites", "objective", "meant"),
    [
        ("score", "macro_f1", ("0.941", "C1.score")),
        ("score", "rarest_class_recall", ("0.941", "C1.score")),
        ("T1", "accuracy", ("0.912", "T1.test_accuracy")),
        ("T1", "macro_f1", ("0.879", "T1.test_f1")),
        ("T1", "rarest_class_recall", ("0.779", "T1.test_rarest_recall")),
    ],
)
def test_a_reference_is_to_the_metric_of_the_objective(cites, objective, meant):
    known = {one.cites: one for one in true_statements(evidence_for(objective), "C1")}
    assert meant in [(fact.text, fact.ref) for fact in known[cites].facts]


@pytest.mark.parametrize("objective", MEASURES)
def test_the_language_model_is_shown_the_metric(objective):
    measure, evidence = MEASURES[objective], evidence_for(objective)
    chosen, explained = choosing(evidence), explaining(evidence)
    assert f"Trials: configuration, {measure.label}, time" in chosen
    assert f"Candidates: configuration, predicted {measure.label}, time" in chosen
    assert f"{evidence.trials[0].metrics[measure.column]:.0%}" in chosen
    assert ("accuracy" in chosen + explained) is (objective == "accuracy")
    assert "prediction: score; score and time" in explained


def test_an_imbalanced_target_is_pointed_to_the_objectives_that_count_rare_classes():
    said = imbalance_warning("accuracy")
    assert "--params=objective=macro_f1" in said
    assert "--params=objective=rarest_class_recall" in said
    assert "98% accuracy" in said


@pytest.mark.parametrize("objective", OTHERS)
def test_who_asked_for_rare_classes_is_told_how_few_images_they_have(objective):
    said = imbalance_warning(objective)
    assert MEASURES[objective].label in said
    assert "accuracy" not in said


def imbalance_warning(objective: str) -> str:
    return next(text for text in warnings(objective) if "45.0 times" in text)


def warnings(objective: str) -> tuple[str, ...]:
    learned = made.learned_from(made.history(), objective=objective)
    target = made.known(described(sizes={"a": 900, "b": 20}), learned)
    allowed = AllowedSpace(space=SPACE, unmeasured=())
    return warn_about_target(target, learned, allowed, made.PARAMETERS)


@pytest.mark.parametrize("objective", MEASURES)
def test_a_recall_alone_is_warned_of(objective):
    warned = any("always names the rarest class" in text for text in warnings(objective))
    assert warned is (objective == "rarest_class_recall")


@pytest.mark.parametrize("objective", MEASURES)
def test_summary_and_report_name_the_metric(objective):
    label = MEASURES[objective].label
    shown = made.evidence().model_copy(update={"objective": objective, "warnings": ()})
    shown = made.as_sure(shown, 0.6)
    made_for = made.recommendation(shown, explanation="As the evidence says.", checks=())
    assert made_for.objective == objective
    assert any(f"The predicted {label} is vague" in text for text in made_for.warnings)
    written = StringIO()
    Console(width=100, file=written).print(render_summary(made_for, "r.json", "r.html"))
    summary = " ".join(written.getvalue().split())
    assert f"predicted {label}" in summary
    assert ("accuracy" in summary) is (objective == "accuracy")
    report = made.page(made_for)
    assert f"Predicted test {label}" in report
    assert f"predicted test {label} and training time" in report


def test_times_are_told_as_multiples_of_the_fastest_candidates():
    shown = made.recommendation()
    times = {one.ref: one.training_time_s for one in shown.evidence.candidates}
    unit = shown.training_time_s.relative_to
    assert times[unit] == min(times.values())
    for ref, ratio in shown.relative_training_times.items():
        assert ratio == pytest.approx(times[ref] / times[unit], abs=1e-3)
    assert shown.training_time_s.relative == shown.relative_training_times[shown.chosen_ref]
    assert "Seconds hold for" in shown.training_time_s.holds_for
    assert shown.training_time_s.holds_for in unescape(made.page(shown))


def test_the_sentence_on_times_names_device_and_budget():
    budget = {"n_images": 240, "image_size": 96}
    shown = Evidence.model_validate({**made.evidence().model_dump(), "budget": budget})
    said = made.recommendation(shown).training_time_s
    assert "and images of 96 px; elsewhere" in said.holds_for
    assert str(said.device) in said.holds_for


def test_where_the_machine_was_timed_the_seconds_are_its_own():
    assert "this machine and images of 96 px: by one timed pass it takes 1.41 times" in _holds_for(
        "cpu:0", Budget(n_images=240, image_size=96), 1.41
    )
