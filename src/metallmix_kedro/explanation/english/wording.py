"""The words an explanation may use, and what they speak of."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from metallmix_kedro.declared import derived, hyperparameter, hyperparameters, meta_features
from metallmix_kedro.explanation.evidence import Evidence
from metallmix_kedro.explanation.facts import CONTRIBUTION, SCORE
from metallmix_kedro.explanation.names import called
from metallmix_kedro.explanation.prompt import neutralise

_MEASURED: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"train(?:ing)? accurac(?:y|ies)", ("train_accuracy",)),
    (r"validation accurac(?:y|ies)", ("validation_accuracy",)),
    (r"relative scores?|relative_score", ("relative_score",)),
    (r"(?:test[ _])?accurac(?:y|ies)", ("accuracy",)),
    (r"(?:macro[- ]|test_)?f1(?:[- ]scores?)?", ("f1",)),
    (r"scores?", (SCORE, "relative_score")),
    (r"performance", (SCORE,)),
    (r"intervals?", (SCORE, "time")),
    (r"precision", ("precision",)),
    (
        r"rarest[- ]class[- ]recall|recall (?:of|on) the rarest class|rarest[ _]recall",
        ("rarest_recall",),
    ),
    (r"recall", ("recall",)),
    (r"(?:training[ _]|run )?times?(?:_s)?", ("time",)),
    (r"contribut\w*|shap(?: values?)?|attributions?|effects?|impacts?", (CONTRIBUTION,)),
    (r"distances?", ("distance",)),
)

_TIMES = (
    (r"seconds?|secs?|s", ("time",), 1.0),
    (r"minutes?|mins?|min", ("time",), 60.0),
    (r"hours?|hrs?|h", ("time",), 3600.0),
)
_COUNTS = (
    (r"trials?|experiments?|runs?", ("count_trials", "n_trials"), 1.0),
    (r"candidates?|configurations?", ("count_candidates",), 1.0),
    (r"datasets?", ("count_datasets",), 1.0),
)
_UNIT_WORDS = {
    "images": r"images?|instances?|samples?",
    "rows": r"rows?|instances?|samples?",
    "pixels": r"pixels?|px",
    "units": r"units?|neurons?",
}
"""Other words for a declared unit."""
_COUNTLESS = ("", "ratio", "share")
"""Units that are not said after a number."""


@derived
def labels() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return words that say which quantity the number beside them is; the longest come first."""
    declared = sorted(called().items(), key=lambda one: _longest(one[0]))
    return (*_MEASURED, *((_pattern(word), names) for word, names in declared))


@derived
def units() -> tuple[tuple[str, tuple[str, ...], float], ...]:
    """Return words right after a number that say what it counts.

    The factor turns it into our unit. What meta-features count, hyperparameters do not: of so many
    images a dataset consists.
    """
    counted: dict[str, tuple[str, ...]] = {}
    for declared in (meta_features(), hyperparameters()):
        units = dict.fromkeys(one.unit for one in declared.values())
        counted |= {
            unit: tuple(name for name, one in declared.items() if one.unit == unit)
            for unit in units
            if unit not in (*_COUNTLESS, *counted)
        }
    words = ((_UNIT_WORDS.get(u, _pattern(u)), names, 1.0) for u, names in counted.items())
    return (*_TIMES, *words, *_COUNTS)


def _pattern(words: str) -> str:
    """Return the pattern of a word: with its plural, and however its parts are joined."""
    joined = "".join(
        {" ": "[ _-]", "_": "[ _-]", "-": "-?"}.get(part, re.escape(part))
        for part in re.split(r"([ _-])", words)
    )
    if joined.endswith("y"):
        return f"{joined[:-1]}(?:y|ies)"
    return joined + ("(?:es)?" if joined.endswith("ss") else "?" if joined[-1] == "s" else "s?")


_NUMERALS = "two three four five six seven eight nine ten eleven twelve"
NUMBER_WORDS = {word: float(value) for value, word in enumerate(_NUMERALS.split(), start=2)}

SUBJECTS = {
    "shap": r"on average over (?:the history|all trials)|shap summary|on average",
    "chosen": (
        r"(?:chosen|recommended|selected|preferred) (?:candidate|configuration|option|one)"
        r"|this (?:candidate|configuration|choice|recommendation)|our choice|recommendation"
    ),
    "target": r"target(?: dataset)?",
}
"""Words for the attributions over the history, for what is chosen, and for the target."""

