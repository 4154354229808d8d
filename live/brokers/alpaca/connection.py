"""Alpaca's real client, made safe: no retries of its own, a timeout on every call, and each reply classified.

alpaca-py repeats POST /orders on 429 and 504 by itself and waits for ever; both are switched off here.
"""

from __future__ import annotations

import functools
import json
import logging
import warnings
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from types import ModuleType
from typing import Any

from backtest.core.distribution import require
from backtest.core.errors import (
    AuthenticationFailed,
    BrokerError,
    BrokerRefused,
    BrokerUnknown,
    NotSent,
    SettingsError,
)
from live.brokers.common import (
    READ_BUDGET,
    THROTTLED_BUDGET,
    THROTTLED_WAIT,
    WAITS,
    Throttled,
    retry_after,
)
from live.system.clock import Clock
from live.system.redaction import redact, register_secret

LOG = logging.getLogger("jutsu.alpaca")
TIMEOUT = (10.0, 20.0)
KEYS = ("APCA_API_KEY_ID", "APCA_API_SECRET_KEY")
REFUSALS = frozenset({400, 403, 404, 422})
Call = Callable[[], Any]


def import_alpaca() -> ModuleType:
    """Import alpaca.trading.client without a deprecation warning; SettingsError when the extra is missing."""
    require("alpaca", "alpaca", where="Alpaca")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="websockets.*deprecated", category=DeprecationWarning)
        import alpaca.trading.client
    for name in ("alpaca", "urllib3"):
        logger = logging.getLogger(name)
        if logger.level < logging.INFO:
            logger.setLevel(logging.INFO)
    module: ModuleType = alpaca.trading.client
    return module


def keys(environ: Mapping[str, str]) -> tuple[str, str]:
    """Return key id and secret from the environment and the secrets; SettingsError when one is missing."""
    key, secret = (environ.get(name, "") for name in KEYS)
    if not key or not secret:
        raise SettingsError(
            "the Alpaca keys are missing", where=", ".join(KEYS), remedy="put both into state/secrets.env"
        )
    register_secret(key)
    register_secret(secret)
    return key, secret


