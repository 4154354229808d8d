"""The error tree of the whole project: every leaf carries the exit code a person sees.

    JutsuError                 1  a bug, or a broken promise between modules
    ├── UsageError             2  bad command line, settings, strategy or signal file
    │   ├── SettingsError
    │   ├── ParameterError
    │   └── SignalFileError
    ├── KillSwitchOn           3
    ├── DisagreementError      4  ledger and broker differ
    ├── DataError              5  stale, missing, gapped; corporate action to review
    ├── BrokerError            6  broker or authentication failure
    │   ├── AuthenticationFailed
    │   ├── BrokerRefused         a definite no: nothing was accepted
    │   └── NotSent               the request provably never left: may be repeated in the window
    ├── LimitError             7  a safety limit stopped it
    └── UnresolvedError        8  an order's fate is unknown and a person must look
        └── BrokerUnknown         no or odd reply to an order: never retried, only looked up

"Refused" and "don't know" are different types on purpose: code that repeats a request must never see a
`BrokerUnknown`.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import ClassVar, Final

#: exit codes that no error has: ended with Ctrl-C; with SIGTERM; the reader of the output went away
INTERRUPTED: Final = 130
TERMINATED: Final = 143
READER_LEFT: Final = 141


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong with something a person wrote: where it is, what is wrong, what to do."""

    path: str
    problem: str
    remedy: str = ""

    def __str__(self) -> str:
        """Return one line: `path: problem (remedy)`."""
        tail = f" ({self.remedy})" if self.remedy else ""
        return f"{self.path}: {self.problem}{tail}"


class JutsuError(Exception):
    """Base of every error the project raises on purpose.

    Args:
        problem: one line saying what is wrong.
        where: the file, path, symbol or order concerned.
        remedy: what the person should do next.
        findings: every separate finding when a whole document was judged.
    """

    exit_code: ClassVar[int] = 1

    def __init__(
        self, problem: str, *, where: str = "", remedy: str = "", findings: Iterable[Finding] = ()
    ) -> None:
        self.problem = problem
        self.where = where
        self.remedy = remedy
        self.findings = tuple(findings)
        super().__init__(self.line())

    def line(self) -> str:
        """Return the one line a person sees; the remedy on a line of its own below a problem of several."""
        where = "".join(
            c if c.isprintable() else repr(c)[1:-1] for c in self.where
        )  # one line, whatever a name
        head = f"{where}: {self.problem}" if where else self.problem
        arrow = "\n→ " if "\n" in head else " → "
        return f"{head}{arrow}{self.remedy}" if self.remedy else head


def one_line(text: object) -> str:
    """Return a name with line breaks and other characters that cannot be printed as escapes."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in str(text))


def error_document(error: JutsuError) -> dict[str, object]:
    """Return an error as a program reads it: `{"error": {problem, where, remedy, exit_code, findings}}`."""
    return {
        "error": {
            "problem": error.problem,
            "where": error.where,
            "remedy": error.remedy,
            "exit_code": error.exit_code,
            "findings": [asdict(finding) for finding in error.findings],
        }
    }


class UsageError(JutsuError):
    """Bad command line, settings, strategy or signal file."""

    exit_code = 2


class SettingsError(UsageError):
    """The settings are wrong; `findings` lists everything at once."""


class ParameterError(UsageError):
    """A strategy parameter is unknown, out of range or contradicts another."""


class SignalFileError(UsageError):
    """The signal file must not be executed; `findings` carries JSON paths."""


#: of an OSError: full, over the quota, read-only, not ours
_UNWRITABLE: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM})


def unwritable(error: OSError) -> UsageError | None:
    """Return what a person can do about a disk that is full, read-only or not ours; None of other errors."""
    if error.errno not in _UNWRITABLE:
        return None
    problem = f"cannot be read or written: {error.strerror}"
    remedy = "free some space, or make the file and its folder ours, then run the same command again"
    return UsageError(problem, where=str(error.filename or "the disk"), remedy=remedy)


class Terminated(KeyboardInterrupt):
    """SIGTERM arrived (`systemctl stop`, a shutdown): everything that ends with Ctrl-C ends the same way."""


def exit_code_of(error: BaseException) -> int:
    """Return the exit code a program ends with because of an error; 1 for one that nobody expected."""
    if isinstance(error, KeyboardInterrupt):
        return TERMINATED if isinstance(error, Terminated) else INTERRUPTED
    known = unwritable(error) if isinstance(error, OSError) else error
    return known.exit_code if isinstance(known, JutsuError) else 1


class KillSwitchOn(JutsuError):  # noqa: N818 - named for what a person reads
    """A person turned everything off."""

    exit_code = 3


class DisagreementError(JutsuError):
    """Ledger and broker disagree."""

    exit_code = 4


class DataError(JutsuError):
    """Market data are stale, missing, gapped or look like a corporate action."""

    exit_code = 5


class CashJumpError(DisagreementError):
    """Cash moved, and no trade and no transaction explains it."""


class CorporateActionError(DataError):
    """Prices or quantities look like a split."""


class BrokerError(JutsuError):
    """The broker cannot be used."""

    exit_code = 6


class AuthenticationFailed(BrokerError):  # noqa: N818
    """The broker does not accept our credentials; a person must log in."""


class BrokerRefused(BrokerError):  # noqa: N818
    """The broker said no: the request had no effect and must not be repeated unchanged.

    `status` is the HTTP status it said so with, None when that is not known.
    """

    status: int | None = None


class NotSent(BrokerError):  # noqa: N818
    """The request provably never reached the broker, or it asked for a pause before taking anything.

    `retry_after` is the pause it asked for, in seconds.
    """

    retry_after: float | None = None


class LimitError(JutsuError):
    """A safety limit stopped the run."""

    exit_code = 7


class UnresolvedError(JutsuError):
    """The fate of an order is unknown; a person must look."""

    exit_code = 8


class BrokerUnknown(UnresolvedError):  # noqa: N818
    """An order request got no reply, or one that does not say whether it was accepted."""
