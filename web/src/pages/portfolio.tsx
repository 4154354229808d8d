import type { Session } from "../api/session";
import { usePortfolio } from "../api/views";
import { count, money, percent, signedMoney, signedPercent, words } from "../ui/format";
import { Badge, Card, Empty, Notice, Shown, Table } from "../ui/parts";
import { Commands } from "./commands";

export function PortfolioPage({ session }: { session: Session }) {
  const portfolio = usePortfolio();
  return (
    <>
      <h1 className="mb-3 text-xl font-bold">Portfolio</h1>
      <Shown query={portfolio}>
        {({ data }) => (
          <>
            {data.unprotected.map((name) => (
              <Notice key={name} mood="bad">
                {name} has no protective stop: run the executor
              </Notice>
            ))}
            {data.books.map((book) => (
              <Card
                key={book.variant}
                title={`${book.variant} (${book.role})`}
                aside={
                  <span className="text-sm text-soft">
                    equity {money(book.equity)} · cash {money(book.cash)}
                  </span>
                }
              >
                {book.positions.length === 0 ? (
                  <Empty>Nothing is held.</Empty>
                ) : (
                  <Table
                    label={`Positions of ${book.variant}`}
                    rows={book.positions}
                    rowKey={(held) => held.symbol}
                    columns={[
                      { name: "Symbol", cell: (held) => <strong>{held.symbol}</strong> },
                      { name: "Shares", number: true, cell: (held) => count(held.quantity) },
                      { name: "Since", whole: true, cell: (held) => held.entry_session ?? "" },
                      { name: "Paid", number: true, cell: (held) => money(held.entry_price) },
                      { name: "Last", number: true, cell: (held) => money(held.last_price) },
                      { name: "Profit", number: true, cell: (held) => signedMoney(held.profit) },
                      {
                        name: "Stop",
                        number: true,
                        cell: (held) =>
                          held.protected === false ? <Badge mood="bad">NAKED</Badge> : money(held.stop_price),
                      },
                      { name: "To stop", number: true, cell: (held) => signedPercent(held.to_stop, 1) },
                    ]}
                  />
                )}
                {book.weights.length > 0 && (
                  <div className="mt-4">
                    <h3 className="mb-2 text-sm font-medium text-soft">Weight against target</h3>
                    {book.weights.map((weight) => (
                      <WeightBar key={weight.symbol} {...weight} />
                    ))}
                  </div>
                )}
              </Card>
            ))}
            <Card title="Open orders">
              {data.open_orders.length === 0 ? (
                <Empty>No order is open.</Empty>
              ) : (
                <Table
                  label="Open orders"
                  rows={data.open_orders}
                  rowKey={(order) => order.client_order_id}
                  columns={[
                    {
                      name: "Order",
                      cell: (order) => <code className="text-xs">{order.client_order_id}</code>,
                    },
                    {
                      name: "What",
                      cell: (order) => `${order.side} ${order.symbol} (${words(order.intent)})`,
                    },
                    {
                      name: "Shares",
                      number: true,
                      cell: (order) => `${count(order.filled_quantity)} / ${count(order.quantity)}`,
                    },
                    { name: "Stop", number: true, cell: (order) => money(order.stop_price) },
                    { name: "State", cell: (order) => order.state },
                  ]}
                />
              )}
            </Card>
          </>
        )}
      </Shown>
      <Commands session={session} />
    </>
  );
}

function WeightBar({ symbol, held, target }: { symbol: string; held: number | null; target: number }) {
  const width = (fraction: number) => `${Math.min(100, Math.max(0, fraction * 100))}%`;
  return (
    <div className="mb-2 grid grid-cols-[4rem_1fr_9rem] items-center gap-2 text-sm">
      <span>{symbol}</span>
      <span className="relative h-4 rounded bg-raised" aria-hidden="true">
        <span className="absolute inset-y-0 left-0 rounded bg-accent" style={{ width: width(held ?? 0) }} />
        <span className="absolute inset-y-[-3px] w-0.5 bg-ink" style={{ left: width(target) }} />
      </span>
      <span className="num">
        {percent(held, 1)} of {percent(target, 1)}
      </span>
    </div>
  );
}
