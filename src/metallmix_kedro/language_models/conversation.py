"""Exchanges with a language model under one time limit, each with its retries."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from metallmix_kedro.language_models.language_model import Answer, LanguageModel, Message, Request
from metallmix_kedro.language_models.parameters import ServerParameters
from metallmix_kedro.language_models.reply_text import UnusableReplyError, split_thinking

CUT_OFF = "token limit"
"""Stands in the error of an answer that grew too long; the model is still there to be asked."""

MAX_THINKING_CHARS = 20_000
"""What a model thought beyond is not kept."""


COSTS = ("prompt_tokens", "reply_tokens", "prefill_s", "decoding_s")
"""What answers may say of tokens read and written, and of the seconds that took."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question with all its attempts.

    ``answer`` is the last one, its thinking taken out of its text; ``error`` says why it cannot
    be used; ``lost`` whether the model is gone: then nothing more need be asked.
    """

    answer: Answer
    error: str | None
    attempts: int

    @property
    def lost(self) -> bool:
        """Whether the answer broke off, and not at a limit of length."""
        return self.answer.error is not None and CUT_OFF not in self.answer.error


class Conversation:
    """All that a model is asked about one evidence; the time limit holds for the whole of it."""

    def __init__(
        self, model: LanguageModel, parameters: ServerParameters, seed: int, retries: int = 0
    ) -> None:
        self.model = model
        self._parameters = parameters
        self._seed = seed
        self._retries = retries
        self._start = time.monotonic()
        self._answers: list[Answer] = []

    @property
    def seconds(self) -> float:
        """How long it has lasted."""
        return time.monotonic() - self._start

    @property
    def costs(self) -> dict[str, float | None]:
        """`COSTS` added up over all answers; None for what none of them says."""
        told = {name: [getattr(one, name) for one in self._answers] for name in COSTS}
        known = {name: [one for one in said if one is not None] for name, said in told.items()}
        return {name: round(sum(said), 4) if said else None for name, said in known.items()}

    def exchange(
        self,
        messages: Sequence[Message],
        schema: dict[str, Any],
        check: Callable[[str], object],
        num_predict: int,
        temperature: float,
        log_probabilities: bool = False,
    ) -> Exchange:
        """Ask, and ask again with the error if the reply cannot be used.

        Parameters
        ----------
        messages : sequence of (str, str)
        schema : dict
        check : callable of str
            Raises `UnusableReplyError` if the answer cannot be used.
        num_predict : int
            Most tokens of an answer; a model that may think gets as many as it may write at all.
        temperature : float
        log_probabilities : bool
        """
        parameters = self._parameters
        answers: list[Answer] = []
        error: str | None = "no time was left to ask"
        asked = list(messages)
        while len(answers) <= self._retries:
            left = parameters.timeout_s - self.seconds
            if left <= 0:
                break
            request = Request(
                messages=asked,
                schema=schema,
                temperature=temperature,
                seed=self._seed,
                num_predict=parameters.num_predict if parameters.think else num_predict,
                log_probabilities=log_probabilities,
            )
            answers.append(_without_thinking(self.model.ask(request, left)))
            error = answers[-1].error or _fault(answers[-1].text, check)
            if error is None:
                break
            asked = [*messages, ("ai", answers[-1].text), ("human", _again(error))]
        self._answers += answers
        last = answers[-1] if answers else Answer("", "no time was left to ask")
        return Exchange(last, error, len(answers))


def _without_thinking(answer: Answer) -> Answer:
    text, aloud = split_thinking(answer.text)
    thinking = "\n".join(part for part in (answer.thinking, aloud) if part)
    return replace(answer, text=text, thinking=thinking[:MAX_THINKING_CHARS] or None)


def _fault(text: str, check: Callable[[str], object]) -> str | None:
    try:
        check(text)
    except UnusableReplyError as error:
        return str(error)
    return None


def _again(error: str) -> str:
    return f"That reply cannot be used: {error}. Reply again, as one JSON object in the format."
