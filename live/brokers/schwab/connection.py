"""One connection to Schwab: the real schwab-py client, its token, and what every reply or silence means.

Reads are repeated within a budget. Order requests are sent once: after a silence nobody knows whether the
order exists, and only a search may find out.
"""

from __future__ import annotations

import json
import logging
import re
import warnings
from collections.abc import Callable
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime
from types import ModuleType
from typing import TYPE_CHECKING, Any

from backtest.core.distribution import require
from backtest.core.errors import BrokerError, BrokerRefused, BrokerUnknown, NotSent
from live.brokers.common import (
    READ_BUDGET,
    THROTTLED_BUDGET,
    THROTTLED_WAIT,
    WAITS,
    require_loopback,
    retry_after,
)
from live.brokers.schwab.token import LOGIN, Credentials, LoginNeeded, TokenStore
from live.system.clock import Clock
from live.system.redaction import redact

if TYPE_CHECKING:
    from filelock import BaseFileLock

LOG = logging.getLogger("jutsu.schwab")
TOKEN_PATH = "/v1/oauth/token"  # noqa: S105 - a path, not a secret
Call = Callable[[Any], Any]


def require_schwab() -> None:
    """Raise SettingsError when the extra is missing; nothing is imported."""
    require("schwab", "schwab", "authlib", "httpx", where="Charles Schwab")


def import_schwab() -> ModuleType:
    """Import schwab.auth without two known deprecation warnings; SettingsError when the extra is missing."""
    require_schwab()
    with warnings.catch_warnings():
        import authlib.deprecate

        warnings.simplefilter("ignore", authlib.deprecate.AuthlibDeprecationWarning)
        warnings.filterwarnings("ignore", message="websockets.*deprecated", category=DeprecationWarning)
        import schwab.auth
    for name in ("schwab", "authlib", "httpx", "httpcore"):
        logger = logging.getLogger(name)
        if logger.level < logging.INFO:
            logger.setLevel(logging.INFO)
    module: ModuleType = schwab.auth
    return module


def http_module(session: Any) -> ModuleType:
    """Return the HTTP library `session` is built on, the one whose errors must be caught.

    Raises:
        BrokerError: it is not httpx (authlib silently prefers httpx2 when that is installed).
    """
    import httpx

    origins = {base.__module__.partition(".")[0] for base in type(session).__mro__}
    if isinstance(session, httpx.Client) and "httpx2" not in origins:
        return httpx
    raise BrokerError(
        f"the Schwab client is built on {', '.join(sorted(origins - {'builtins', 'authlib'}))}, not on httpx",
        where="environment",
        remedy="uninstall httpx2: its errors would be mistaken for bugs while an order is in the air",
    )


def to_loopback(session: Any, base_url: str) -> None:
    """Send every request of `session`, token requests included, to an imitation on this machine.

    Raises:
        SettingsError: the address is not a loopback address.
    """
    host, port = require_loopback(base_url, "broker.schwab.base_url")

    def send_there(request: Any) -> None:
        request.url = request.url.copy_with(scheme="http", host=host, port=port)

    hooks = session.event_hooks
    hooks["request"].append(send_there)
    session.event_hooks = hooks
    # a proxy of the environment must never see the imitation
    session._mounts = {}  # noqa: SLF001 - httpx has no public way once the client is built


