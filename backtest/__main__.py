"""Entry point of `python -m backtest`."""

import sys

from backtest.cli.app import main

if __name__ == "__main__":
    sys.exit(main())