COMPARISONS = {
    "HIGHEST": r"highest|greatest|largest|biggest|maximum|maximal|maximi[sz]\w+",
    "LOWEST": r"lowest|smallest|least|minimum|minimal|minimi[sz]\w+",
    "BEST": r"best|strongest|top|optimal|ideal",
    "WORST": r"worst|weakest|poorest",
    "FASTEST": r"fastest|quickest|shortest|cheapest",
    "SLOWEST": r"slowest|longest",
    "HIGHER": r"higher|greater|larger|bigger|more|above|exceed(?:s|ed|ing)?|surpass(?:es|ed|ing)?",
    "LOWER": r"lower|smaller|less|fewer|below",
    "BETTER": r"better|stronger|outperform(?:s|ed|ing)?|beats?|superior",
    "WORSE": r"worse|weaker|poorer|inferior|underperform(?:s|ed|ing)?",
    "FASTER": r"faster|quicker|shorter|cheaper",
    "SLOWER": r"slower|longer|costlier",
}
"""Words of rank and of comparison, superlatives first, as they are read."""

CLAIMS: dict[Literal["raising", "lowering", "uncheckable", "negation"], str] = {
    "raising": (
        r"rais(?:es?|ed|ing)|increas\w+|improv\w+|boost\w*|adds?|adding|positive(?:ly)?"
        r"|help(?:s|ed)?|benefi\w+|favou?r\w*|enhanc\w+|gains?"
    ),
    "lowering": (
        r"lower(?:s|ed|ing)|reduc\w+|decreas\w+|hurt\w*|negative(?:ly)?|harm\w*|drops?|dropped"
        r"|subtract\w*|worsen\w*|degrad\w+|penali[sz]\w+|detriment\w+"
    ),
    "uncheckable": (
        r"all|every|always|never|none|majority|only|twice|double[sd]?|triple[sd]?|half|quarter"
        r"|dozens?|hundreds?|thousands?|millions?|most(?! similar)|same|equals?|equally"
        r"|identical\w*|significant\w*|guarantee\w*|proven|first to"
        r"|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
    ),
    "negation": r"not|no|cannot|neither|nor|without|unlike|\w+n't|\w+nt\b(?<=dont|esnt|isnt|asnt)",
}
"""Words of direction; quantities in words, quantifiers and promises, which nothing in the evidence
could support; words that turn a sentence round."""

ENGLISH = (
    r"\b(?:a|also|an|and|are|as|at|because|by|contributes|for|from|has|in|is|it|its|of|on|than"
    r"|that|the|this|to|too|used|uses|was|were|which|with)\b"
)
"""One of these stands in nearly every English sentence; a text without is not one we can read."""

TERMS = (
    r"accuracy|adaptive|api|ai|automl|average|backbones?|base|batch|both|candidates?|choice|class"
    r"|classes|combination|configurations?|cpu|datasets?|deep|evidence|experiments?"
    r"|f1|features?|fine|fine-?tuning|given|global|gpu|history|hyperparameters?|images?|imagenet"
    r"|keras|layers?|learning|llm|meta-features|models?|optimi[sz]er|pooling|prediction|rate|relu"
    r"|scores?|shap|similar|size|softmax|strategy|summary|surrogate|table|target|test|times?"
    r"|training|transfer|trials?|tuning|units|values?|xgboost"
)
"""Words that may be capitalised in mid-sentence without being the name of anything unknown."""

_OTHER_NETWORKS = (
    r"\b(?:alex|dense|efficient|google|mobile|mnas|nas|reg|res|resnext|shuffle|squeeze|convnext)"
    r"net\w*\b|\b(?:x|in)ception\w*\b|\bvgg\w*\b|\bvit\b|\bswin\b|\bconvnext\w*\b"
)
_OTHER_OPTIMIZERS = r"\b(?:adam|adamw|nadam|adagrad|adadelta|lion|lbfgs|sgd|rmsprop|momentum)\b"
UNKNOWN_NAMES = f"{_OTHER_NETWORKS}|{_OTHER_OPTIMIZERS}"
"""Names of networks and optimizers that are not in the evidence if they are still unread."""

_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")