class SchwabConnection:
    """One process's way to Schwab: client and token are taken at the first request, and may be given back.

    Attributes:
        offset: broker clock minus ours, from the newest Date header.
    """

    def __init__(
        self,
        token: TokenStore,
        credentials: Credentials,
        clock: Clock,
        *,
        timeout: float = 20.0,
        base_url: str | None = None,
    ) -> None:
        self.clock = clock
        self.offset: timedelta | None = None
        self._token = token
        self._credentials = credentials
        self._timeout = timeout
        self._base_url = base_url
        self._held: tuple[Any, BaseFileLock] | None = None
        self._renewed: str | None = None  # the access token an order's 401 was answered with

    @classmethod
    def open(
        cls,
        token: TokenStore,
        credentials: Credentials,
        clock: Clock,
        *,
        timeout: float = 20.0,
        base_url: str | None = None,
    ) -> SchwabConnection:
        """Look at everything a first request needs; the token file stays free until then.

        Raises:
            LoginNeeded: no usable token. SettingsError: loose file mode, an address that is not loopback, or
                the extra is missing.
        """
        token.read()
        require_schwab()
        if base_url is not None:
            require_loopback(base_url, "broker.schwab.base_url")
        return cls(token, credentials, clock, timeout=timeout, base_url=base_url)

    @property
    def client(self) -> Any:
        """The real schwab-py client (enum checks off) around the token file, which is ours from now on.

        Raises:
            LoginNeeded: no usable token.
            BrokerError: another process owns the token, or the HTTP library is not the expected one.
        """
        if self._held is None:
            lock = self._token.own()
            try:
                self._held = (self._new_client(), lock)
            except BaseException:
                lock.release()
                raise
        return self._held[0]

    def _new_client(self) -> Any:
        client = import_schwab().client_from_access_functions(
            self._credentials.api_key,
            self._credentials.app_secret,
            self._token.read,
            self._token.write,
            enforce_enums=False,
        )
        timeout = http_module(client.session).Timeout(self._timeout, connect=min(self._timeout, 10.0))
        client.set_timeout(timeout)
        if self._base_url is not None:
            to_loopback(client.session, self._base_url)
        hooks = client.session.event_hooks
        hooks["response"].append(self._note_date)
        client.session.event_hooks = hooks
        return client

    def close(self) -> None:
        """Close the sockets and give the token back."""
        self.release()

    def release(self) -> None:
        """Give the token back until the next request: while a person is asked, others may use it."""
        if self._held is not None:
            client, lock = self._held
            self._held = None
            client.session.close()
            lock.release()

    # reading -------------------------------------------------------------------------------------------

    def read(self, what: str, call: Call, *, missing: bool = False) -> Any:
        """Return the JSON of a GET, repeated within the budget; None for a definite 404 with `missing`.

        Raises:
            BrokerRefused: a definite no. LoginNeeded. BrokerError: no usable answer in time.
        """
        response = self.repeat(what, call, parse=True)
        if response.status_code == 404 and missing and _says_not_found(response):
            return None
        if response.status_code != 200:
            refused = BrokerRefused(f"{what}: {reason(response)}", where="Schwab", remedy="see the message")
            refused.status = response.status_code
            raise refused
        return json.loads(response.content)

    def repeat(self, what: str, call: Call, *, parse: bool = False) -> Any:
        """Send a harmless request (GET, DELETE) until it is answered; bounded, honouring Retry-After."""
        import httpx

        began = self.clock.monotonic()
        deadline = began + READ_BUDGET
        problem = ""
        for wait in (*WAITS, None):
            pause = wait
            try:
                response = self._authorised(call)
            except LoginNeeded:
                raise
            except (httpx.HTTPError, NotSent) as error:
                problem = _name(error)
            else:
                status = response.status_code
                if status < 500 and status != 429 and (status != 200 or not parse or _is_json(response)):
                    return response
                problem = reason(response)
                if status == 429 and pause is not None:
                    pause = retry_after(response, self.clock.now()) or THROTTLED_WAIT
                    deadline = began + THROTTLED_BUDGET
            if pause is None or self.clock.monotonic() + pause > deadline:
                break
            LOG.warning("%s: %s, asking again in %.1f s", what, problem, pause)
            self.clock.sleep(pause)
        raise BrokerError(f"{what}: {problem}", where="Schwab", remedy="try again later; nothing was changed")

    def _authorised(self, call: Call) -> Any:
        self.ensure_token()
        response = self._call(call)
        if response.status_code == 401:
            self._refresh()
            response = self._call(call)
            if response.status_code == 401:
                raise LoginNeeded("Schwab refuses a fresh access token", where="Schwab", remedy=LOGIN)
        return response

    def _call(self, call: Call) -> Any:
        """Send one request. The client renews its token before it sends: a refusal of that sent nothing."""
        from authlib.common.errors import AuthlibBaseError

        try:
            return call(self.client)
        except AuthlibBaseError as error:
            problem = f"Schwab refuses the refresh token ({redact(error.error or 'no reason')})"
            raise LoginNeeded(problem, where="Schwab", remedy=LOGIN) from error

    # order requests ------------------------------------------------------------------------------------

    def post(self, call: Call) -> Any:
        """Send an order request once; a 401 (definitely refused) renews the token for another try.

        Raises:
            NotSent: it never left, or was refused for its old token: send it again if it still may leave.
            LoginNeeded: refused for a token that is fresh.
            BrokerUnknown: no reply, or a broken one.
        """
        self.ensure_token()
        response = self._post_once(call)
        if response.status_code != 401:
            return response
        if self._renewed is not None and self._renewed == self._access_token():
            raise LoginNeeded("Schwab refuses a fresh access token", where="Schwab", remedy=LOGIN)
        self._refresh()
        self._renewed = self._access_token()
        again = NotSent("the access token was renewed", where="Schwab", remedy="send it again")
        again.retry_after = 0.0
        raise again

    def _access_token(self) -> str:
        return str(self.client.session.token.get("access_token", ""))

    def _post_once(self, call: Call) -> Any:
        import httpx

        try:
            return self._call(call)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise NotSent(f"no connection: {_name(error)}", where="Schwab", remedy="try again") from error
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            if _path(error) == TOKEN_PATH:
                raise NotSent(
                    f"token endpoint: {_name(error)}", where="Schwab", remedy="try again"
                ) from error
            raise BrokerUnknown(
                f"no usable reply to an order: {_name(error)}",
                where="Schwab",
                remedy="do not send it again: search for it first",
            ) from error

    # token ---------------------------------------------------------------------------------------------

    def ensure_token(self) -> None:
        """Refresh an access token that is about to run out: before an order, where failing is harmless."""
        self._token_step(self.client.session.ensure_active_token)

    def _refresh(self) -> None:
        session = self.client.session
        endpoint = session.metadata["token_endpoint"]
        refresh = session.token.get("refresh_token")
        self._token_step(lambda: session.refresh_token(endpoint, refresh_token=refresh))

    def _token_step(self, step: Callable[[], Any]) -> None:
        import httpx
        from authlib.common.errors import AuthlibBaseError

        try:
            if step():
                return
        except AuthlibBaseError as error:
            problem = f"Schwab refuses the refresh token ({redact(error.error or 'no reason')})"
            raise LoginNeeded(problem, where="Schwab", remedy=LOGIN) from error
        except httpx.HTTPStatusError as error:
            if error.response.status_code < 500:
                raise LoginNeeded(
                    f"token endpoint: {reason(error.response)}", where="Schwab", remedy=LOGIN
                ) from error
            raise NotSent(
                f"token endpoint: {reason(error.response)}", where="Schwab", remedy="try again"
            ) from error
        except (httpx.HTTPError, ValueError) as error:
            raise NotSent(f"token endpoint: {_name(error)}", where="Schwab", remedy="try again") from error
        raise LoginNeeded("the token has no refresh token", where="Schwab", remedy=LOGIN)

    # hooks ---------------------------------------------------------------------------------------------

    def _note_date(self, response: Any) -> None:
        try:
            shown = parsedate_to_datetime(response.headers.get("Date", ""))
        except (TypeError, ValueError):
            return
        # the header has whole seconds: on average half a second has been cut off
        self.offset = shown.astimezone(UTC) + timedelta(seconds=0.5) - self.clock.now()


def reason(response: Any) -> str:
    """Return status and the broker's words, from whichever of its error shapes arrived; secrets masked."""
    text = str(response.status_code)
    try:
        value = json.loads(response.content)
    except ValueError:
        plain = re.sub(r"<[^>]*>|\s+", " ", response.text)
        return redact(f"{text} {' '.join(plain.split())[:120]}".strip())
    if isinstance(value, dict):
        words = [str(value[key]) for key in ("message", "error", "error_description") if value.get(key)]
        words += [_words(entry) for entry in value.get("errors") or [] if entry]
        text = f"{text} {'; '.join(words)}".strip()
    return redact(text[:300])


def _words(entry: Any) -> str:
    if isinstance(entry, dict):
        return str(entry.get("detail") or entry.get("title") or entry.get("message") or entry)
    return str(entry)


def _says_not_found(response: Any) -> bool:
    """Tell a 404 of the order service from one of a gateway or proxy in between."""
    try:
        value = json.loads(response.content)
    except ValueError:
        return False
    return isinstance(value, dict) and "message" in value


def _is_json(response: Any) -> bool:
    try:
        json.loads(response.content)
    except ValueError:
        return False
    return True


def _name(error: Exception) -> str:
    if isinstance(error, BrokerError):
        return error.problem
    return redact(f"{type(error).__name__} {error}".strip())


def _path(error: Exception) -> str | None:
    try:
        request = getattr(error, "request", None)
    except RuntimeError:  # httpx: no request was attached
        return None
    return request.url.path if request is not None else None
