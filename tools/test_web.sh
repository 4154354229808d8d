#!/bin/sh
# Lint, types, unit tests and browser tests of the page. $1: the folder of the environment's programs.
set -eu
bin=$1
if ! command -v node >/dev/null || ! node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)'; then
  echo "test-web: skipped, Node 20.19 or newer is not here (the built files are held by their digest in make test)"
  exit 0
fi
make --no-print-directory web/node_modules/.stamp
types=$(mktemp)
(cd web && npx openapi-typescript openapi.json -o "$types" >/dev/null)
cmp -s "$types" web/src/api/schema.d.ts || { echo "the typed client is stale: run make web"; exit 1; }
rm -f "$types"
(cd web && npx biome ci . && npx tsc --noEmit && npx vitest run --coverage)
built=$(mktemp -d)
trap 'rm -rf "$built"' EXIT
(cd web && npx vite build --logLevel warn --outDir "$built" --emptyOutDir)
diff -r -x sources.sha256 "$built" live/web/static || { echo "web assets are stale: run make web"; exit 1; }
if ! command -v chromium >/dev/null; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    (apt-get update -qq && apt-get install -y -qq chromium) >/dev/null 2>&1 || true
  fi
fi
if ! command -v chromium >/dev/null; then
  echo "test-web: browser tests skipped, chromium is not here"
  exit 0
fi
"$bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/browser.lock
"$bin/python" -m pytest -q -m "browser or long" tests/web
