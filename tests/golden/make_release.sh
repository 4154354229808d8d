#!/usr/bin/env bash
# make_release.sh CHECKOUT FOLDER: makes the two projects of a release folder with the programs of a checkout. The README of each
# folder says which version made what is kept there, so this is not part of any test.
set -euo pipefail
checkout=$(cd "$1" && pwd)
mkdir -p "$2" && here=$(cd "$2" && pwd)
work=/tmp/jutsu-release # signal_files.path records absolute paths: a neutral folder that is gone afterwards
python=$checkout/.venv/bin/python
jutsu=$checkout/.venv/bin/jutsu
export USER=trader LOGNAME=trader PYTHONDONTWRITEBYTECODE=1
rm -rf "$work"

generate() { "$python" -m live.signal_generator --as-of "$@"; }
execute() { "$python" -m live.executor --as-of "$@"; }
refused() { if "$@"; then echo "this must be refused: $*" && exit 1; fi; }

# golden with its shadow titan on the demo market
mkdir -p "$work/funds" && cp -r "$checkout/config" "$work/funds/config" && cd "$work/funds"
generate 2024-07-03
execute 2024-07-03 --paper-fault partial
"$jutsu" config set safety.slippage_warn_pct 0.2 --from 2024-07-05 --reason "closer look at fills"
generate 2024-07-05
execute 2024-07-05
"$jutsu" config set polling.retries 2 --reason "a try"
"$jutsu" config unset polling.retries --reason "not better"
generate 2024-07-08
"$jutsu" kill
refused execute 2024-07-08
"$jutsu" resume
execute 2024-07-08
generate 2024-07-09
file=signals/trade_signals_2024-07-09_golden.json
"$python" - "$file" <<'EDIT'
import json, pathlib, sys
path = pathlib.Path(sys.argv[1])
data = json.loads(path.read_text())
entry = next(order for order in data["orders"] if order["intent"] == "entry")
entry.update(quantity=entry["quantity"] - 100, note="a little less")
path.write_text(json.dumps(data, indent=2) + "\n")
EDIT
refused execute 2024-07-09
"$jutsu" approve "$file"
execute 2024-07-09

# earnings: three positions with their stops at the broker
mkdir -p "$work/earnings/config/strategies" "$work/earnings/reports" && cd "$work/earnings"
cp "$checkout/config/manifest.json" config/
cp "$checkout"/config/strategies/{ema_p10,nwl_p4}.yaml config/strategies/
cat > config/live.yaml <<'SETTINGS'
# every other setting has its default
books:
  - primary: ema_p10
    shadows: [nwl_p4]
    budget_pct: 100
    run: daily
SETTINGS
report() { printf '{"report_date": "%s", "candidates": [%s]}\n' "$1" "$2" > "reports/earnings_trade_candidates_$1.json"; }
candidate() { printf '{"ticker": "%s", "grade": "%s", "score": %s, "price": %s, "gap_size": %s, "company_name": "%s Demo Inc"}' "$1" "$2" "$3" "$4" "$5" "$1"; }
report 2024-07-03 "$(candidate HALO B 75.0 97.65 9.26), $(candidate UMBR C 61.8 115.33 4.09)"
report 2024-07-10 "$(candidate PIKE B 83.2 272.62 7.08)"
for day in 2024-07-03 2024-07-05 2024-07-09 2024-07-10; do # one session is missed
  found=reports/earnings_trade_candidates_$day.json
  if [ -e "$found" ]; then generate "$day" --report-file "$found"; else generate "$day"; fi
  execute "$day"
done

for project in funds earnings; do (cd "$work/$project" && "$jutsu" export --output trades.csv); done

# what is kept: no logs, locks and backups; each database in one small file
rm -rf "$work"/*/logs "$work"/*/state/backups "$work"/*/state/*.lock "$work"/*/state/*.owner.json
"$python" - "$work"/*/state/*.db <<'SMALL'
import sqlite3, sys
for name in sys.argv[1:]:
    connection = sqlite3.connect(name, isolation_level=None)
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.execute("PRAGMA page_size = 1024")
    connection.execute("VACUUM")
    connection.close()
SMALL
rm -rf "$here/funds" "$here/earnings"
cp -r "$work/funds" "$work/earnings" "$here/"
chmod -R u+rwX,go+rX "$here/funds" "$here/earnings"
rm -rf "$work"
