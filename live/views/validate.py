"""What a validation found, as one answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from live.validation.report import VariantReport, variant_report, worst_of
from live.validation.verdict import Judged, Verdict


@dataclass(frozen=True, slots=True)
class ValidationView:
    """Every variant of the validated sessions.

    Attributes:
        verdict: the worst one, None when nothing was validated (which is not GREEN).
        why: why nothing was validated, empty otherwise.
        missed: steps that should have happened by now and did not, one line each.
    """

    verdict: Verdict | None
    why: str
    validations: tuple[VariantReport, ...]
    missed: tuple[str, ...] = ()


def validation_of(judged: Sequence[Judged], why_none: str, missed: Sequence[str] = ()) -> ValidationView:
    """Return the answer to a list of validations; `why_none` says why it is empty."""
    verdict = worst_of(judged) if judged else None
    return ValidationView(verdict, why_none, tuple(variant_report(item) for item in judged), tuple(missed))
