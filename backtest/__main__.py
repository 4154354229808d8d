"""Entry point of `python -m backtest`."""

import sys

if __name__ == "__main__":
    try:
        from backtest.cli.app import main
    except KeyboardInterrupt:  # Ctrl-C while the libraries load: nothing was begun
        sys.stderr.write("backtest: interrupted\n")
        sys.exit(130)
    sys.exit(main())
