import { useAlerts, useAudit, useRuns } from "../api/views";
import { hour, local, moment, words } from "../ui/format";
import { Badge, Card, Empty, Shown, Table } from "../ui/parts";

const MOODS = { executed: "good", stopped: "bad", missed: "bad", waits: "warn", due: "plain" } as const;

export function RunsPage() {
  return (
    <>
      <h1 className="mb-3 text-xl font-bold">Runs</h1>
      <Sessions />
      <Alerts />
      <Actions />
    </>
  );
}

function Sessions() {
  const runs = useRuns();
  return (
    <Card title="Sessions">
      <Shown query={runs}>
        {({ data }) =>
          data.length === 0 ? (
            <Empty>
              Nothing ran by schedule yet. <code>jutsu schedule</code> prints the lines that start both
              stages.
            </Empty>
          ) : (
            <Table
              label="Sessions"
              rows={[...data].reverse()}
              rowKey={(run) => `${run.session} ${run.variant}`}
              columns={[
                { name: "Session", whole: true, cell: (run) => run.session },
                { name: "Variant", cell: (run) => run.variant },
                {
                  name: "Became",
                  cell: (run) => (
                    <Badge mood={MOODS[run.became as keyof typeof MOODS]}>
                      {words(run.outcome || run.became)}
                    </Badge>
                  ),
                },
                { name: "Generated", cell: (run) => hour(run.generated_at) },
                { name: "Approved", cell: (run) => hour(run.approved_at) },
                { name: "Executed", cell: (run) => hour(run.executed_at) },
                { name: "Why", cell: (run) => run.reason },
              ]}
            />
          )
        }
      </Shown>
    </Card>
  );
}

function Alerts() {
  const alerts = useAlerts();
  return (
    <Card title="Alerts">
      <Shown query={alerts}>
        {({ data }) =>
          data.items.length === 0 ? (
            <Empty>No alert yet. “jutsu alerts test” sends one.</Empty>
          ) : (
            <Table
              label="Alerts"
              rows={data.items}
              rowKey={(alert) => String(alert.id)}
              columns={[
                {
                  name: "When",
                  whole: true,
                  cell: (alert) => <span title={local(alert.created_at)}>{moment(alert.created_at)}</span>,
                },
                {
                  name: "Level",
                  cell: (alert) => (
                    <Badge
                      mood={alert.level === "critical" ? "bad" : alert.level === "warning" ? "warn" : "plain"}
                    >
                      {alert.level}
                    </Badge>
                  ),
                },
                {
                  name: "What",
                  cell: (alert) => (
                    <details>
                      <summary className="cursor-pointer">{alert.title}</summary>
                      <pre className="whitespace-pre-wrap text-xs">{alert.body}</pre>
                    </details>
                  ),
                },
                {
                  name: "Delivered",
                  cell: (alert) => (alert.sent_at ? moment(alert.sent_at) : alert.error || "waiting"),
                },
              ]}
            />
          )
        }
      </Shown>
    </Card>
  );
}

function Actions() {
  const audit = useAudit();
  return (
    <Card title="What people did">
      <Shown query={audit}>
        {({ data }) =>
          data.items.length === 0 ? (
            <Empty>Nobody did anything yet.</Empty>
          ) : (
            <Table
              label="What people did"
              rows={data.items}
              rowKey={(row) => `${row.at} ${row.action} ${row.subject}`}
              columns={[
                {
                  name: "When",
                  whole: true,
                  cell: (row) => <span title={local(row.at)}>{moment(row.at)}</span>,
                },
                {
                  name: "Who",
                  cell: (row) => `${row.actor} (${row.via}${row.address ? `, ${row.address}` : ""})`,
                },
                { name: "Action", cell: (row) => row.action },
                { name: "Subject", cell: (row) => <span className="break-all">{row.subject}</span> },
                { name: "Outcome", cell: (row) => row.outcome },
              ]}
            />
          )
        }
      </Shown>
    </Card>
  );
}
