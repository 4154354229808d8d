"""`python -m tests.fakes.alpaca`: the imitation by hand."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path

from tests.fakes.alpaca.app import AlpacaApp
from tests.fakes.alpaca.harness import ENVIRON
from tests.fakes.clock import VirtualClock
from tests.fakes.demo import load_demo
from tests.fakes.web import Server


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m tests.fakes.alpaca", description=__doc__)
    parser.add_argument("--port", type=int, default=8788)
    parser.add_argument("--prices", type=Path, help="folder of SYMBOL.csv files of daily bars")
    parser.add_argument("--demo", action="store_true", help="the synthetic demo market")
    parser.add_argument("--at", help="virtual start, ISO 8601 (naive = UTC); default now")
    parser.add_argument("--cash", type=float, default=100_000.0)
    options = parser.parse_args()
    at = datetime.fromisoformat(options.at) if options.at else datetime.now(UTC)
    app = AlpacaApp(VirtualClock(at if at.tzinfo else at.replace(tzinfo=UTC)))
    app.book.cash = options.cash
    if options.prices:
        app.market.load_csv(options.prices)
    elif options.demo:
        load_demo(app.market)
    server = Server(app, options.port)
    print(f"imitation of Alpaca at {server.url}; point jutsu at it:")
    print(f"  export JUTSU_BROKER__ALPACA__BASE_URL={server.url}")
    for name, value in ENVIRON.items():
        print(f"  export {name}={value}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        print("stopped")


if __name__ == "__main__":
    main()
