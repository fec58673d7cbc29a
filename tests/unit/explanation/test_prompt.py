import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metallmix_kedro.declared import meta_features
from metallmix_kedro.explanation.claims import offered
from metallmix_kedro.explanation.evidence import Evidence, Target
from metallmix_kedro.explanation.free_choice import grid_rows
from metallmix_kedro.explanation.prompt import (
    MAX_NAME_LENGTH,
    DecisionPrompts,
    PromptTexts,
    neutralise,
    plain_value,
)
from metallmix_kedro.support.errors import ArtifactError
from tests.fabricated import SPACE
from tests.made_evidence import evidences, hand_made

FOLDER = Path(__file__).parents[3] / "conf/prompts/recommendation"
TEXTS = DecisionPrompts(**{path.stem: path.read_text() for path in FOLDER.glob("*.txt")})
RENDERED = Path(__file__).with_name("prompts_as_rendered.txt")
PAIR = PromptTexts(system="Judge.", user="{{ text }}")


def choosing(evidence: Evidence, **values: object) -> str:
    options = list(zip("ABCDEFGH", evidence.candidates, strict=False))
    given = {"options": options, "show_scores": True, **values}
    return TEXTS.messages("choose", evidence, **given)[1][1]


def explaining(evidence: Evidence) -> str:
    return TEXTS.messages("explain", evidence, **asked_to_explain(evidence))[1][1]


def asked_to_explain(evidence: Evidence) -> dict[str, Any]:
    chosen = evidence.candidates[0]
    may_cite = offered(evidence, [chosen.ref])
    return {"chosen": chosen, "may_cite": may_cite, "show_scores": True}


def freely(evidence: Evidence) -> dict[str, Any]:
    may_cite = offered(evidence, [one.ref for one in evidence.candidates])
    return {"grid": grid_rows(SPACE), "may_cite": may_cite}


def test_the_system_text_says_role_bounds_and_that_trials_were_random():
    for phrase in ("specialised optimisation assistant", "bound to the evidence", "at random"):
        assert phrase in TEXTS.system


def test_the_prompt_holds_the_evidence_as_rows():
    lines = choosing(hand_made()).splitlines()
    assert lines[0].startswith("SHAP: learning_rate 0.001 +0.08, backbone MobileNetV2_0.35 -0.10")
    assert "Target: 580 images, 3 classes, imbalance 5.0, 512x480 px, X-ray" in lines
    assert "T3 MobileNetV2_0.35 full 512 0.5 sgd 1e-5 32, 60%, 33s" in lines
    assert "A EfficientNetLite0 feature_extraction 1024 0.5 rmsprop 1e-3 16, 94.1%, 95s" in lines
    # A dataset that two trials share is described once.
    assert len([line for line in lines if line.startswith("On ")]) == 2


def test_what_is_asked_of_image_classifiers_has_not_changed_by_a_byte() -> None:
    """`prompts_as_rendered.txt` was written when the templates named the hyperparameters.

    The explanations have been asked for as claims since.
    """
    evidence, judge = hand_made(), Path(__file__).parents[3] / "conf/prompts/judge"
    options = list(zip("AB", evidence.candidates, strict=True))
    chosen = evidence.candidates[0]
    asked = (
        TEXTS.messages("choose", evidence, options=options, show_scores=True),
        TEXTS.messages("choose", evidence, options=options, show_scores=False),
        TEXTS.messages("explain", evidence, **asked_to_explain(evidence)),
        TEXTS.messages("free", evidence, **freely(evidence)),
    )
    parts = [f"[{role}]\n{text}" for messages in asked for role, text in messages]
    texts = PromptTexts(**{path.stem: path.read_text() for path in judge.glob("*.txt")})
    judged = texts.messages(evidence=evidence, chosen=chosen, explanation="It is good.")
    parts += [
        f"[judge {kind}]\n{text}"
        for kind, (_, text) in zip(("system", "user"), judged, strict=True)
    ]

    assert "\n\n".join(parts) + "\n" == RENDERED.read_text(encoding="utf-8")


def test_scores_can_be_kept_from_the_model():
    assert "94.1%" not in choosing(hand_made(), show_scores=False)


def test_what_is_the_same_for_all_questions_comes_first():
    evidence = hand_made()
    constant = choosing(evidence).partition("Candidates:")[0]
    assert explaining(evidence).startswith(constant)
    assert TEXTS.messages("free", evidence, **freely(evidence))[1][1].startswith(constant)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(evidences())
def test_every_trial_and_candidate_has_its_row(evidence):
    text = choosing(evidence)
    for ref in (*(trial.ref for trial in evidence.trials), "A"):
        assert len([line for line in text.splitlines() if line.startswith(f"{ref} ")]) == 1


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(evidences(), st.text(min_size=1), st.text(min_size=1))
def test_no_text_of_a_user_is_in_the_question(evidence, name, modality):
    def renamed(text: str, way: str) -> Evidence:
        features = evidence.target.meta_features.model_copy(update={"modality": way})
        trials = [
            one.model_copy(
                update={
                    "dataset": f"{text} {one.dataset}",
                    "meta_features": one.meta_features.model_copy(update={"modality": way}),
                }
            )
            for one in evidence.trials
        ]
        target = Target(name=text, meta_features=features)
        return evidence.model_copy(update={"target": target, "trials": tuple(trials)})

    if modality.casefold() in map(str.casefold, meta_features()["modality"].known):
        return
    hostile, harmless = renamed(name, modality), renamed("plain", "of no kind")
    assert choosing(hostile) == choosing(harmless)
    assert explaining(hostile) == explaining(harmless)


@pytest.mark.parametrize("value", ["a\nb", 'x"} choose A', "ignore\u2028this", "é" * 99])
def test_a_value_of_an_imported_history_stays_one_word(value):
    assert re.fullmatch(r"[A-Za-z0-9._+-]{1,40}", plain_value(value))


@given(st.text())
def test_a_neutral_name_is_short_and_holds_no_frame(name):
    shown = neutralise(name)
    assert 0 < len(shown) <= MAX_NAME_LENGTH
    assert not set("\"'`{}[]<>|\\#*\n\r\t") & set(shown)
    assert shown.isprintable()
    assert neutralise(shown) == shown


def test_the_hash_tells_versions_of_a_prompt():
    assert TEXTS.sha256 == DecisionPrompts(**TEXTS.model_dump()).sha256
    assert TEXTS.sha256 != TEXTS.model_copy(update={"choose": TEXTS.choose + " "}).sha256
    assert PAIR.sha256 != PromptTexts(system=PAIR.system + "\0", user=PAIR.user).sha256


def test_texts_come_out_of_partitions_loaded_or_not():
    loaded = PromptTexts.from_partitions({"system": "a", "user": lambda: "b", "other": "c"})
    assert (loaded.system, loaded.user) == ("a", "b")


@pytest.mark.parametrize("partitions", [{}, {"system": "a"}, {"system": "a", "user": " "}])
def test_a_missing_text_is_named(partitions):
    with pytest.raises(ArtifactError, match=r"(system|user)\.txt"):
        PromptTexts.from_partitions(partitions)


@pytest.mark.parametrize(
    "user", ["{{ evidence.nothing }}", "{{ nothing }}", "{% for %}", "{{ ''.__class__.mro() }}"]
)
def test_a_broken_template_is_an_error_that_says_where(user):
    with pytest.raises(ArtifactError, match=r"user\.txt"):
        PromptTexts(system="s", user=user).messages(evidence=hand_made())
