# Every target depends on `setup`, so a fresh clone needs nothing but Python 3.11+ and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.runtime
STAMP := $(VENV)/.installed
LOCKS := requirements
# uv installs the same hashes several times as fast; pip is what every machine has
INSTALL := $(if $(shell command -v uv),uv pip install --quiet --python $(BIN)/python,\
  $(BIN)/python -m pip install --quiet --disable-pip-version-check) --no-deps

.PHONY: setup docs demo demo-research test long lint manifest figures bench faults simulate locks wheel sbom test-wheel web test-web bench-web clean
setup: $(STAMP)

# what trades, the demo included; the paper account needs no vendor's library
$(RUNTIME): $(LOCKS)/build.lock $(LOCKS)/runtime.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(INSTALL) --require-hashes -r $(LOCKS)/build.lock -r $(LOCKS)/runtime.lock
	$(INSTALL) --no-build-isolation -e . --config-settings editable_mode=compat
	$(BIN)/python -m compileall -q backtest live
	touch $(RUNTIME)

# everything: vendors, research, and what tests and linters need
$(STAMP): $(LOCKS)/dev.lock $(RUNTIME)
	$(INSTALL) --require-hashes -r $(LOCKS)/dev.lock
	touch $(STAMP)

demo: $(RUNTIME)
	$(BIN)/jutsu demo

# a module's tests stay together (its fixtures are made once), and what is compiled is kept for the next run; a
# worker more than two processors, since many tests wait for a clock, a lock or a program
unexport PYTHONDONTWRITEBYTECODE
test: setup
	$(BIN)/python -m pytest -n 3 --dist worksteal -q -m "not long and not browser" $(PYTEST_FLAGS)

# minutes instead of seconds: ten years of parity, two years of earnings candidates
long: setup
	$(BIN)/python -m pytest -n 2 -q -m long --timeout=1800

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# after a rule was changed and its references and parity hold: what a new project's manifest says of the code
manifest: setup
	$(BIN)/python -m tools.shipped_manifest

# Kills the executor at every fourth step of every scenario of the paper broker, at every step and request
# boundary of the Schwab and Alpaca imitations, and at 1,000 random points of each; prints both tables.
# Hours: stopped and started again it goes on (of the same code); SHARD=i/n runs one of n parts.
SHARD ?= 1/1
faults: setup
	mkdir -p out
	$(BIN)/python -m tests.support.paper_kills --every 4 --random 1000 --shard $(SHARD) --log out/paper_kills.log
	$(BIN)/python -m tests.support.http_kills --every 1 --random 1000 --shard $(SHARD) --log out/http_kills.log

# Lives through SESSIONS sessions of every seed with faults at any step; prints failing seeds with the smallest set of
# faults that still fails. RECORD=docs/proof.md adds the figures to that page.
SEEDS ?= 1..50
SESSIONS ?= 20
simulate: setup
	$(BIN)/python -m tests.simulation --seeds $(SEEDS) --sessions $(SESSIONS) $(if $(RECORD),--record $(RECORD))

# figures of the code beside their targets; the table of docs/architecture.md
figures: setup
	$(BIN)/python -m tools.figures --check

# a study on the demo market in under a minute, and its report; prices and results in out/demo-research
demo-research: setup
	$(BIN)/python -m tools.demo_research

bench: setup
	$(BIN)/python -m pytest benchmarks -q --benchmark-only -p no:xdist

# the locks anew; versions stay unless pyproject.toml excludes them (delete a lock to move everything). Needs uv.
COMPILE := uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
  --no-emit-index-url --no-emit-find-links --no-annotate --no-header
locks:
	$(COMPILE) --extra dev -o $(LOCKS)/dev.lock
	$(COMPILE) --extra full -c $(LOCKS)/dev.lock -o $(LOCKS)/full.lock
	$(COMPILE) -c $(LOCKS)/dev.lock -o $(LOCKS)/runtime.lock
	$(COMPILE) --extra release -c $(LOCKS)/dev.lock -o $(LOCKS)/release.lock
	$(COMPILE) --extra browser -c $(LOCKS)/dev.lock -o $(LOCKS)/browser.lock
	echo 'setuptools>=77' | $(subst pyproject.toml,-,$(COMPILE)) -c $(LOCKS)/dev.lock -o $(LOCKS)/build.lock

# dist/: the wheel, the same bytes from the same commit
wheel: setup
	rm -rf build dist
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(BIN)/python -m pip wheel --quiet --disable-pip-version-check \
	  --no-deps --no-build-isolation --wheel-dir dist .

# dist/sbom.json: every distribution of a full installation, hashes included
sbom: setup
	$(PYTHON) -m venv build/release
	build/release/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
	  -r $(LOCKS)/release.lock
	mkdir -p dist
	build/release/bin/cyclonedx-py requirements $(LOCKS)/full.lock --pyproject pyproject.toml --output-reproducible \
	  --output-format JSON --output-file dist/sbom.json

# the wheel in an empty folder, its dependencies from the package index: init, demo, ten sessions, weekly report
test-wheel: wheel
	$(BIN)/python -m tests.support.clean_install dist

# the page: its sources in web/ (React, TypeScript), its built files in live/web/static, which are committed
WEB := web/node_modules/.stamp
$(WEB): web/package-lock.json
	cd web && npm ci --no-audit --no-fund --silent
	touch $(WEB)

web: setup $(WEB)
	$(BIN)/python -m live.web.openapi > web/openapi.json
	cd web && npm run --silent types && npx biome ci . && npx tsc --noEmit && npx vite build --logLevel warn
	$(BIN)/python -m tools.web_assets --write

# the page in a real browser; needs Node 20.19 and Chromium, else it says what is missing and tests nothing.
# SCREENS=1 makes the pictures of docs/screens anew.
test-web: setup
	sh tools/test_web.sh $(BIN)

# load, push, idle cost and first load of the page beside their targets
bench-web: setup
	$(BIN)/python -m tools.bench_web

# out/site: the documentation, commands and settings from the code; a warning fails it
docs: setup
	$(BIN)/python -m mkdocs build --strict --quiet

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache
