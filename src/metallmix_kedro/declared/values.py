"""A value for each declared name: the base of configurations and meta-features."""

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from metallmix_kedro.declared.feature import Value


class DeclaredValues(BaseModel):
    """Values by name, each also an attribute, in the order of the declaration."""

    model_config = ConfigDict(frozen=True, extra="allow")

    what: ClassVar[str]
    """What the names are: for the JSON Schema."""

    def as_dict(self) -> dict[str, Value]:
        """Return the values by name, in the order of the declaration."""
        return dict(self.model_extra or {})

    def __getattr__(self, name: str) -> Any:
        """Return one value."""
        return super().__getattr__(name)  # type: ignore[misc]  # pydantic's own: the extra values

    def __hash__(self) -> int:
        """Equal values have equal hashes."""
        return hash(tuple(self.as_dict().items()))

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Say in a JSON Schema that values are words or numbers."""
        return {
            "title": cls.__name__,
            "description": f"A value for each declared {cls.what}.",
            "type": "object",
            "additionalProperties": {"type": ["string", "number"]},
        }
