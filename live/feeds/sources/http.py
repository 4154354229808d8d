"""GET requests for JSON, repeated within a budget; what every failure means for a source; a vendor's key.

No message and no log holds an address, which may hold a key. Redirects are not followed.
"""

from __future__ import annotations

import http.client
import json
import logging
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from backtest.core.errors import SettingsError
from live.brokers.common import (
    READ_BUDGET,
    THROTTLED_BUDGET,
    THROTTLED_WAIT,
    WAITS,
    require_loopback,
    retry_after,
)
from live.feeds.sources.errors import (
    NotEntitled,
    RateLimited,
    UnknownSymbol,
    VendorChanged,
    VendorDown,
    VendorError,
)
from live.feeds.sources.model import Opening
from live.system.clock import Clock
from live.system.redaction import redact, register_secret

LOG: Final = logging.getLogger("jutsu.source")
TIMEOUT: Final = 20.0
_MOST: Final = 256 * 1024 * 1024


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect is an answer: the key goes to nobody else."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Follow none."""


class JsonClient:
    """One vendor's API.

    Args:
        vendor: its name, for messages.
        base_url: scheme and host; paths begin with a slash.
        headers: sent with every request; here the key is.
        clock: source of time.
        local: the address is an imitation's, which no proxy of the environment may see.
        timeout: seconds until a silent connection counts as broken.
    """

    def __init__(
        self,
        vendor: str,
        base_url: str,
        headers: Mapping[str, str],
        clock: Clock,
        *,
        local: bool = False,
        timeout: float = TIMEOUT,
    ) -> None:
        self._vendor = vendor
        self._base = base_url.rstrip("/")
        self._headers = dict(headers)
        self._clock = clock
        self._timeout = timeout
        proxies = [urllib.request.ProxyHandler({})] if local else []
        self._opener = urllib.request.build_opener(_NoRedirect, *proxies)

    def get(self, what: str, path: str, query: Mapping[str, str] | None = None) -> Any:
        """Return the JSON of an answer.

        Args:
            what: what is asked for, in words.
            path: path, with its query when `query` is None.
            query: names and values.

        Raises:
            VendorError: see `live.feeds.sources.errors`.
        """
        url = f"{self._base}{path}" + (f"?{urlencode(query)}" if query else "")
        began = self._clock.monotonic()
        deadline = began + READ_BUDGET
        for wait in (*WAITS, None):
            pause = wait
            try:
                return self._answer(what, url)
            except VendorDown as error:
                problem: VendorError = error
            except RateLimited as error:
                problem = error
                pause = None if wait is None else error.retry_after or THROTTLED_WAIT
                deadline = began + THROTTLED_BUDGET
            if pause is None or self._clock.monotonic() + pause > deadline:
                break
            LOG.warning("%s, asking again in %.1f s", problem.problem, pause)
            self._clock.sleep(pause)
        raise problem

    def _answer(self, what: str, url: str) -> Any:
        request = urllib.request.Request(url, headers=self._headers)  # noqa: S310 - the base is ours
        try:
            with self._opener.open(request, timeout=self._timeout) as answer:
                content = answer.read(_MOST)
        except urllib.error.HTTPError as error:
            with error:
                raise self._refusal(what, error) from error
        except (OSError, http.client.HTTPException) as error:
            raise self._down(f"{what}: {type(error).__name__}") from error
        try:
            return json.loads(content)
        except ValueError as error:
            raise self._down(f"{what}: the answer is no JSON") from error

    def _refusal(self, what: str, error: urllib.error.HTTPError) -> VendorError:
        status, said = error.code, f"{what}: {error.code} {_message(error)}".strip()
        if status == 429:
            limited = RateLimited(said, where=self._vendor, remedy="wait, or ask less often")
            limited.retry_after = retry_after(error, self._clock.now())
            return limited
        if status in {401, 402, 403}:
            return NotEntitled(said, where=self._vendor, remedy="check the key and what your plan has")
        if 400 <= status < 500:
            return UnknownSymbol(said, where=self._vendor, remedy="check the symbol")
        return self._down(said)

    def _down(self, said: str) -> VendorDown:
        return VendorDown(said, where=self._vendor, remedy="try again later")


def key_of(opening: Opening, name: str) -> str:
    """Return a vendor's key from the secrets. SettingsError: there is none, or it cannot be one."""
    key = opening.environ.get(name, "").strip()
    if not key:
        raise SettingsError("the key is missing", where=name, remedy="put it into state/secrets.env")
    register_secret(key)
    if not (key.isascii() and key.isprintable()):  # a header cannot hold it, and says it when it is refused
        raise SettingsError("the key has signs that no key has", where=name, remedy="copy it anew")
    return key


def open_client(
    vendor: str, base_url: str, opening: Opening, headers: Mapping[str, str] | None = None
) -> JsonClient:
    """Return the client of a vendor, or of its imitation. SettingsError: that one is on another machine."""
    url = opening.base_url
    if url is not None:
        require_loopback(url, "data.sources.base_url")
    return JsonClient(vendor, url or base_url, headers or {}, opening.clock, local=url is not None)


def short(text: str) -> str:
    """Return what a vendor says in one short line; masked before it is cut, so no part of a key is left."""
    return redact(" ".join(text.split()))[:200]


def misunderstood(symbol: str, what: str, error: Exception) -> VendorChanged:
    """Return the error of a row that is not understood; `what` names one."""
    return VendorChanged(
        f"a row of {what}s is not understood: {type(error).__name__} {error}",
        where=symbol,
        remedy="nothing of it was stored; compare with another source",
    )


def _message(error: urllib.error.HTTPError) -> str:
    """Return what a refusal says, in one short line; secrets masked."""
    try:
        content = error.read(10_000)
    except (OSError, http.client.HTTPException):
        return ""
    try:
        value = json.loads(content)
        text = str(value.get("error") or value.get("message") or "") if isinstance(value, dict) else ""
    except ValueError:
        text = ""
    return short(text)
