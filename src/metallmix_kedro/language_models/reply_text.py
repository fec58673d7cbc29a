"""Reading what a model wrote: thinking, code fences, the one JSON object."""

import json
import re
from typing import Annotated

from pydantic import AfterValidator

MAX_REPLY_CHARS = 100_000
"""A longer reply is not read at all."""

_OUTER_TAGS = re.compile(r"(?i)\A\s*<think(?:ing)?>|</think(?:ing)?>\Z")
_THINKING = re.compile(r"(?is)\A.*</think(?:ing)?>|<think(?:ing)?>.*\Z")
_FENCE_START = re.compile(r"\A```[\w-]*")


def storable(text: str) -> str:
    """Replace half characters, which JSON can escape but no file can hold."""
    return text.encode("utf-8", "replace").decode("utf-8")


ModelText = Annotated[str, AfterValidator(storable)]
"""Text from a model or server, made such that it can be stored."""


class UnusableReplyError(ValueError):
    """A reply that cannot be used; the message can be told to the model."""


def split_thinking(raw: str) -> tuple[str, str | None]:
    """Split what a reasoning model wrote into its answer and what it thought aloud.

    All up to the last closing tag is thinking, also where the opening one stood in the prompt and
    not in the reply; thinking that never closes leaves no answer.

    Returns
    -------
    str
        The answer.
    str or None
        The thinking, without its outer tags.

    Examples
    --------
    >>> split_thinking('<think>A or B?</think>{"choice": "B"}')
    ('{"choice": "B"}', 'A or B?')
    >>> split_thinking("<think>A or B? A or")
    ('', 'A or B? A or')
    """
    if raw.lstrip().startswith("{"):
        return raw, None
    thoughts = _OUTER_TAGS.sub("", "".join(_THINKING.findall(raw)))
    return _THINKING.sub("", raw), thoughts.strip() or None


def load_object(raw: str) -> dict[str, object]:
    """Read the one JSON object of a model's text, without thinking and code fence.

    Raises
    ------
    UnusableReplyError
        If there is none.
    """
    if len(raw) > MAX_REPLY_CHARS:
        raise UnusableReplyError(f"the reply is longer than {MAX_REPLY_CHARS} characters")
    text = split_thinking(raw)[0].strip()
    if text.startswith("```") and text.endswith("```"):
        text = _FENCE_START.sub("", text).removesuffix("```")
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnusableReplyError(f"the reply is not valid JSON ({short(error)})") from error
    if not isinstance(answer, dict):
        raise UnusableReplyError("the reply is not a JSON object")
    return answer


def short(value: object) -> str:
    """Print a value in at most 80 characters."""
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
