"""What a validation found as one answer: nothing validated is not GREEN."""

from __future__ import annotations

from live.views.validate import validation_of


def test_nothing_validated_has_no_verdict_but_a_reason() -> None:
    view = validation_of([], "no session was traded yet", ["golden 2024-03-15: not executed"])
    assert (view.verdict, view.why) == (None, "no session was traded yet")
    assert view.validations == ()
    assert view.missed == ("golden 2024-03-15: not executed",)
