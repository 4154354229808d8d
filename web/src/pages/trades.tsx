import { useState } from "react";
import { ofAccount } from "../api/account";
import { useTrades } from "../api/views";
import { Field } from "../ui/field";
import { count, moment, money, percent, signedMoney, words } from "../ui/format";
import { Card, Empty, Shown, Table } from "../ui/parts";

export function TradesPage() {
  const [symbol, setSymbol] = useState("");
  const [variant, setVariant] = useState("");
  const trades = useTrades({
    ...(symbol && { symbol: symbol.toUpperCase() }),
    ...(variant && { variant }),
  });
  return (
    <>
      <h1 className="mb-3 text-xl font-bold">Trades</h1>
      <Card
        title="Executed"
        aside={
          <a className="underline" href={ofAccount("/api/v1/trades/export")} download="trades.csv">
            Export CSV
          </a>
        }
      >
        <div className="grid gap-3 sm:grid-cols-2">
          <Field label="Symbol" value={symbol} onValue={setSymbol} maxLength={16} />
          <Field label="Variant" value={variant} onValue={setVariant} maxLength={64} />
        </div>
        <Shown query={trades}>
          {({ data }) =>
            data.items.length === 0 ? (
              <Empty>No trade yet. The second stage makes them: python -m live.executor</Empty>
            ) : (
              <>
                <Table
                  label="Trades"
                  rows={data.items}
                  rowKey={(trade) => `${trade.at} ${trade.symbol} ${trade.broker_order_id}`}
                  columns={[
                    {
                      name: "Session",
                      whole: true,
                      cell: (trade) => <span title={moment(trade.at)}>{trade.session}</span>,
                    },
                    { name: "Variant", cell: (trade) => trade.variant },
                    { name: "Symbol", cell: (trade) => <strong>{trade.symbol}</strong> },
                    { name: "What", cell: (trade) => `${trade.action} (${words(trade.intent)})` },
                    { name: "Shares", number: true, cell: (trade) => count(trade.quantity) },
                    { name: "Price", number: true, cell: (trade) => money(trade.fill_price) },
                    {
                      name: "Slippage",
                      number: true,
                      cell: (trade) =>
                        percent(trade.judged_slippage_pct == null ? null : trade.judged_slippage_pct / 100),
                    },
                    { name: "Profit", number: true, cell: (trade) => signedMoney(trade.realised_pnl) },
                    { name: "Cell", number: true, cell: (trade) => trade.cell ?? "" },
                    {
                      name: "Regime",
                      cell: (trade) => [trade.trend_state, trade.vol_state].filter(Boolean).join(", "),
                    },
                  ]}
                />
                {data.next && (
                  <p className="mt-2 text-sm text-soft">Only the newest 500 are shown; the export has all.</p>
                )}
              </>
            )
          }
        </Shown>
      </Card>
    </>
  );
}
