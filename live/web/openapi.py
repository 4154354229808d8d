"""`python -m live.web.openapi` prints the description of the API; the typed client of the page follows it."""

from __future__ import annotations

import json
import sys

from live.web.app import described_app
from live.web.document import describe


def main() -> None:
    """Print the description."""
    sys.stdout.write(json.dumps(describe(described_app()), indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