def normalise(text: str) -> str:
    """Write a text with plain digits, signs and spaces, without invisible characters."""
    text = re.sub(
        r"(?<=\d)[⁻⁺⁰¹²³⁴⁵⁶⁷⁸⁹]+", lambda power: "^" + power[0].translate(_SUPERSCRIPTS), text
    )
    text = unicodedata.normalize("NFKC", text)
    text = re.sub(r"(?<=\d)\s*[x×]\s*(?=\d)", " x ", text)
    text = text.translate({0x2212: "-", 0x2010: "-", 0x2011: "-", 0x2013: "-", 0x2014: " - "})
    text = "".join(
        sign for sign in text if sign == "\n" or unicodedata.category(sign) not in ("Cf", "Cc")
    )
    text = re.sub(r"[^\S\n]+", " ", text)
    return text.replace("’", "'").replace("“", '"').replace("”", '"')


def shown_name(name: str) -> str:
    """Return a user's name as the prompt shows it and as it stands in a normalised text."""
    return normalise(neutralise(name))


@dataclass(frozen=True)
class Vocabulary:
    """The names of one evidence.

    Parameters
    ----------
    refs : frozenset of str
        References of candidates and trials.
    datasets : tuple of str
        Names of datasets as the prompt shows them, longest first.
    unquoted_datasets : tuple of str
        Those that can be told from ordinary words and numbers also without quotes.
    values : tuple of (str, str, str)
        Pattern, feature and value, for example ``("Xception", "backbone", "Xception")``.
    words : frozenset of str
        Every word of a name or value of the evidence, lower case.
    """

    refs: frozenset[str]
    datasets: tuple[str, ...]
    unquoted_datasets: tuple[str, ...]
    values: tuple[tuple[str, str, str], ...]
    words: frozenset[str]


def vocabulary(evidence: Evidence) -> Vocabulary:
    """Collect the names that an explanation of this evidence may use."""
    datasets = {shown_name(evidence.target.name)}
    datasets |= {shown_name(trial.dataset) for trial in evidence.trials}
    ordered = tuple(sorted(datasets, key=_longest))
    known = [evidence.target.meta_features, *(trial.meta_features for trial in evidence.trials)]
    categories = {
        shown_name(getattr(one, name))
        for one in known
        for name, declared in meta_features().items()
        if not declared.is_number
    }
    words = {
        word.casefold()
        for text in (*datasets, *categories, *called())
        for word in re.findall(r"[^\W_]+(?:-[^\W_]+)*", text)
    }
    refs = [trial.ref for trial in evidence.trials]
    refs += [candidate.ref for candidate in evidence.candidates]
    return Vocabulary(
        refs=frozenset(refs),
        datasets=ordered,
        unquoted_datasets=tuple(name for name in ordered if _is_telling(name)),
        values=tuple(sorted(_values(evidence), key=lambda one: _longest(one[0]))),
        words=frozenset(words),
    )


def _values(evidence: Evidence) -> Iterator[tuple[str, str, str]]:
    """Yield the patterns of values that a text may name; of categories those of the evidence."""
    configurations = evidence.configurations.values()
    for name, declared in hyperparameters().items():
        if declared.kind == "category":
            used = {getattr(one, name) for one in configurations}
            used |= {part.value for part in evidence.attributions if part.feature == name}
            yield from ((re.escape(value), name, value) for value in used)
        elif declared.kind == "ordered":
            for rank in declared.ranks:
                for words in _words_of(rank, name):
                    yield _pattern(words), name, rank


def _words_of(rank: str, name: str) -> Iterator[str]:
    """Yield what a rank may be called; one plain word would be read where it means another."""
    declared = hyperparameter(name)
    if rank in declared.value_words:
        yield declared.value_words[rank]
    yield from declared.value_also.get(rank, ())
    yield from [rank] if re.search("[ _-]", rank) else (f"{rank} {name}", f"{name} {rank}")


def _is_telling(name: str) -> bool:
    """Whether a name is none of the words the checks read: a dataset may be called ``best``."""
    reserved = "|".join(
        [
            *(pattern for pattern, _ in labels()),
            *(pattern for pattern, _, _ in units()),
            *COMPARISONS.values(),
            *SUBJECTS.values(),
            *CLAIMS.values(),
            *(ENGLISH, *NUMBER_WORDS),
        ]
    )
    starts_with_letter = re.match(r"[^\W\d_]", name) is not None
    return starts_with_letter and not re.search(rf"\b(?:{reserved})\b", name, re.IGNORECASE)


def _longest(text: str) -> tuple[int, str]:
    return -len(text), text
