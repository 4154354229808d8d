// Is all well, and what is there to do: review, edit, approve or skip today's file.
import type { Session } from "../api/session";
import { useToday } from "../api/views";
import { moment, money, percent, signedPercent, words } from "../ui/format";
import { Card, Empty, Notice, Shown, Table } from "../ui/parts";
import { FileReview } from "./review";

export function TodayPage({ session }: { session: Session }) {
  const today = useToday();
  return (
    <>
      <h1 className="sr-only">Today</h1>
      <Shown query={today}>
        {({ data }) => (
          <>
            {data.status.problems.map((problem) => (
              <Notice key={problem} mood="bad">
                {problem}
              </Notice>
            ))}
            {data.well && data.to_do.length === 0 && (
              <Notice mood="good">OK. All is well, nothing to do.</Notice>
            )}
            {data.to_do.length > 0 && (
              <Notice mood="warn">
                {data.well ? "All is well. " : ""}
                {data.to_do.length === 1 ? "One thing to do: " : `${data.to_do.length} things to do: `}
                {data.to_do.join("; ")}
              </Notice>
            )}
            {data.files.length === 0 && (
              <Card title="Today's file">
                <Empty>
                  No file yet. The first stage writes it: <code>python -m live.signal_generator</code>
                </Empty>
              </Card>
            )}
            {data.files.map((file) => (
              <FileReview key={file.variant} line={file} session={session} />
            ))}
            <Card title="Books">
              <Table
                label="Books"
                rows={data.status.books}
                rowKey={(book) => book.variant}
                columns={[
                  { name: "Variant", cell: (book) => <strong>{book.variant}</strong> },
                  { name: "Role", cell: (book) => book.role },
                  { name: "Last run", whole: true, cell: (book) => book.last_session ?? "never" },
                  { name: "Outcome", cell: (book) => words(book.last_outcome) },
                  { name: "Equity", number: true, cell: (book) => money(book.equity) },
                  { name: "Cash", number: true, cell: (book) => money(book.cash) },
                  { name: "Return", number: true, cell: (book) => signedPercent(book.cumulative_return) },
                  { name: "Drawdown", number: true, cell: (book) => percent(book.drawdown) },
                  { name: "Next window", whole: true, cell: (book) => moment(book.window_opens) },
                ]}
              />
            </Card>
            <p className="text-sm text-soft">
              {data.waiting_alerts === 0
                ? "Every alert was delivered."
                : `${data.waiting_alerts} alert(s) are not delivered yet.`}
            </p>
          </>
        )}
      </Shown>
    </>
  );
}
