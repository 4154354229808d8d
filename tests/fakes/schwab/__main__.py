"""`python -m tests.fakes.schwab`: the imitation by hand, for rehearsals in online_live mode."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path

from tests.fakes.clock import VirtualClock
from tests.fakes.demo import load_demo
from tests.fakes.schwab.app import SchwabApp
from tests.fakes.schwab.harness import ENVIRON, write_private
from tests.fakes.web import Server


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m tests.fakes.schwab", description=__doc__)
    parser.add_argument("--port", type=int, default=8787)
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        "--prices", type=Path, help="folder of SYMBOL.csv files: date,open,high,low,close,volume"
    )
    source.add_argument("--demo", action="store_true", help="the synthetic demo market")
    parser.add_argument("--stocks", default="", help="with --demo: made-up histories of these too, A,B,C")
    parser.add_argument("--at", help="virtual start, ISO 8601 (naive = UTC); default now")
    parser.add_argument("--frozen", action="store_true", help="the virtual clock stands still until told")
    parser.add_argument("--cash", type=float, default=100_000.0)
    parser.add_argument("--account-type", choices=["CASH", "MARGIN"], default="MARGIN")
    parser.add_argument("--write-token", type=Path, help="write a freshly logged-in token file here")
    options = parser.parse_args()

    app = SchwabApp(VirtualClock(_instant(options.at), frozen=options.frozen))
    app.account.cash, app.account.kind = options.cash, options.account_type
    if options.prices:
        app.market.load_csv(options.prices)
    elif options.demo:
        load_demo(app.market, [s for s in options.stocks.split(",") if s])
    if options.write_token:
        write_private(options.write_token, app.tokens.login())
    server = Server(app, options.port)
    _explain(server.url, app, options.write_token)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        print("stopped")


def _instant(text: str | None) -> datetime:
    if text is None:
        return datetime.now(UTC)
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _explain(url: str, app: SchwabApp, token: Path | None) -> None:
    print(f"imitation of Schwab at {url}, virtual time {app.clock.now().isoformat(timespec='seconds')}")
    print("point jutsu at it:")
    print(f"  export JUTSU_BROKER__SCHWAB__BASE_URL={url}")
    print(f"  export JUTSU_BROKER__SCHWAB__ACCOUNT_LAST4={app.account.number[-4:]}")
    if token:
        print(f"  export JUTSU_BROKER__SCHWAB__TOKEN_FILE={token}")
    else:
        print("  (start with --write-token PATH to get a token file)")
    for name, value in ENVIRON.items():
        print(f"  export {name}={value}")
    print(
        f"steer it: curl {url}/__control__/state | prices | clock | faults | scripts | account | log",
        flush=True,
    )


if __name__ == "__main__":
    main()
