"""What is declared of one hyperparameter or meta-feature: its kind, its values, its words."""

import math
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
from pydantic import Field, ValidationInfo, field_validator

from metallmix_kedro.support import Parameters

FeatureKind = Literal["category", "ordered", "number", "log_number", "whole_number"]
"""``category``: words without order; ``ordered``: words from least to most; ``number``;
``log_number``: a number above 0 whose ratios matter; ``whole_number``: a count, whose ratios
matter."""

Scale = Literal["linear", "log", "log_1p"]
"""How a number is seen by the surrogate and by distances: as it is, its decimal logarithm, or that
of 1 + the number."""

Value = str | int | float
UNKNOWN = "unknown"
_WORDS = ("category", "ordered")


class Feature(Parameters):
    """A hyperparameter or meta-feature as it is declared.

    ``words`` name it in prose, ``abbreviation`` where space is short; ``description`` and ``unit``
    stand beside what the surrogate makes of it. ``value_words`` say values in tables where the
    value itself is no word, ``value_prose`` after "with" in a sentence. ``phrase`` is how it reads
    among others on one line, with ``{value}`` or any other's name in braces; empty: it is told by
    another's phrase, or not at all. ``minimum`` and ``below`` bound what makes sense in anybody's
    history.
    """

    kind: FeatureKind
    words: str = ""
    abbreviation: str = ""
    description: str = ""
    unit: str = ""
    scale: Scale | None = None
    value_words: dict[str, str] = Field(default_factory=dict)
    value_prose: dict[str, str] = Field(default_factory=dict)
    phrase: str | None = None
    minimum: float | None = None
    below: float | None = None

    @property
    def is_number(self) -> bool:
        """Whether its values have a distance."""
        return self.kind not in _WORDS

    @property
    def seen_as(self) -> Scale:
        """The scale on which a number is seen: logarithmic where ratios matter, unless declared."""
        if self.scale is not None:
            return self.scale
        return "log" if self.kind in ("log_number", "whole_number") else "linear"

    def on_scale(self, values: "np.typing.NDArray[np.float64]") -> "np.typing.NDArray[np.float64]":
        """Put numbers on the scale they are seen on; what has no logarithm is unknown."""
        if self.seen_as == "linear":
            return values
        shifted = values + 1 if self.seen_as == "log_1p" else values
        return np.log10(np.where(shifted > 0, shifted, np.nan))

    def typed(self, value: Any) -> Value:
        """Make a value one of the declared type: NumPy scalars become Python's.

        Keras and JSON accept no others.
        """
        if not self.is_number:
            return str(value)
        return int(value) if self.kind == "whole_number" else float(value)

    def readable(self, value: object) -> str:
        """Write one value as it stands in tables and prompts.

        Examples
        --------
        >>> Feature(kind="log_number").readable(1e-4), Feature(kind="number").readable(0.3)
        ('1e-4', '0.3')
        """
        if is_missing(value):
            return UNKNOWN
        if not isinstance(value, int | float | np.number):
            return str(value)
        number = float(value)
        if self.kind == "log_number":
            return f"{Decimal(repr(number)).normalize():e}".replace("+", "")
        return np.format_float_positional(number, trim="-")

    def told(self, value: object) -> str:
        """Write a value in words, as in a table for people."""
        return self.value_words.get(str(value), self.readable(value))

    def in_prose(self, value: object) -> str:
        """Write a value as it stands after "with" in a sentence."""
        return self.value_prose.get(str(value), self.told(value))

    @property
    def _allowed(self) -> str:
        """Say in words which numbers make sense."""
        least = "more than 0" if self.kind == "log_number" and not self.minimum else None
        if self.minimum is not None and least is None:
            least = f"at least {self.minimum:g}"
        most = None if self.below is None else f"less than {self.below:g}"
        kind = "a whole number" if self.kind == "whole_number" else "a number"
        return ", ".join(filter(None, (kind, least, most)))

    def problem_with(self, value: object) -> str | None:
        """Say why a value cannot be one of this feature's, if it cannot.

        Examples
        --------
        >>> Feature(kind="whole_number", minimum=1).problem_with(0)
        'is not a whole number, at least 1'
        """
        if not self.is_number:
            return None if isinstance(value, str) and value else "is no word"
        return None if self._makes_sense(value) else f"is not {self._allowed}"

    def _makes_sense(self, value: object) -> bool:
        if isinstance(value, bool) or not isinstance(value, int | float | np.number):
            return False
        try:
            number = float(value)
        except OverflowError:
            return False
        return (
            math.isfinite(number)
            and (self.kind != "whole_number" or number.is_integer())
            and (self.kind != "log_number" or number > 0)
            and (self.minimum is None or number >= self.minimum)
            and (self.below is None or number < self.below)
        )


