"""Mail against a real SMTP server: both parts arrive, and what the server says is told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from live.alerts.delivery import deliver
from live.alerts.message import Message
from tests.support.alert_servers import Mailbox, hanging_port, mail_server

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
PAGE = "<!doctype html><html><body><h1>Größe</h1><p>1 &lt; 2</p></body></html>"


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server() as box:
        yield box


def sent(url: str, message: Message, within: float = 5) -> str:
    return deliver({"mail": url}, message, within=within)["mail"].error


def test_text_alone_is_one_part(mailbox: Mailbox) -> None:
    assert sent(mailbox.url, Message("a title", "line 1\nline 2 — ü", "warning")) == ""
    (mail,) = mailbox.mails
    assert (mail["Subject"], mail["From"], mail["To"]) == (
        "a title",
        "jutsu <jutsu@example.com>",
        "me@example.com",
    )
    assert mail.get_content_type() == "text/plain"
    assert mail.get_content().splitlines() == ["line 1", "line 2 — ü"]
    assert mail["Date"]
    assert mail["Message-ID"]


def test_html_goes_beside_the_text_as_it_was_given(mailbox: Mailbox) -> None:
    assert sent(mailbox.url, Message("report", "the text", "info", PAGE)) == ""
    (mail,) = mailbox.mails
    assert mail.get_content_type() == "multipart/alternative"
    parts = {part.get_content_type(): part.get_content().strip() for part in mail.iter_parts()}
    assert parts == {"text/plain": "the text", "text/html": PAGE}


def test_a_title_of_several_lines_cannot_add_headers(mailbox: Mailbox) -> None:
    assert sent(mailbox.url, Message("a\r\nBcc: other@example.com", "b", "info")) == ""
    assert mailbox.mails[0]["Subject"] == "a Bcc: other@example.com"
    assert mailbox.recipients == [["me@example.com"]]


def test_copies_are_delivered_and_blind_ones_not_shown(mailbox: Mailbox) -> None:
    assert sent(f"{mailbox.url},you@example.com&bcc=silent@example.com", Message("t", "b", "info")) == ""
    assert sorted(mailbox.recipients[0]) == ["me@example.com", "silent@example.com", "you@example.com"]
    assert "silent" not in str(mailbox.mails[0])


def test_what_the_server_refuses_is_told_without_the_address(mailbox: Mailbox) -> None:
    mailbox.refuse = "550 no such user"
    problem = sent(mailbox.url, Message("t", "b", "critical"))
    assert "550" in problem
    assert "me@example.com" not in problem


def test_no_server_and_a_silent_one() -> None:
    assert "refused" in sent(
        "mailto://127.0.0.1:9?from=a@example.com&to=b@example.com", Message("t", "b", "info")
    )
    with hanging_port() as port:
        url = f"mailto://127.0.0.1:{port}?from=a@example.com&to=b@example.com"
        assert "no answer within 0.3 s" in sent(url, Message("t", "b", "info"), within=0.3)


def test_a_password_never_stands_in_an_error(mailbox: Mailbox) -> None:
    url = f"mailto://me:Sup3rSecret@127.0.0.1:{mailbox.port}?from=a@example.com&to=b@example.com"
    problem = sent(url, Message("t", "b", "info"))
    assert problem
    assert "Sup3rSecret" not in problem
