"""Mail with a text part and, where there is one, an HTML part.

apprise reads the address (`mailto://`, `mailtos://` and its servers of known providers), the standard library
sends: apprise would make the text part of the HTML, and hide what the server answered.
"""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.utils import format_datetime, formataddr, make_msgid
from typing import TYPE_CHECKING, Any, Final

from live.system.clock import SystemClock

if TYPE_CHECKING:
    from live.alerts.message import Message

SCHEMES: Final = ("mailto://", "mailtos://")
#: an alert has less than this for everything; a silent server is given up before
SECONDS: Final = 10.0
_PRIORITY: Final = {"critical": "1 (Highest)", "warning": "3 (Normal)", "info": "5 (Lowest)"}


def is_mail(url: str) -> bool:
    """Tell whether an address is one of a mail server."""
    return url.lower().startswith(SCHEMES)


def signs(service: Any) -> bool:
    """Tell whether the address asks apprise to sign or encrypt with PGP; such mail is left to apprise."""
    return str(service.pgp_mode) != "no"


def send_mail(service: Any, message: Message, *, timeout: float = SECONDS) -> str:
    """Send one mail to every recipient of an address; return what went wrong, empty text when nothing did.

    Args:
        service: apprise's reading of the address.
        message: to send.
        timeout: seconds for each answer of the server.

    Raises:
        OSError, smtplib.SMTPException: the server cannot be reached, or refused everything.
    """
    mail = compose(service, message)
    with _connected(service, timeout) as server:
        refused = server.send_message(mail)
    return "; ".join(f"refused {address}: {said!r}" for address, said in refused.items())


def compose(service: Any, message: Message) -> EmailMessage:
    """Return the mail: headers of the address, text, and HTML as its alternative."""
    mail = EmailMessage()
    sender = service.from_addr[1]
    mail["Subject"] = " ".join(message.title.split())
    mail["From"] = formataddr((_sender_name(service), sender))
    mail["To"] = ", ".join(formataddr((name or "", address)) for name, address in service.targets)
    if service.cc:
        mail["Cc"] = ", ".join(sorted(service.cc))
    if service.bcc:
        mail["Bcc"] = ", ".join(sorted(service.bcc))
    if service.reply_to:
        mail["Reply-To"] = ", ".join(sorted(service.reply_to))
    mail["Date"] = format_datetime(SystemClock().now())  # a mail says when it left, not when the run was
    mail["Message-ID"] = make_msgid(domain=sender.partition("@")[2] or "localhost")
    mail["X-Priority"] = _PRIORITY[message.level]
    for name, value in service.headers.items():
        mail[name] = value
    mail.set_content(message.body or message.title)
    if message.html is not None:
        mail.add_alternative(message.html, subtype="html")
    return mail


def _sender_name(service: Any) -> str:
    name = service.from_addr[0]
    return "jutsu" if not name or name == "Apprise" else str(name)


@contextmanager
def _connected(service: Any, timeout: float) -> Iterator[smtplib.SMTP]:
    import ssl

    trust = ssl.create_default_context()
    if not service.verify_certificate:
        trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
    host, port, secure = service.smtp_host, service.port, str(service.secure_mode)
    made = (
        smtplib.SMTP_SSL(host, port, timeout=timeout, context=trust)
        if secure.endswith("ssl")
        else smtplib.SMTP(host, port, timeout=timeout)
    )
    with made as server:
        if secure.endswith("starttls"):
            server.starttls(context=trust)
        if service.user and service.password:
            server.login(service.user, service.password)
        yield server