class MetaFeature(Feature):
    """A property of a dataset, known before anything is trained on it (paper, section 2.1).

    Those of one ``group`` count as one where datasets are compared, as the two numbers of an image
    size do. ``known`` are the words that a language model may be shown of a category; a user's own
    word is told as another one.
    """

    group: str = ""
    known: tuple[str, ...] = ()

    def readable(self, value: object) -> str:
        """Write one value, rounded to what tells datasets apart.

        Examples
        --------
        >>> number = MetaFeature(kind="number")
        >>> number.readable(21150.0), number.readable(0.918296)
        ('21150', '0.918')
        """
        if is_missing(value) or not isinstance(value, int | float | np.number):
            return super().readable(value)
        number = float(value)
        return f"{number:.0f}" if abs(number) >= 100 else f"{number:.3g}"


class Hyperparameter(Feature):
    """A hyperparameter: a feature with values to choose among (paper, Table 1).

    ``values`` are what is searched; ``order`` are all words of an ordered kind from least to most,
    the searched ones among them (empty: these are all). ``default`` is what holds
    where a history says nothing, and where the condition ``when`` is not met: a mapping of another
    hyperparameter to the values under which this one applies. ``shown`` says where a list of
    configurations has room for it: in its title, in a column of its own, or only in detail.
    ``described_by`` names the registry whose facts describe its values, so that one that was never
    measured can be ranked.
    """

    order: tuple[str, ...] = ()
    values: Annotated[tuple[Value, ...], Field(min_length=1)]
    default: Value | None = None
    when: dict[str, tuple[Value, ...]] = Field(default_factory=dict)
    described_by: Literal["backbones"] | None = None
    shown: Literal["title", "column", "detail"] = "detail"

    @field_validator("values", "default")
    @classmethod
    def _of_the_kind(cls, given: Any, info: ValidationInfo) -> Any:
        if given is None or "kind" not in info.data:
            return given
        listed = given if isinstance(given, tuple) else (given,)
        checked = cls.model_construct(**{"values": listed, **info.data}).checked(listed)
        return checked if isinstance(given, tuple) else checked[0]

    def checked(self, values: Iterable[Any]) -> tuple[Value, ...]:
        """Give values the declared type.

        Raises
        ------
        ValueError
            If one cannot be this hyperparameter's, or stands twice.
        """
        given = tuple(values)
        for value in given:
            if problem := self.problem_with(value):
                raise ValueError(f"{value!r} {problem}")
        typed = tuple(map(self.typed, given))
        if len(set(typed)) != len(typed):
            raise ValueError("a value stands twice in the list")
        return typed

    def applies(self, values: Mapping[str, Any]) -> bool:
        """Whether the condition is met by the values of the other hyperparameters."""
        return all(values[other] in wanted for other, wanted in self.when.items())

    @property
    def ranks(self) -> tuple[str, ...]:
        """The words of an ordered kind, from least to most."""
        return self.order or tuple(map(str, self.values))

    def problem_with(self, value: object) -> str | None:
        """Say why a value cannot be one of this hyperparameter's, if it cannot."""
        # A rank is needed; what is not in an ordered list has none.
        if self.kind == "ordered" and isinstance(value, str) and value not in self.ranks:
            return f"is none of {', '.join(self.ranks)}"
        return super().problem_with(value)


def is_missing(value: object) -> bool:
    """Say whether a value is not known."""
    return value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value))
