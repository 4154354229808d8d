import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ofAccount } from "../api/account";
import { api, taken } from "../api/client";
import type { Session } from "../api/session";
import { streamed } from "../api/stream";
import { useAlerts, useAudit, useLogs, useReports, useRuns } from "../api/views";
import { Field } from "../ui/field";
import { hour, local, moment, words } from "../ui/format";
import { Badge, Button, Card, Empty, Refusal, Shown, Table } from "../ui/parts";
import { Select } from "../ui/select";

const MOODS = { executed: "good", stopped: "bad", missed: "bad", waits: "warn", due: "plain" } as const;

export function RunsPage({ session }: { session: Session }) {
  return (
    <>
      <h1 className="mb-3 text-xl font-bold">Runs</h1>
      <Sessions />
      <Alerts session={session} />
      <Reports />
      <Logs />
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

function Reports() {
  const reports = useReports();
  return (
    <Card title="Reports">
      <Shown query={reports}>
        {({ data }) =>
          data.length === 0 ? (
            <Empty>No report yet. “jutsu report weekly” writes one; a run writes its own.</Empty>
          ) : (
            <ul className="columns-1 text-sm sm:columns-2">
              {data
                .filter((report) => report.name.endsWith(".txt"))
                .map((report) => (
                  <li key={report.name}>
                    <a
                      className="inline-flex min-h-8 items-center underline"
                      href={ofAccount(`/api/v1/reports/${report.name}`)}
                      target="_blank"
                      rel="noreferrer"
                    >
                      {report.name}
                    </a>
                  </li>
                ))}
            </ul>
          )
        }
      </Shown>
    </Card>
  );
}

const LEVELS = ["DEBUG", "INFO", "WARNING", "ERROR"];

function Logs() {
  const [grep, setGrep] = useState("");
  const [level, setLevel] = useState("WARNING");
  const logs = useLogs(level, grep);
  return (
    <Card title="Logs of the last two days">
      <div className="grid gap-x-4 sm:grid-cols-2">
        <Select label="From this level on" value={level} options={LEVELS} onValue={setLevel} />
        <Field label="Text it holds" value={grep} maxLength={200} onValue={setGrep} />
      </div>
      <Shown query={logs}>
        {({ data }) =>
          data.length === 0 ? (
            <Empty>Nothing was written. “jutsu logs --since 30d” looks further back.</Empty>
          ) : (
            <Table
              label="Logs"
              rows={[...data].reverse()}
              rowKey={(entry) => `${entry.at} ${entry.stage} ${entry.text}`}
              columns={[
                { name: "When", whole: true, cell: (entry) => moment(entry.at) },
                { name: "Program", cell: (entry) => entry.stage },
                { name: "Level", cell: (entry) => entry.level },
                {
                  name: "Text",
                  cell: (entry) => <span className="break-words whitespace-pre-wrap">{entry.text}</span>,
                },
              ]}
            />
          )
        }
      </Shown>
    </Card>
  );
}

function Alerts({ session }: { session: Session }) {
  const alerts = useAlerts();
  const queries = useQueryClient();
  const [said, setSaid] = useState("");
  const may = session.scopes.includes("control") && !session.read_only;
  const done = { onSettled: () => queries.invalidateQueries() };
  const ack = useMutation({
    mutationFn: (number: number) =>
      taken(api.POST("/api/v1/alerts/{number}/ack", { params: { path: { number } } })),
    ...done,
  });
  const test = useMutation({ mutationFn: () => streamed("/api/v1/alerts/test", {}, setSaid), ...done });
  return (
    <Card title="Alerts">
      <Refusal error={ack.error ?? test.error} />
      {may && (
        <Button className="mb-3" disabled={test.isPending} onClick={() => test.mutate()}>
          Send a test to every channel
        </Button>
      )}
      {said && <pre className="mb-3 whitespace-pre-wrap rounded-lg bg-raised p-3 text-sm">{said}</pre>}
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
                {
                  name: "",
                  cell: (alert) =>
                    may &&
                    alert.level === "critical" &&
                    !alert.acknowledged_at && (
                      <Button aria-label={`Acknowledge ${alert.title}`} onClick={() => ack.mutate(alert.id)}>
                        I know
                      </Button>
                    ),
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
