"""The words an explanation may use, and what they speak of."""

import re
import unicodedata
from dataclasses import dataclass

from metallmix_kedro.explanation.evidence import Evidence
from metallmix_kedro.explanation.facts import CONTRIBUTION, SCORE
from metallmix_kedro.explanation.prompt import neutralise
from metallmix_kedro.meta_features import META_FEATURE_COLUMNS
from metallmix_kedro.search_space import CONFIGURATION_COLUMNS, STRATEGIES

FEATURES = frozenset((*META_FEATURE_COLUMNS, *CONFIGURATION_COLUMNS))
"""What the surrogate knows of a trial: all that can have a SHAP contribution."""

_CLASS_SIZES = ("class_size_mean", "class_size_std", "class_size_min", "class_size_max")

LABELS: tuple[tuple[str, tuple[str, ...]], ...] = (
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
    (r"backbones?|base models?", ("backbone",)),
    (r"strateg(?:y|ies)", ("strategy",)),
    (r"optimi[sz]ers?", ("optimizer",)),
    (r"learning[ _-]rates?|lr", ("learning_rate",)),
    (r"drop-?out(?: rates?)?", ("dropout",)),
    (r"dense[ _]units?", ("dense_units",)),
    (r"batch[ _-]sizes?", ("batch_size",)),
    (r"n_instances|number of images", ("n_instances",)),
    (r"n_classes|number of classes", ("n_classes",)),
    (r"imbalance(?:[ _]ratio)?", ("imbalance_ratio",)),
    (r"(?:class[ _])?entropy", ("class_entropy",)),
    (r"(?:image[ _])?width", ("image_width",)),
    (r"(?:image[ _])?height", ("image_height",)),
    (r"resolution|image size", ("image_width", "image_height")),
    (r"class[ _]size[ _]mean|mean class size", ("class_size_mean",)),
    (r"class[ _]size[ _]std", ("class_size_std",)),
    (r"class[ _]size[ _]min|smallest class", ("class_size_min",)),
    (r"class[ _]size[ _]max|largest class", ("class_size_max",)),
    (r"class sizes?", _CLASS_SIZES),
)
"""Words that say which quantity the number beside them is."""

UNITS: tuple[tuple[str, tuple[str, ...], float], ...] = (
    (r"seconds?|secs?|s", ("time",), 1.0),
    (r"minutes?|mins?|min", ("time",), 60.0),
    (r"hours?|hrs?|h", ("time",), 3600.0),
    (r"images?|instances?|samples?", ("n_instances", *_CLASS_SIZES), 1.0),
    (r"classes", ("n_classes",), 1.0),
    (r"pixels?|px", ("image_width", "image_height"), 1.0),
    (r"dense units|units|neurons", ("dense_units",), 1.0),
    (r"trials?|experiments?|runs?", ("count_trials", "n_trials"), 1.0),
    (r"candidates?|configurations?", ("count_candidates",), 1.0),
    (r"datasets?", ("count_datasets",), 1.0),
)
"""Words right after a number that say what it counts; the factor turns it into our unit."""

NUMBER_WORDS = {
    "two": 2.0,
    "three": 3.0,
    "four": 4.0,
    "five": 5.0,
    "six": 6.0,
    "seven": 7.0,
    "eight": 8.0,
    "nine": 9.0,
    "ten": 10.0,
    "eleven": 11.0,
    "twelve": 12.0,
}

CHOSEN = (
    r"(?:chosen|recommended|selected|preferred) (?:candidate|configuration|option|one)"
    r"|this (?:candidate|configuration|choice|recommendation)|our choice|recommendation"
)
TARGET = r"target(?: dataset)?"
HISTORY = r"on average over (?:the history|all trials)|shap summary|on average"

RAISING = (
    r"rais(?:es?|ed|ing)|increas\w+|improv\w+|boost\w*|adds?|adding|positive(?:ly)?|help(?:s|ed)?"
    r"|benefi\w+|favou?r\w*|enhanc\w+|gains?"
)
LOWERING = (
    r"lower(?:s|ed|ing)|reduc\w+|decreas\w+|hurt\w*|negative(?:ly)?|harm\w*|drops?|dropped"
    r"|subtract\w*|worsen\w*|degrad\w+|penali[sz]\w+|detriment\w+"
)

