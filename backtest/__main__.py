"""Entry point of `python -m backtest`."""

import sys

from backtest.cli import main

if __name__ == "__main__":
    sys.exit(main())
