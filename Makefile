# Every target depends on `setup`, so a fresh clone needs nothing but Python 3.11+ and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: setup demo test long lint figures bench faults clean
setup: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e . \
	  --config-settings editable_mode=compat
	$(BIN)/python -m compileall -q backtest live
	touch $(STAMP)

demo: setup
	$(BIN)/jutsu demo

test: setup
	$(BIN)/python -m pytest -n 2 -q -m "not long" $(PYTEST_FLAGS)

# minutes instead of seconds: ten years of parity, two years of earnings candidates
long: setup
	$(BIN)/python -m pytest -n 2 -q -m long --timeout=1800

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Kills the executor at every fourth step of every scenario of the paper broker, at every step and request
# boundary of the Schwab and Alpaca imitations, and at 1,000 random points of each; prints both tables.
faults: setup
	$(BIN)/python -m tests.support.paper_kills --every 4 --random 1000
	$(BIN)/python -m tests.support.http_kills --every 1 --random 1000

# figures of the code beside their targets; the table of docs/architecture.md
figures: setup
	$(BIN)/python -m tools.figures --check

bench: setup
	$(BIN)/python -m pytest benchmarks -q --benchmark-only -p no:xdist

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache
