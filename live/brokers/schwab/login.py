"""The one step a person must do every seven days: log in with a browser and paste the address it ends at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from backtest.core.errors import BrokerError
from live.brokers.schwab.connection import import_schwab, to_loopback
from live.brokers.schwab.token import Credentials, LoginNeeded, TokenStore
from live.system.clock import Clock
from live.system.redaction import redact, register_secret


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """What the person opens in a browser, and the state that must come back."""

    url: str
    state: str


def authorization_request(credentials: Credentials) -> AuthorizationRequest:
    """Return the address to open; no browser is started and nothing is sent."""
    context = import_schwab().get_auth_context(credentials.api_key, credentials.callback_url)
    return AuthorizationRequest(context.authorization_url, context.state)


def exchange_code(
    credentials: Credentials,
    request: AuthorizationRequest,
    pasted: str,
    token: TokenStore,
    clock: Clock,
    *,
    base_url: str | None = None,
) -> None:
    """Exchange the pasted address for a token and keep it (mode 0600, one owner, whole file or none).

    Raises:
        LoginNeeded: the address is not the one Schwab redirected to, or its code is too old (about 30 s).
        BrokerError: Schwab could not be reached, or another process uses the token file.
    """
    auth = import_schwab()
    import httpx
    from authlib.common.errors import AuthlibBaseError

    register_secret(pasted.strip())
    session = auth.OAuth2Client(credentials.api_key, redirect_uri=credentials.callback_url, timeout=20.0)
    if base_url is not None:
        to_loopback(session, base_url)
    lock = token.own()
    try:
        fresh = session.fetch_token(
            auth.TOKEN_ENDPOINT,
            authorization_response=pasted.strip(),
            client_id=credentials.api_key,
            auth=(credentials.api_key, credentials.app_secret),
            state=request.state,
        )
        token.write({"creation_timestamp": int(clock.now().timestamp()), "token": dict(fresh)})
    except AuthlibBaseError as error:
        raise LoginNeeded(
            f"the login was not accepted ({redact(str(error.error or error))})",
            where="Schwab",
            remedy="start again and paste the whole address within 30 seconds",
        ) from error
    except (httpx.HTTPError, ValueError) as error:
        raise BrokerError(
            f"the login could not be completed: {type(error).__name__}", where="Schwab", remedy="start again"
        ) from error
    finally:
        lock.release()
        session.close()


def login(
    credentials: Credentials,
    token: TokenStore,
    clock: Clock,
    *,
    show: Callable[[str], None],
    ask: Callable[[str], str],
    base_url: str | None = None,
) -> None:
    """Run the browserless flow: show the address, ask for the one the browser ended at, keep the token."""
    request = authorization_request(credentials)
    show("1. Open this address in a browser (on any machine) and log in to Schwab:\n")
    show(f"   {request.url}\n")
    show(f"2. The browser ends at {credentials.callback_url}… and may show an error: that is fine.")
    show("3. Copy the whole address from its address bar at once: the code in it lives about 30 seconds.")
    exchange_code(credentials, request, ask("Address"), token, clock, base_url=base_url)
