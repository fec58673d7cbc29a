"""The free words of a claim: phrases of a closed list of words, in which nothing can be false.

They say what one makes of a fact and what to do about it. Digits and number words, names, nouns of
what the evidence holds, negations, comparatives, and verbs of rising and falling cannot be written,
so that no second fact is told. The order of parts of speech keeps the smallest models readable.
"""

import re

_NOUNS = {
    "prediction": "basis|choice|expectation|outlook|plan|prospect|start|starting point",
    "contribution": "argument|consideration|factor|ground|hint|indication|point|reason",
    "past_trial": "case|example|guide|lesson|model|pointer|precedent|reference",
    "comparison": "consideration|difference|distinction|matter|point|question|trade|yardstick",
    "caution": "caveat|concern|limit|matter|question|reservation|risk|warning",
}
"""What a fact of each kind can be called."""

_LEADS = "which|so this|and this|and that|as this"
_VERBS = (
    "is|seems|looks like|remains|gives us|gives you|makes for|makes|offers|leaves us with|leaves|"
    "counts as|serves as|stands as|provides|amounts to|may be|should be"
)
_ADJECTIVES = {
    "prediction": "balanced|believable|decent|practical|reasonable|sensible|sound|workable",
    "contribution": "clear|legitimate|notable|plausible|relevant|tangible|telling|valid",
    "past_trial": "concrete|familiar|fitting|helpful|real|solid|useful|welcome",
    "comparison": "fair|handy|simple|straightforward|suitable|worthwhile",
    "caution": "general|frank|plain|prudent|proper|sober",
}
"""Of each kind its own, so that an explanation does not repeat itself."""

_ACTIONS = (
    "build on|check|consider|follow|go by|keep in mind|keep in view|learn from|look at|note|"
    "reckon with|rely on|remember|start from|take up|think about|try out|use|watch|weigh|work with"
)
_TAILS = (
    "in practice|in this case|here|for you|for us|at this point|with care|"
    "when you decide|when you start|when we choose|before you train|before you decide|"
    "while you train|as you go on|if you try it"
)


def words_pattern(kind: str) -> str:
    """Return the regular expression of the free words of a claim.

    It is of the subset that servers make grammars of, and begins after the comma of a sentence.
    """
    called = rf"({_VERBS}) a ({_ADJECTIVES[kind]}) ({_NOUNS[kind]})"
    return rf"^({_LEADS}) {called}( to ({_ACTIONS}))?( ({_TAILS}))?$"


_PATTERNS = {kind: re.compile(words_pattern(kind)) for kind in _NOUNS}


def are_free_words(kind: str, text: str) -> bool:
    """Whether a text is free words of this kind of claim and nothing else.

    Examples
    --------
    >>> are_free_words("past_trial", "which is a useful example to learn from")
    True
    >>> are_free_words("past_trial", "which is the fastest trial of all")
    False
    """
    return kind in _PATTERNS and _PATTERNS[kind].fullmatch(text) is not None
