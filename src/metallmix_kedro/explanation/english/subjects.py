"""Of what a word or number in a sentence is said, and which facts could support it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from metallmix_kedro.declared import features
from metallmix_kedro.explanation.english import wording
from metallmix_kedro.explanation.english.claims import Mention, Number, Sentence
from metallmix_kedro.explanation.evidence import Evidence
from metallmix_kedro.explanation.facts import CONTRIBUTION, Fact, collect_facts, same_value
from metallmix_kedro.search_space import Configuration

# Each is one loop over whole words, so that no text can make the search backtrack for long.
_BETWEEN_SUBJECTS = re.compile(r"(?:\b(?:and|or|to|trials?|candidates?)\b|[\s,/&(])*", re.I)
_BEFORE_SUBJECT = re.compile(
    r"(?:\b(?:accuracy|f1|recall|s|seconds?|minutes?|hours?|trials?|candidates?|in|of|for|by|from|with|on|is"
    r"|was|at|the)\b|[\s(])*",
    re.I,
)
_LEVEL_LINK = re.compile(r"(?:\b(?:of|is|at)\b|[\s=:])*", re.I)
_PAST = re.compile(r"\b(?:trials?|experiments?|past|historical|reached|achieved)\b", re.I)

Place = Mention | Number


@dataclass(frozen=True)
class Grounds:
    """An evidence made ready for checking one explanation of one candidate."""

    evidence: Evidence
    chosen_ref: str

    @cached_property
    def facts(self) -> tuple[Fact, ...]:
        """Every number of the evidence."""
        return collect_facts(self.evidence)

    @cached_property
    def configurations(self) -> dict[str, Configuration]:
        """The configuration behind each reference."""
        return self.evidence.configurations

    def resolve(self, mention: Mention) -> str:
        """Return the subject that a mention stands for."""
        return self.chosen_ref if mention.value == "chosen" else mention.value

    def of(self, subject: str, quantity: str) -> list[Fact]:
        """Return the facts of a subject about a quantity, ends of intervals left out."""
        return [
            fact
            for fact in self.facts
            if fact.subject == subject and fact.quantity == quantity and not fact.bound
        ]


def subject_groups(sentence: Sentence) -> list[list[Mention]]:
    """Join subjects that are named in one breath: ``T1 and T3``."""
    groups: list[list[Mention]] = []
    for mention in sentence.of("subject"):
        last = groups[-1] if groups else None
        if (
            last
            and not {mention.value, last[-1].value} & {"shap", "target"}
            and _BETWEEN_SUBJECTS.fullmatch(sentence.text[last[-1].end : mention.start])
        ):
            last.append(mention)
        else:
            groups.append([mention])
    return groups


def group_of(place: Place, sentence: Sentence) -> list[Mention]:
    """Return the subjects a word or number speaks of: those right after it, else before it.

    Empty if no subject is named there.
    """
    groups = subject_groups(sentence)
    following = next((group for group in groups if group[0].start >= place.end), None)
    if following and _BEFORE_SUBJECT.fullmatch(sentence.text, place.end, following[0].start):
        return following
    before = [group for group in groups if group[-1].end <= place.start]
    return before[-1] if before else []


def subjects_of_number(number: Number, sentence: Sentence, grounds: Grounds) -> list[str]:
    """Return all subjects of which a number has to be true; empty if none is named.

    Where as many numbers follow as subjects were named, they are taken in that order.
    """
    group = group_of(number, sentence)
    names = [grounds.resolve(mention) for mention in group]
    if len(group) > 1:
        fellows = [other for other in sentence.numbers if group_of(other, sentence) == group]
        if len(fellows) == len(group):
            return [names[fellows.index(number)]]
    return names


def implied_subjects(sentence: Sentence, grounds: Grounds) -> list[str]:
    """Return the subjects that a sentence without a named one may speak of.

    Without a word of past trials that is the recommendation, the target and the summary; with
    one, also the trials that fit the names in the sentence.
    """
    subjects = [grounds.chosen_ref, "target", "shap", "list"]
    if not (speaks_of_trials(sentence) or sentence.of("dataset")):
        return subjects
    datasets = {mention.value for mention in sentence.of("dataset")}
    values = [split_value(mention) for mention in sentence.of("value")]
    for trial in grounds.evidence.trials:
        fits_dataset = not datasets or wording.shown_name(trial.dataset) in datasets
        if fits_dataset and has_values(grounds.configurations[trial.ref], values):
            subjects.append(trial.ref)
    return subjects


def speaks_of_history(sentence: Sentence) -> bool:
    """Whether a sentence is about past trials or contributions, not about what is chosen."""
    contributes = any(CONTRIBUTION in label.quantities for label in sentence.of("label"))
    moves = bool(sentence.of("raising", "lowering", "dataset"))
    return contributes or moves or speaks_of_trials(sentence)


def speaks_of_trials(sentence: Sentence) -> bool:
    """Whether a sentence is about what was measured in the past."""
    return _PAST.search(sentence.text) is not None


def split_value(mention: Mention) -> tuple[str, str]:
    """Return feature and value of a named value."""
    feature, _, value = mention.value.partition("=")
    return feature, value


def has_values(configuration: Configuration, values: Sequence[tuple[str, str]]) -> bool:
    """Whether a configuration has all these values."""
    return all(same_value(getattr(configuration, name), value) for name, value in values)


def feature_before(
    position: int, sentence: Sentence, anywhere: bool = False
) -> tuple[str, str | None] | None:
    """Return the feature, and its value if one is said, named last before a position.

    With `anywhere`, the first one named after it if there is none before.
    """
    named = [mention for mention in sentence.of("value", "label") if _features(mention)]
    before = [mention for mention in named if mention.end <= position]
    if not before and not anywhere:
        return None
    if not (before or named):
        return None
    mention = before[-1] if before else named[0]
    if mention.kind == "value":
        return split_value(mention)
    until = position if before else len(sentence.text)
    near = [
        number
        for number in sentence.numbers
        if mention.end <= number.start
        and number.end <= until
        and _LEVEL_LINK.fullmatch(sentence.text, mention.end, number.start)
    ]
    return _features(mention)[0], (repr(near[0].value) if near else None)


def contributions(
    subjects: Sequence[str], feature: str, level: str | None, grounds: Grounds
) -> list[Fact]:
    """Return what a feature, or one value of it, contributes by these subjects' facts."""
    return [
        fact
        for subject in subjects
        for fact in grounds.of(subject, CONTRIBUTION)
        if fact.feature == feature and (level is None or same_value(fact.level, level))
    ]


def _features(mention: Mention) -> tuple[str, ...]:
    """Return the features a label or value names; quantities that are measured are none."""
    if mention.kind == "value":
        return (split_value(mention)[0],)
    return tuple(name for name in mention.quantities if name in features())