class AlpacaConnection:
    """A REST client of alpaca-py with honest failures.

    Attributes:
        client: the real client (raw answers).
        offset: broker clock minus ours from the newest Date header.
    """

    def __init__(self, client: Any, clock: Clock, *, local: bool) -> None:
        import requests

        self.client = client
        self.clock = clock
        self.offset: timedelta | None = None
        self._requests = requests
        session = client._session  # noqa: SLF001 - the client has no public way to set timeout or retries
        session.request = functools.partial(session.request, timeout=TIMEOUT)
        session.hooks["response"].append(self._note_date)
        session.trust_env = not local  # a proxy of the environment must never see the imitation
        client._retry = 0  # noqa: SLF001 - `retry_attempts=0` is ignored; a repeated POST may be a second order

    def _note_date(self, response: Any, *_: Any, **__: Any) -> None:
        try:
            shown = parsedate_to_datetime(response.headers.get("Date", ""))
        except (TypeError, ValueError):
            return
        self.offset = shown.astimezone(UTC) + timedelta(seconds=0.5) - self.clock.now()

    def close(self) -> None:
        """Close the sockets."""
        self.client._session.close()  # noqa: SLF001 - the client has no close

    # reading -------------------------------------------------------------------------------------------

    def read(self, what: str, call: Call, *, missing: bool = False, empty: bool = False) -> Any:
        """Return a GET's answer, repeated within a budget; None for a definite 404 with `missing`.

        A reply without a body is a broken one (the client library hides that) unless `empty` allows it.

        Raises:
            BrokerRefused, AuthenticationFailed: a definite no. BrokerError: no usable answer in time.
        """
        from alpaca.common.exceptions import APIError

        began = self.clock.monotonic()
        deadline = began + READ_BUDGET
        problem = ""
        for wait in (*WAITS, None):
            pause = wait
            try:
                answer = call()
                if answer is not None or empty:
                    return answer
                problem = "empty reply"
            except APIError as error:
                status = error.status_code
                if status == 404 and missing and error_code(error) is not None:
                    return None
                if status == 401 or status in REFUSALS:
                    raise self._refusal(what, error) from error
                problem = words(error)
                if status == 429 and pause is not None:
                    pause = retry_after(error.response, self.clock.now()) or THROTTLED_WAIT
                    deadline = began + THROTTLED_BUDGET
            except (self._requests.RequestException, ValueError) as error:
                problem = redact(f"{type(error).__name__}")
            if pause is None or self.clock.monotonic() + pause > deadline:
                break
            LOG.warning("%s: %s, asking again in %.1f s", what, problem, pause)
            self.clock.sleep(pause)
        raise BrokerError(f"{what}: {problem}", where="Alpaca", remedy="try again later; nothing was changed")

    def _refusal(self, what: str, error: Any) -> BrokerError:
        if error.status_code == 401:
            return AuthenticationFailed(
                f"{what}: the keys are not accepted", where="Alpaca", remedy="check the keys"
            )
        refused = BrokerRefused(f"{what}: {words(error)}", where="Alpaca", remedy="see the message")
        refused.status = error.status_code
        return refused

    # changing ------------------------------------------------------------------------------------------

    def post(self, call: Call, where: str) -> Any:
        """Send an order request once.

        Raises:
            BrokerRefused, AuthenticationFailed, NotSent (also Throttled): nothing was accepted.
            BrokerUnknown: nobody knows.
        """
        from alpaca.common.exceptions import APIError

        try:
            answer = call()
        except APIError as error:
            raise self._classified(error, where) from error
        except self._requests.ConnectTimeout as error:
            raise NotSent("no connection", where=where, remedy="try again") from error
        except (self._requests.RequestException, ValueError) as error:
            if _never_connected(error):
                raise NotSent("no connection", where=where, remedy="try again") from error
            raise BrokerUnknown(
                f"no usable reply to an order: {type(error).__name__}",
                where=where,
                remedy="look the client order id up before anything else",
            ) from error
        if not isinstance(answer, dict):
            raise BrokerUnknown(
                "empty reply to an order",
                where=where,
                remedy="look the client order id up before anything else",
            )
        return answer

    def _classified(self, error: Any, where: str) -> Exception:
        status = error.status_code
        if status == 429:
            wait = retry_after(error.response, self.clock.now())
            return Throttled("Alpaca wants fewer requests", retry_after=wait, where=where, remedy="wait")
        if status == 401:
            return AuthenticationFailed("the keys are not accepted", where=where, remedy="check the keys")
        if status in REFUSALS:
            return BrokerRefused(words(error), where=where, remedy="correct the order; it was not taken")
        return BrokerUnknown(
            f"odd reply to an order: {words(error)}", where=where, remedy="look the client order id up first"
        )


def _never_connected(error: Exception) -> bool:
    """Tell a connection that was never made from one that broke: only the first proves that nothing left."""
    from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError

    cause = error.args[0] if error.args else None
    if isinstance(cause, MaxRetryError):
        cause = cause.reason
    return isinstance(cause, (NewConnectionError, ConnectTimeoutError))


def error_code(error: Any) -> int | None:
    """Return Alpaca's own error code, None for a body of somebody else (its property raises on HTML)."""
    try:
        value = json.loads(str(error))
    except ValueError:
        return None
    code = value.get("code") if isinstance(value, dict) else None
    return code if isinstance(code, int) else None


def words(error: Any) -> str:
    """Return status and message of an API error, whatever the body; secrets masked."""
    text = str(error)
    try:
        value = json.loads(text)
        text = str(value.get("message", text)) if isinstance(value, dict) else text
    except ValueError:
        text = " ".join(text.split())
    return redact(f"{error.status_code} {text[:200]}".strip())


def utc_text(at: datetime) -> str:
    """Return an instant as the API wants it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
