"""Errors of connections and parsers become those of a source, and only some let another stand in."""

import pytest

from backtest.core.errors import AuthenticationFailed, BrokerError, BrokerRefused, DataError, NotSent
from live.feeds.sources.errors import (
    NotEntitled,
    RateLimited,
    UnknownSymbol,
    VendorChanged,
    VendorDown,
    VendorError,
    vendor_errors,
)


def refused(status: int | None) -> BrokerRefused:
    error = BrokerRefused("no")
    error.status = status
    return error


@pytest.mark.parametrize(
    ("raised", "kind"),
    [
        (AuthenticationFailed("log in", remedy="jutsu auth login"), NotEntitled),
        (refused(401), NotEntitled),
        (refused(403), NotEntitled),
        (refused(400), UnknownSymbol),
        (refused(404), UnknownSymbol),
        (refused(None), UnknownSymbol),
        (NotSent("no connection"), VendorDown),
        (BrokerError("503"), VendorDown),
        (DataError("a bar is not understood"), VendorChanged),
        (RateLimited("25 a day"), RateLimited),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
def test_every_error_has_its_kind(raised: Exception, kind: type[VendorError]) -> None:
    with pytest.raises(VendorError) as caught, vendor_errors("QQQ"):
        raise raised
    assert type(caught.value) is kind
    assert caught.value.exit_code == 6
    assert caught.value.problem == str(getattr(raised, "problem", ""))


def test_a_bug_stays_a_bug() -> None:
    with pytest.raises(ZeroDivisionError), vendor_errors("QQQ"):
        raise ZeroDivisionError


def test_what_to_do_about_a_login_is_still_said() -> None:
    with pytest.raises(NotEntitled) as caught, vendor_errors("QQQ"):
        raise AuthenticationFailed("the token is dead", remedy="jutsu auth login")
    assert caught.value.remedy == "jutsu auth login"
