"""The base of everything a person sets: frozen, unknown names refused, and a truth value is no number."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator


class SettingsModel(BaseModel):
    """Values from YAML, environment, flags or the ledger.

    Texts become numbers, since environment variables are texts; true and false do not: `true` where a number
    belongs would count as 1.
    """

    # Built when it is used; a default made at import would undo that.
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)

    @field_validator("*", mode="before")
    @classmethod
    def _truth_is_no_number(cls, value: Any, info: ValidationInfo) -> Any:
        if isinstance(value, bool) and cls.model_fields[str(info.field_name)].annotation is not bool:
            raise ValueError("true and false mean nothing here")
        return value
