// What lies between a book and the backtest of its sessions, cause by cause.
import type { Views } from "../api/client";
import { useDrift } from "../api/views";
import { decimal, money, percent, signedMoney, words } from "../ui/format";
import { Badge, Card, Figure, Notice, Shown } from "../ui/parts";

type Book = Views["BookDrift"];

export function Drift() {
  const drift = useDrift();
  return (
    <Shown query={drift}>
      {({ data }) => (
        <>
          {data.books.map((book) => (
            <OfBook key={book.variant} book={book} />
          ))}
          {data.not_measured.length > 0 && (
            <Card title="Against the backtest">
              {data.not_measured.map((one) => (
                <p key={one.variant} className="text-soft">
                  {one.variant} is not measured: {one.why}
                </p>
              ))}
            </Card>
          )}
        </>
      )}
    </Shown>
  );
}

function OfBook({ book }: { book: Book }) {
  return (
    <Card
      title={`${book.variant} against its backtest`}
      aside={
        <span className="text-sm text-soft">
          {book.first} to {book.last}, {book.sessions} sessions
        </span>
      }
    >
      {book.unexplained_is_large && (
        <Notice mood="bad">
          More than 5 bps a month is unexplained: run <code>jutsu reconcile</code>, then look at trades by
          hand, splits and cash movements.
        </Notice>
      )}
      <div className="mb-4 flex flex-wrap gap-2">
        <Figure name="Live" value={money(book.live)} />
        <Figure name="Backtest" value={money(book.backtest)} />
        <Figure name="Gap" value={`${signedMoney(book.gap)} (${decimal(book.gap_bps, 1)} bps)`} />
        <Figure name="Decisions equal" value={`${book.decisions_equal} of ${book.decisions_compared}`} />
        <Figure name="Tracking error" value={percent(book.tracking_error)} />
      </div>
      <Causes book={book} />
      <ul className="mt-3 text-sm">
        {book.differences.map((one) => (
          <li key={one.session}>
            <Badge mood="warn">differs</Badge> {one.session}: {one.text}
          </li>
        ))}
        {(book.notes ?? []).map((note) => (
          <li key={note} className="text-soft">
            {note}
          </li>
        ))}
      </ul>
    </Card>
  );
}

/** Every cause with a bar to the side it pulls to; they add up to the gap. */
function Causes({ book }: { book: Book }) {
  const rows = [
    ...book.causes.map((cause) => ({ name: words(cause.name), amount: cause.amount })),
    { name: "unexplained", amount: book.unexplained },
  ];
  const most = Math.max(...rows.map((row) => Math.abs(row.amount)), 0.01);
  return (
    <table className="w-full text-sm">
      <caption className="mb-1 text-left text-soft">What each cause added to the account</caption>
      <tbody>
        {rows.map((row) => (
          <tr key={row.name}>
            <th scope="row" className="w-40 py-1 text-left font-normal">
              {row.name}
            </th>
            <td aria-hidden="true" className="hidden sm:table-cell">
              <Pull part={row.amount / most} />
            </td>
            <td className="num w-32">{row.amount === 0 ? "0" : signedMoney(row.amount)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Pull({ part }: { part: number }) {
  const width = `${Math.abs(part) * 50}%`;
  return (
    <div className="relative h-3">
      <div className="absolute inset-y-0 left-1/2 w-px bg-line" />
      <div
        className={`absolute inset-y-0 rounded-sm ${part < 0 ? "bg-bad" : "bg-accent"}`}
        style={part < 0 ? { right: "50%", width } : { left: "50%", width }}
      />
    </div>
  );
}
