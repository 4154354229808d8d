"""Why a source gave no bars.

    VendorError           6
    ├── RateLimited          more requests than it takes; `retry_after` seconds, None when it did not say
    ├── NotEntitled          the login or the plan does not reach that far
    ├── UnknownSymbol        it does not know the symbol
    ├── VendorDown           no usable answer in time
    └── VendorChanged        an answer that is not understood: never guessed

Another source may stand in after `RateLimited`, `NotEntitled` and `VendorDown` only.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from backtest.core.errors import AuthenticationFailed, BrokerError, BrokerRefused, DataError


class VendorError(BrokerError):
    """A source gave no bars."""


class RateLimited(VendorError):  # noqa: N818 - named for what a person reads
    """It takes no more requests for now."""

    retry_after: float | None = None


class NotEntitled(VendorError):  # noqa: N818
    """The login or the plan does not reach that far."""


class UnknownSymbol(VendorError):  # noqa: N818
    """It does not know the symbol."""


class VendorDown(VendorError):  # noqa: N818
    """No usable answer in time."""


class VendorChanged(VendorError):  # noqa: N818
    """An answer that is not understood."""


@contextmanager
def vendor_errors(symbol: str) -> Iterator[None]:
    """Turn the errors of a broker's connection and of its parsers into those of a source.

    Raises:
        VendorError: see above; the words of the vendor stay.
    """
    try:
        yield
    except VendorError:
        raise
    except AuthenticationFailed as error:
        raise NotEntitled(error.problem, where=error.where, remedy=error.remedy) from error
    except BrokerRefused as error:
        kind = NotEntitled if error.status in {401, 402, 403} else UnknownSymbol
        raise kind(error.problem, where=symbol, remedy="check the symbol and what your plan has") from error
    except BrokerError as error:
        raise VendorDown(error.problem, where=error.where, remedy="try again later") from error
    except DataError as error:
        raise VendorChanged(
            error.problem, where=symbol, remedy="nothing of it was stored; compare with another source"
        ) from error
