"""What every setting refuses: unknown names, truth values for numbers, numbers that are none."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from backtest.core.settings_model import SettingsModel


class Sample(SettingsModel):
    """One field of each kind."""

    share: float = 1.0
    count: int = 2
    name: str = "a"
    flag: bool = False
    limit: float | None = None


@pytest.mark.parametrize("field", ["share", "count", "name", "limit"])
@pytest.mark.parametrize("value", [True, False])
def test_a_truth_value_is_no_number_and_no_text(field: str, value: bool) -> None:
    with pytest.raises(ValidationError, match="true and false mean nothing here"):
        Sample.model_validate({field: value})


def test_a_flag_is_true_or_false() -> None:
    assert Sample.model_validate({"flag": True}).flag is True


@pytest.mark.parametrize(
    ("field", "text", "value"), [("share", "2.5", 2.5), ("count", "7", 7), ("limit", "1e3", 1000.0)]
)
def test_texts_of_the_environment_become_numbers(field: str, text: str, value: float) -> None:
    assert getattr(Sample.model_validate({field: text}), field) == value


@pytest.mark.parametrize(
    "wrong",
    [
        {"share": "nan"},
        {"share": float("inf")},
        {"limit": "-inf"},
        {"count": 1.5},
        {"count": "x"},
        {"other": 1},
    ],
)
def test_what_is_no_value_of_the_field_is_refused_by_name(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        Sample.model_validate(wrong)


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Sample().share = 2.0
