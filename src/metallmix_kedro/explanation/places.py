"""Whether a value that was filled in stands where its kind can stand.

The smallest models put references anywhere: "it is the first to 1.5 s", "its training data
includes 2.5 s". Each number is that of the evidence, and yet the sentence says nothing true.
"""

import re

_ABOUT = "about|around|only|just|nearly|roughly|approximately|than|is|was|as"

_BEFORE = {
    "training time": f"in|of|after|within|for|time|takes?|taking|took|needs?|needed|{_ABOUT}",
    "score": (
        "of|at|an?|with|reach(?:es|ed|ing)?|achiev(?:es?|ed|ing)|scor(?:es?|ed|ing)|gets?|got|"
        "gives?|gave|predict(?:s|ed|ing)?|(?:up|leads?|led|close|equal) to|accuracy|recall|f1|"
        f"score|{_ABOUT}"
    ),
    "contribution": (
        f"contribut(?:es?|ed|ing|ions?)|adds?|added|gives?|gave|by|of|with|at|effect|value|{_ABOUT}"
    ),
}
"""Words that may stand right before a value of a kind."""

_LISTED = r"[:(]|\d,|\d,? (?:and|or|versus|vs\.?)"
"""What may stand before a value of any kind, among others in a list of values."""


def misplaced(before: str, where: str) -> str | None:
    """Say what is wrong with the place of a value, if anything is.

    Parameters
    ----------
    before : str
        The sentence up to the value.
    where : str
        Where the value stands in the evidence, for example ``"C1.training_time_s"``.

    Returns
    -------
    str or None

    Examples
    --------
    >>> misplaced("It is the first to ", "C1.training_time_s")
    'no training time can stand there'
    >>> misplaced("It trains in ", "C1.training_time_s")
    """
    kind = _kind(where)
    if kind is None:
        return None
    place = rf"(?:\b(?:{_BEFORE[kind]})|{_LISTED})\s*$"
    return None if re.search(place, before, re.IGNORECASE) else f"no {kind} can stand there"


def _kind(where: str) -> str | None:
    subject, _, rest = where.partition(".")
    if subject == "shap" or rest.startswith("shap."):
        return None if where.endswith(".n_trials") else "contribution"
    if rest == "training_time_s":
        return "training time"
    return "score" if rest == "score" or rest.startswith("test_") else None
