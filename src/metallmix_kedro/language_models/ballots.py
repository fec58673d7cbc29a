"""Asking for a choice among letters, so that it can be heard without the place of a candidate.

Small models choose by position. So every cyclic order of the candidates is a ballot of its own:
over all of them each candidate stands once in each place. Of a ballot the probabilities of all
letters are read, not the one letter that was written (`explanation.choice`).
"""

import json
import math
import re
import string
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from metallmix_kedro.language_models.language_model import Token
from metallmix_kedro.language_models.reply_text import ModelText, UnusableReplyError, load_object

LETTERS = string.ascii_uppercase
DECIMALS = 4

_CHOICE = re.compile(r'"choice"\s*:\s*"([A-Z])')


class Ballot(BaseModel):
    """One order of the candidates and what the model said to it.

    ``order`` are references, the first under the letter A; it is empty where the same list was
    shown with its contents blanked. ``log_probabilities`` are those of the letters, missing if the
    server gives none; ``choice`` is the letter that was written, missing if the reply could not be
    used (``error`` says why).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    order: tuple[str, ...]
    choice: str | None
    log_probabilities: tuple[float, ...] | None
    raw: ModelText
    thinking: ModelText | None
    error: ModelText | None
    attempts: int


def cyclic_orders(refs: Sequence[str]) -> list[tuple[str, ...]]:
    """Return all rotations of the candidates, in which each stands once in each place.

    Examples
    --------
    >>> cyclic_orders(["C1", "C2", "C3"])
    [('C1', 'C2', 'C3'), ('C2', 'C3', 'C1'), ('C3', 'C1', 'C2')]
    """
    return [(*refs[turn:], *refs[:turn]) for turn in range(len(refs))]


def ballot_schema(n_options: int) -> dict[str, Any]:
    """Return the JSON Schema of a vote among letters."""
    return {
        "type": "object",
        "properties": {"choice": {"type": "string", "enum": list(LETTERS[:n_options])}},
        "required": ["choice"],
    }


def read_letter(raw: str, n_options: int) -> str:
    """Read the letter that a reply names.

    Raises
    ------
    UnusableReplyError
        If the text is not ``{"choice": "<letter>"}`` with one of the first letters.
    """
    choice = load_object(raw).get("choice")
    letters = LETTERS[:n_options]
    if not isinstance(choice, str) or len(choice) != 1 or choice not in letters:
        shown = json.dumps(choice, default=str)[:60]
        raise UnusableReplyError(f"'choice' is {shown}; it has to be one of {', '.join(letters)}")
    return choice


def letter_log_probabilities(tokens: Sequence[Token], n_options: int) -> tuple[float, ...] | None:
    """Read the log-probabilities of all letters at the place where the letter was written.

    Returns
    -------
    tuple of float, or None
        A letter that is not among the listed tokens is as likely as the least likely of them. None
        if the tokens hold no such place, or no letter there.
    """
    found = option_log_probabilities(tokens, _CHOICE, LETTERS[:n_options])
    if not found:
        return None
    least = min(found.values())
    return tuple(round(found.get(letter, least), DECIMALS) for letter in LETTERS[:n_options])


def option_log_probabilities(
    tokens: Sequence[Token], place: re.Pattern[str], options: Sequence[str]
) -> dict[str, float]:
    """Read the log-probabilities of one-letter options at a place of the reply.

    Parameters
    ----------
    tokens : sequence of Token
        Of the whole reply.
    place : re.Pattern
        Its first group matches what was written there.
    options : sequence of str

    Returns
    -------
    dict of str to float
        Of the options that are among the tokens listed there, at most 0. A token that was listed is
        counted with what is written like it (``"A"`` and ``" A"``).
    """
    match = place.search("".join(token.text for token in tokens))
    shares: dict[str, float] = {}
    end = 0
    for token in tokens if match else ():
        end += len(token.text)
        if match and end > match.start(1):
            for text, log_probability in token.alternatives:
                option = text.strip(" \t\n\"'")
                if option in options:
                    share = math.exp(min(log_probability, 0.0))
                    shares[option] = shares.get(option, 0.0) + share
            break
    return {option: math.log(min(share, 1.0)) for option, share in shares.items() if share > 0}
