"""Refusals of jobs: there is no such one, or it is not in a state for what is asked."""

from __future__ import annotations

from backtest.core.errors import LimitError, UsageError


class NoSuchJobError(UsageError):
    """No job or schedule has this name."""


class JobStateError(LimitError):
    """The job is not in a state in which this can be done."""
