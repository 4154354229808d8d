"""What can be wrong with the ledger itself. Exit code 8: without a ledger nobody may send an order."""

from __future__ import annotations

from backtest.core.errors import JutsuError, UsageError


class LedgerError(JutsuError):
    """The ledger cannot be used; a person must look."""

    exit_code = 8


class LedgerDamaged(LedgerError):  # noqa: N818 - named for what a person reads
    """The file is not an intact ledger. It is never overwritten."""


class LedgerUnavailable(LedgerError):  # noqa: N818
    """Locked, read-only, disk full: the ledger may be fine, but it cannot be written now."""


class LedgerMissing(UsageError):  # noqa: N818
    """A reading command found no ledger."""


class LedgerTooNew(UsageError):  # noqa: N818
    """A newer version of the program wrote the ledger."""


class NotALedger(UsageError):  # noqa: N818
    """A file of something else was named where a ledger is expected; it is left alone."""
