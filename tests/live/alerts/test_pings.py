"""The dead man's switch, told over HTTP by a real server on loopback."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from live.alerts import pings
from tests.fakes.ping_service import Service, serving

AT = datetime(2025, 6, 20, 20, 1, tzinfo=UTC)


@pytest.fixture
def service() -> Iterator[Service]:
    """Serve on loopback."""
    with serving() as made:
        yield made


def test_start_and_end_follow_the_convention(service: Service) -> None:
    assert pings.tell_start(service.url) == ""
    assert pings.tell_end(service.url, 7) == ""
    assert pings.tell_test(service.url) == ""
    assert service.asked == [f"/ping/abc-secret/{last}" for last in ("start", "7", "log")]


def test_a_query_stays_behind_the_path(service: Service) -> None:
    assert pings.tell_end(f"{service.url}/?rid=1", 0) == ""
    assert service.asked == ["/ping/abc-secret/0?rid=1"]


def test_a_placeholder_is_asked_once_at_the_end(service: Service) -> None:
    url = f"{service.url}?status={{exit}}"
    assert pings.tell_start(url) == ""
    assert pings.tell_test(url).startswith("not tried")
    assert pings.tell_end(url, 3) == ""
    assert service.asked == ["/ping/abc-secret?status=3"]


def test_one_retry(service: Service) -> None:
    service.answers = [503]
    assert pings.tell_end(service.url, 0) == ""
    assert len(service.asked) == 2
    service.answers = [503, 503, 200]
    problem = pings.tell_end(service.url, 0)
    assert "503" in problem
    assert "abc-secret" not in problem
    assert len(service.asked) == 4


@pytest.mark.parametrize(
    "url", ["http://example.org/x", "ftp://example.org/x", "file:///etc/hosts", "nonsense"]
)
def test_only_https_or_loopback(url: str) -> None:
    assert "must begin with https" in pings.tell_end(url, 0)


def test_an_unreachable_service_is_a_problem_without_the_address(service: Service) -> None:
    service.server.server_close()
    problem = pings.tell_end(service.url, 0)
    assert problem
    assert "abc-secret" not in problem


@pytest.mark.parametrize(
    ("known", "program", "wanted"),
    [
        ({}, "executor", None),
        ({"JUTSU_PING_URL": "https://a"}, "executor", "https://a"),
        ({"JUTSU_PING_URL": "https://a", "JUTSU_PING_EXECUTOR_URL": "https://b"}, "executor", "https://b"),
        ({"JUTSU_PING_EXECUTOR_URL": "https://b"}, "generator", None),
    ],
)
def test_a_program_has_its_own_address_or_the_common_one(
    known: dict[str, str], program: pings.Watched, wanted: str | None
) -> None:
    assert pings.address(program, known.get) == wanted
    assert pings.addresses(known.get).get(program) == wanted


def test_the_last_end_of_each_program_is_kept(tmp_path: Path) -> None:
    pings.remember(tmp_path, "executor", pings.Ping("2025-06-20T20:00:00+00:00", 0))
    pings.remember(tmp_path, "generator", pings.Ping("2025-06-20T19:00:00+00:00", 5, "no answer"))
    pings.remember(tmp_path, "executor", pings.Ping("2025-06-23T20:00:00+00:00", 7))
    found = pings.recall(tmp_path)
    assert found["executor"] == pings.Ping("2025-06-23T20:00:00+00:00", 7)
    assert found["generator"].problem == "no answer"
    assert stat.S_IMODE((tmp_path / pings.FILE).stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"executor": 1}', '{"executor": {"at": 1}}', '{"x": {}}']
)
def test_a_damaged_memory_is_no_memory(tmp_path: Path, content: str) -> None:
    (tmp_path / pings.FILE).write_text(content)
    assert pings.recall(tmp_path) == {}
    pings.remember(tmp_path, "doctor", pings.Ping("t", 0))
    assert pings.recall(tmp_path) == {"doctor": pings.Ping("t", 0)}


def test_a_missing_folder_is_not_made(tmp_path: Path, service: Service) -> None:
    assert pings.report_end(tmp_path / "none", "executor", service.url, 0, AT) == ""
    assert not (tmp_path / "none").exists()
