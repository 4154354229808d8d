"""Messages to channels, every channel by itself: one that hangs or refuses holds up no other.

Each channel has a thread that sends its messages one after the other. Whoever asks gets each outcome as soon
as it is known, and goes on when the time is over.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, Final, Literal

from live.alerts.channels import without_secrets
from live.alerts.message import Message
from live.settings.model import AlertLevel
from live.system.clock import SystemClock

TIMEBOX_SECONDS: Final = 15.0
#: so many failures of a channel in a row end its turn: the network is gone, the other messages wait
FAILURES: Final = 2
NOT_UNDERSTOOD: Final = "is not a URL that apprise understands"
_KINDS: Final[Mapping[AlertLevel, Literal["info", "warning", "failure"]]] = {
    "info": "info",
    "warning": "warning",
    "critical": "failure",
}
# Channels that gave no answer in this process: asking again would only hold up the run.
_HANGING: set[str] = set()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one message at one channel.

    Attributes:
        channel: its name.
        number: place of the message in the queue of the channel.
        error: masked; empty text when it was delivered.
        seconds: that it took.
    """

    channel: str
    number: int
    error: str
    seconds: float


def deliver(
    wanted: Mapping[str, str], message: Message, *, within: float = TIMEBOX_SECONDS
) -> dict[str, Outcome]:
    """Send one message to every channel at once, waiting at most `within` seconds.

    `wanted` is channel name -> URL.
    """
    queues = dict.fromkeys(wanted, (message,))
    return {outcome.channel: outcome for outcome in deliver_all(wanted, queues, within=within)}


def hanging() -> bool:
    """Whether a channel of this process still holds a thread: it was given up, and may never end."""
    return bool(_HANGING)


def deliver_all(
    urls: Mapping[str, str], queues: Mapping[str, Sequence[Message]], *, within: float = TIMEBOX_SECONDS
) -> Iterator[Outcome]:
    """Send the messages of every channel, yielding what became of each as soon as it is known.

    A message that was not tried in time, or whose channel had failed `FAILURES` times in a row, yields
    nothing. One that was tried and got no answer yields an error.

    Args:
        urls: channel -> address, for every channel of `queues`.
        queues: channel -> messages, the most urgent first.
        within: seconds for everything.
    """
    for talkative in ("apprise", "urllib3"):  # at DEBUG they write whole URLs, and URLs are secrets
        logging.getLogger(talkative).setLevel(logging.WARNING)
    clock = SystemClock()  # the time box is about this process, also under a simulated clock
    begun, silent = clock.monotonic(), f"no answer within {within:.1f} s"
    yield from (Outcome(name, 0, silent, 0.0) for name in queues if urls[name] in _HANGING)
    asked = {name: messages for name, messages in queues.items() if messages and urls[name] not in _HANGING}
    heard: SimpleQueue[Outcome | str] = SimpleQueue()
    for name, messages in asked.items():
        worker = threading.Thread(target=_send_queue, args=(name, urls[name], messages, heard), daemon=True)
        worker.start()
    answered = dict.fromkeys(asked, 0)
    while answered and (left := begun + within - clock.monotonic()) > 0:
        try:
            one = heard.get(timeout=left)
        except Empty:
            break
        if isinstance(one, str):
            del answered[one]
            continue
        answered[one.channel] = one.number + 1
        yield one
    for name, number in answered.items():
        _HANGING.add(urls[name])
        if number < len(asked[name]):
            yield Outcome(name, number, silent, clock.monotonic() - begun)


def _send_queue(name: str, url: str, messages: Sequence[Message], heard: SimpleQueue[Outcome | str]) -> None:
    """Send one channel's messages and tell each outcome, then the channel's name; runs in its own thread."""
    clock, failures = SystemClock(), 0
    for number, message in enumerate(messages):
        begun = clock.monotonic()
        error = _sent(url, message)
        heard.put(Outcome(name, number, error, clock.monotonic() - begun))
        failures = failures + 1 if error else 0
        if failures == FAILURES:
            break
    heard.put(name)


def unusable(url: str) -> str:
    """Return why an address can take no alert, empty when it can; nothing is sent."""
    import apprise

    return "" if apprise.Apprise().add(url) else NOT_UNDERSTOOD


def _sent(url: str, message: Message) -> str:
    """Send one message through one channel; return what went wrong, masked."""
    try:
        problem = _ask(url, message)
    except Exception as error:  # noqa: BLE001 - third-party code; an alert must never fail a run
        problem = f"{type(error).__name__}: {error}"
    return without_secrets(problem, url) if problem else ""


def _ask(url: str, message: Message) -> str:
    import apprise

    from live.alerts import mail

    asset = apprise.AppriseAsset(app_id="jutsu", app_desc="jutsu")
    said: list[str] = []

    def listen(entry: Any, _service: Any) -> None:
        said.append(str(entry.message))

    sender = apprise.Apprise(asset=asset)
    if not sender.add(url):
        return NOT_UNDERSTOOD
    service = sender[0]
    if mail.is_mail(url) and not mail.signs(service):
        return mail.send_mail(service, message)
    delivered = sender.notify(
        body=message.body or message.title,
        title=message.title,
        notify_type=_KINDS[message.level],
        log_callback=listen,
        log_level=logging.WARNING,
    )
    return "" if delivered else "; ".join(said) or "was refused"
