"""Which variants run, in which role, with which parameters, and what each of them owns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backtest.core.decision import Book, OpenPosition
from backtest.core.errors import BrokerError, SettingsError
from backtest.strategies.base import Strategy
from backtest.strategies.registry import find_strategy
from live.model.order_ids import with_account
from live.model.run import Role
from live.settings.model import BookSettings, Settings

if TYPE_CHECKING:
    from decimal import Decimal

    from live.ledger.tables import PositionRow
    from live.model.broker import Account
    from live.reconciliation.model import Reconciliation
    from live.runtime.runtime import RunContext


@dataclass(frozen=True, slots=True)
class BookVariant:
    """One variant of this run.

    Attributes:
        strategy: rules with parameters (overrides applied).
        role: primary or shadow.
        follows: variant of the primary whose equity a new shadow starts with (itself for a primary).
        budget_pct: share of the account a primary may use, percent.
        sources: parameter -> where its non-default value came from.
        id_prefix: what its client order ids begin with, empty when they carry no variant (see `id_prefix`).
    """

    strategy: Strategy
    role: Role
    follows: str
    budget_pct: float = 100.0
    sources: Mapping[str, str] = field(default_factory=dict)
    id_prefix: str = ""

    @property
    def name(self) -> str:
        """The name of the variant, as the ledger and the files keep it."""
        return self.strategy.variant


@dataclass(frozen=True, slots=True)
class Group:
    """A primary with its shadows; `primary` is None when only an unlisted shadow file was asked for."""

    primary: BookVariant | None
    shadows: tuple[BookVariant, ...]

    @property
    def variants(self) -> tuple[BookVariant, ...]:
        """Every variant of the group, the primary first."""
        return (() if self.primary is None else (self.primary,)) + self.shadows


Overrides = Mapping[str, Mapping[str, tuple[Any, str]]]


def groups(
    settings: Settings,
    directory: Path,
    selection: Sequence[str] = (),
    *,
    overrides: Overrides | None = None,
    execution_time: str | None = None,
    everything: bool = False,
) -> tuple[Group, ...]:
    """Return the groups to run: all daily books, or the selected variants or files.

    `everything` adds the books that only run on request.

    A selected primary brings its shadows; a listed shadow runs alone; an unlisted file is a shadow.
    """
    _no_conflicts(settings, directory)

    def built(name: str, role: Role, follows: str, budget: float = 100.0) -> BookVariant:
        made = _build(name, role, follows, budget, directory, overrides or {}, execution_time)
        if role == "primary":
            return replace(made, id_prefix=id_prefix(settings, directory, made.name))
        carried = (
            with_account(settings.account, made.name) if settings.account or _several_daily(settings) else ""
        )
        return replace(made, id_prefix=carried)  # never sent

    def group(book: BookSettings, source: str | None = None) -> Group:
        primary = built(source or book.primary, "primary", book.primary, book.budget_pct)
        return Group(primary, tuple(built(s, "shadow", primary.name) for s in book.shadows))

    if not selection:
        return _unique(tuple(group(book) for book in settings.books if everything or book.run == "daily"))
    chosen: list[Group] = []
    for name in selection:
        variant = find_strategy(name, directory).variant
        book = next((b for b in settings.books if b.primary == variant), None)
        if book is not None:
            chosen.append(group(book, name))
            continue
        home = next((b.primary for b in settings.books if variant in b.shadows), variant)
        chosen.append(Group(None, (built(name, "shadow", home),)))
    return _unique(tuple(chosen))


def _build(
    name: str,
    role: Role,
    follows: str,
    budget: float,
    directory: Path,
    overrides: Overrides,
    execution_time: str | None,
) -> BookVariant:
    strategy = find_strategy(name, directory)
    sources = dict.fromkeys(strategy.overridden, "strategy file")
    changes: dict[str, Any] = {}
    for key, (value, source) in overrides.get(strategy.variant, {}).items():
        changes[key], sources[key] = value, source
    if execution_time is not None:
        changes["execution_time"], sources["execution_time"] = execution_time, "flag"
    if changes:
        strategy = strategy.with_parameters(changes)
    return BookVariant(strategy, role, follows, budget, dict(sorted(sources.items())))


def _unique(found: tuple[Group, ...]) -> tuple[Group, ...]:
    names = [variant.name for g in found for variant in g.variants]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise SettingsError(
            f"variant {', '.join(doubled)} appears more than once",
            where="books",
            remedy="give every variant its own name and list it once",
        )
    return found


def taken_elsewhere(context: RunContext, variant: BookVariant, agreed: Reconciliation) -> dict[str, str]:
    """Return symbol -> who has it on this account, for everything a variant must leave alone.

    Shares of one symbol in two hands could not be told apart at the broker: what other books hold or may
    trade, and what nobody here owns.
    """
    outside = {found.symbol: "outside" for found in agreed.lines if found.kind == "foreign"}
    return outside | taken_by_books(context, variant)


def taken_by_books(context: RunContext, variant: BookVariant) -> dict[str, str]:
    """Return symbol -> the other book that holds it or may trade it."""
    taken: dict[str, str] = {}
    for book in context.settings.books:
        if book.primary != variant.name:
            taken |= dict.fromkeys(_tradable(book.primary, context.strategies), book.primary)
    for row in context.ledger.positions.open_positions():
        if row.variant != variant.name:
            taken[row.symbol] = row.variant
    return taken


def id_prefix(settings: Settings, directory: Path, variant: str) -> str:
    """Return what client order ids of a primary begin with: its variant, or nothing.

    Ids carry the variant when several books trade daily, or when another book of any kind could make the same
    id: both may trade the same symbol. Two books of single stocks always may. Of several accounts each puts
    its name before the variant.
    """
    if settings.account:
        return with_account(settings.account, variant)
    others = [book.primary for book in settings.books if book.primary != variant]
    shared = _several_daily(settings) or any(_may_share(variant, other, directory) for other in others)
    return variant if shared else ""


def _several_daily(settings: Settings) -> bool:
    return sum(book.run == "daily" for book in settings.books) > 1


def _may_share(one: str, other: str, directory: Path) -> bool:
    """Whether two variants could trade one symbol; a book of single stocks leaves declared ones alone."""
    first, second = _tradable(one, directory), _tradable(other, directory)
    return bool(set(first) & set(second)) or not (first or second)


@lru_cache(maxsize=32)
def _tradable(name: str, directory: Path) -> tuple[str, ...]:
    return find_strategy(name, directory).tradable_symbols


def _no_conflicts(settings: Settings, directory: Path) -> None:
    """Refuse daily books that would trade the same symbol on one account (exit 2)."""
    daily = [book.primary for book in settings.books if book.run == "daily"]
    owners: dict[str, str] = {}
    for name in daily if len(daily) > 1 else ():
        for symbol in _tradable(name, directory):
            other = owners.setdefault(symbol, name)
            if other != name:
                raise SettingsError(
                    f"{other} and {name} would both trade {symbol} on one account",
                    where="books",
                    remedy="their shares could not be told apart: make one of them a shadow",
                )


def primary_book(
    rows: Iterable[PositionRow], account: Account, budget_pct: float, prices: Mapping[str, float]
) -> Book:
    """Return what a primary owns: its open positions and the cash its budget leaves (settled point 1).

    Raises:
        BrokerError: the broker gave no figure that is needed; taken as zero it would make the book sell.
    """
    positions = {row.symbol: OpenPosition.of(row) for row in rows}
    cash = _given(account, "cash", account.cash)
    if budget_pct < 100:
        owned = sum(p.quantity * prices.get(p.symbol, p.entry_price) for p in positions.values())
        cash = min(cash, max(0.0, _given(account, "equity", account.equity) * budget_pct / 100 - owned))
    return Book(cash=cash, positions=positions)


def _given(account: Account, name: str, figure: Decimal | None) -> float:
    if figure is None:
        raise BrokerError(
            f"the broker gave no {name}",
            where=account.reference,
            remedy="nothing was decided; run again when the account can be read",
        )
    return float(figure)
