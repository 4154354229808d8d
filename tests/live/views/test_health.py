"""Healthy means that no check failed; a warning is no failure."""

from __future__ import annotations

from live.operations.health import HealthCheck
from live.views.health import health_of

OK = HealthCheck("clock", "ok", "")
WARNING = HealthCheck("disk", "warning", "little space")
FAILED = HealthCheck("broker", "failed", "no answer", "start it")


def test_a_failed_check_is_named_and_ends_the_health() -> None:
    view = health_of(iter([OK, FAILED, WARNING]))
    assert not view.healthy
    assert view.failed == (FAILED,)
    assert view.checks == (OK, FAILED, WARNING)


def test_warnings_alone_are_healthy() -> None:
    view = health_of([OK, WARNING])
    assert (view.healthy, view.failed) == (True, ())