HIGHER = r"higher|greater|larger|bigger|more|above|exceed(?:s|ed|ing)?|surpass(?:es|ed|ing)?"
LOWER = r"lower|smaller|less|fewer|below"
BETTER = r"better|stronger|outperform(?:s|ed|ing)?|beats?|superior"
WORSE = r"worse|weaker|poorer|inferior|underperform(?:s|ed|ing)?"
FASTER = r"faster|quicker|shorter|cheaper"
SLOWER = r"slower|longer|costlier"
HIGHEST = r"highest|greatest|largest|biggest|maximum|maximal|maximi[sz]\w+"
LOWEST = r"lowest|smallest|least|minimum|minimal|minimi[sz]\w+"
BEST = r"best|strongest|top|optimal|ideal"
WORST = r"worst|weakest|poorest"
FASTEST = r"fastest|quickest|shortest|cheapest"
SLOWEST = r"slowest|longest"

UNCHECKABLE = (
    r"all|every|always|never|none|majority|only|twice|double[sd]?|triple[sd]?|half|quarter|dozens?"
    r"|hundreds?|thousands?|millions?|most(?! similar)|same|equals?|equally|identical\w*"
    r"|significant\w*|guarantee\w*|proven|first to"
    r"|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
)
"""Quantities in words, quantifiers and promises: nothing in the evidence could support them."""

NEGATION = r"not|no|cannot|neither|nor|without|unlike|\w+n't|\w+nt\b(?<=dont|esnt|isnt|asnt)"

ENGLISH = (
    r"\b(?:a|also|an|and|are|as|at|because|by|contributes|for|from|has|in|is|it|its|of|on|than"
    r"|that|the|this|to|too|used|uses|was|were|which|with)\b"
)
"""One of these stands in nearly every English sentence; a text without is not one we can read."""

TERMS = (
    r"accuracy|adaptive|api|ai|automl|average|backbones?|base|batch|both|candidates?|choice|class"
    r"|classes|combination|configurations?|cpu|datasets?|deep|dense|dropout|evidence|experiments?"
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

_STRATEGY_WORDS = {
    "feature_extraction": (r"feature[ _-]extraction(?: only)?",),
    "last_10": (r"last[ _-]10(?: layers?)?",),
    "last_30": (r"last[ _-]30(?: layers?)?",),
    "full": (r"full fine-?tuning", r"fully fine-?tun\w+", r"full strategy", r"strategy full"),
}

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
    configurations = [
        *(trial.configuration for trial in evidence.trials),
        *(candidate.configuration for candidate in evidence.candidates),
    ]
    named = {
        (feature, getattr(configuration, feature))
        for configuration in configurations
        for feature in ("backbone", "optimizer")
    }
    named |= {
        (part.feature, part.value)
        for part in evidence.attributions
        if part.feature in ("backbone", "optimizer")
    }
    values = [(re.escape(value), feature, value) for feature, value in named]
    values += [
        (pattern, "strategy", strategy)
        for strategy in STRATEGIES
        for pattern in _STRATEGY_WORDS[strategy]
    ]
    datasets = {shown_name(evidence.target.name)}
    datasets |= {shown_name(trial.dataset) for trial in evidence.trials}
    ordered = tuple(sorted(datasets, key=_longest))
    modalities = {evidence.target.meta_features.modality}
    modalities |= {trial.meta_features.modality for trial in evidence.trials}
    words = {
        word.casefold()
        for text in (*datasets, *(shown_name(name) for name in modalities))
        for word in re.findall(r"[^\W_]+(?:-[^\W_]+)*", text)
    }
    refs = [trial.ref for trial in evidence.trials]
    refs += [candidate.ref for candidate in evidence.candidates]
    return Vocabulary(
        refs=frozenset(refs),
        datasets=ordered,
        unquoted_datasets=tuple(name for name in ordered if _is_telling(name)),
        values=tuple(sorted(values, key=lambda item: _longest(item[0]))),
        words=frozenset(words),
    )


def _is_telling(name: str) -> bool:
    """Whether a name is none of the words the checks read: a dataset may be called ``best``."""
    reserved = "|".join(
        [
            *(pattern for pattern, _ in LABELS),
            *(pattern for pattern, _, _ in UNITS),
            *(CHOSEN, TARGET, HISTORY, RAISING, LOWERING, HIGHER, LOWER, BETTER, WORSE, FASTER),
            *(SLOWER, HIGHEST, LOWEST, BEST, WORST, FASTEST, SLOWEST, UNCHECKABLE, NEGATION),
            *(ENGLISH, *NUMBER_WORDS),
        ]
    )
    starts_with_letter = re.match(r"[^\W\d_]", name) is not None
    return starts_with_letter and not re.search(rf"\b(?:{reserved})\b", name, re.IGNORECASE)


def _longest(text: str) -> tuple[int, str]:
    return -len(text), text
