// Long computations: backtests asked for, followed, compared, and scheduled.
import { useMutation, useQueries, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { Link } from "wouter";
import { api, type Envelope, taken, type Views } from "../api/client";
import type { Session } from "../api/session";
import { useJobs, useSchedules, useToday } from "../api/views";
import { Field } from "../ui/field";
import { hour, moment } from "../ui/format";
import { Badge, Button, Card, Empty, Notice, Refusal, Shown, Table } from "../ui/parts";
import { Progress, Select } from "../ui/select";
import { Compared, Growth, type Results } from "./results";
import { typed } from "./settings";

type Job = Views["Job"];
const MOODS = {
  queued: "plain",
  running: "warn",
  done: "good",
  failed: "bad",
  cancelled: "plain",
  interrupted: "warn",
} as const;
const MOST_COMPARED = 4;

export default function ResearchPage({ session }: { session: Session }) {
  const [chosen, setChosen] = useState<string[]>([]);
  const may = session.scopes.includes("jobs") && !session.read_only;
  const toggle = (ident: string) =>
    setChosen((known) =>
      known.includes(ident) ? known.filter((one) => one !== ident) : [...known, ident].slice(-MOST_COMPARED),
    );
  return (
    <>
      <h1 className="mb-3 text-xl font-bold">Research</h1>
      {may && <NewBacktest />}
      <Jobs may={may} chosen={chosen} onToggle={toggle} />
      {chosen.length > 0 && <Found idents={chosen} />}
      <Schedules may={may} />
    </>
  );
}

interface Asked {
  variant: string;
  start_date: string;
  end_date: string;
  initial_capital: string;
  commission: string;
  parameters: string;
}
const NOTHING: Asked = {
  variant: "",
  start_date: "",
  end_date: "",
  initial_capital: "",
  commission: "",
  parameters: "",
};

/** What the form says, as the API takes it; what was left empty is left out. */
export function request(asked: Asked) {
  const given = Object.entries(asked).flatMap(([name, text]) => {
    if (!text) return [];
    const words = name === "variant" || name.endsWith("_date");
    return [[name, words ? text : typed(text)]];
  });
  return Object.fromEntries(given) as { variant: string };
}

function NewBacktest() {
  const queries = useQueryClient();
  const today = useToday();
  const names = today.data?.data.status.books.map((book) => book.variant) ?? [];
  const [asked, setAsked] = useState<Asked>(NOTHING);
  const [times, setTimes] = useState("");
  const now = { ...asked, variant: asked.variant || names[0] || "" };
  const set = (name: keyof Asked) => (value: string) => setAsked((known) => ({ ...known, [name]: value }));
  const done = { onSettled: () => queries.invalidateQueries({ queryKey: ["jobs"] }) };
  const start = useMutation({
    mutationFn: () => taken(api.POST("/api/v1/backtest", { body: request(now) as never })),
    ...done,
  });
  const schedule = useMutation({
    mutationFn: () =>
      taken(
        api.POST("/api/v1/schedule/backtest", {
          body: { name: now.variant, request: request(now), cron_expression: times } as never,
        }),
      ),
    ...done,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    start.mutate();
  };
  return (
    <Card title="New backtest">
      <Refusal error={start.error ?? schedule.error} />
      <form onSubmit={submit} className="grid gap-x-4 sm:grid-cols-2 lg:grid-cols-3">
        <Select label="Variant" value={now.variant} options={names} onValue={set("variant")} />
        <Field label="From" type="date" value={asked.start_date} onValue={set("start_date")} />
        <Field label="To" type="date" value={asked.end_date} onValue={set("end_date")} />
        <Field
          label="Capital"
          inputMode="decimal"
          placeholder="as the settings say"
          value={asked.initial_capital}
          onValue={set("initial_capital")}
        />
        <Field
          label="Commission of an order"
          inputMode="decimal"
          placeholder="as the settings say"
          value={asked.commission}
          onValue={set("commission")}
        />
        <Field
          label="Other parameters"
          placeholder='{"sma_fast": 45}'
          value={asked.parameters}
          onValue={set("parameters")}
        />
        <div className="flex flex-wrap items-end gap-2 sm:col-span-2 lg:col-span-3">
          <Button type="submit" tone="accent" className="mb-3" disabled={start.isPending || !now.variant}>
            Start
          </Button>
          <div className="min-w-52 flex-1">
            <Field
              label="Or at these times (cron, New York)"
              placeholder="30 18 * * 1-5"
              value={times}
              onValue={setTimes}
            />
          </div>
          <Button
            className="mb-3"
            disabled={schedule.isPending || !times || !now.variant}
            onClick={() => schedule.mutate()}
          >
            Schedule
          </Button>
        </div>
      </form>
    </Card>
  );
}

function Jobs({
  may,
  chosen,
  onToggle,
}: {
  may: boolean;
  chosen: string[];
  onToggle: (ident: string) => void;
}) {
  const jobs = useJobs();
  const queries = useQueryClient();
  const done = { onSettled: () => queries.invalidateQueries({ queryKey: ["jobs"] }) };
  const end = useMutation({
    mutationFn: (job: Job) =>
      taken(api.DELETE("/api/v1/backtest/{ident}", { params: { path: { ident: job.id } } })),
    ...done,
  });
  const resume = useMutation({
    mutationFn: (job: Job) =>
      taken(api.POST("/api/v1/jobs/{ident}/resume", { params: { path: { ident: job.id } } })),
    ...done,
  });
  return (
    <Card title="Jobs">
      <Refusal error={end.error ?? resume.error} />
      <Shown query={jobs}>
        {({ data }) => (
          <>
            {data.quiet_until && (
              <Notice mood="warn">
                An execution window is near: no job begins before {hour(data.quiet_until)} New York.
              </Notice>
            )}
            {data.items.length === 0 ? (
              <Empty>
                No job yet. Start a backtest above; “jutsu jobs run-due” runs what waits where no page is
                open.
              </Empty>
            ) : (
              <Table
                label="Jobs"
                rows={data.items}
                rowKey={(job) => job.id}
                columns={[
                  {
                    name: "Show",
                    cell: (job) =>
                      job.kind === "backtest" &&
                      job.state === "done" && (
                        <input
                          type="checkbox"
                          aria-label={`Show ${job.id}`}
                          className="size-6"
                          checked={chosen.includes(job.id)}
                          onChange={() => onToggle(job.id)}
                        />
                      ),
                  },
                  { name: "Asked", whole: true, cell: (job) => moment(job.created_at) },
                  { name: "What", cell: (job) => `${job.kind} of ${String(job.request.variant)}` },
                  { name: "By", cell: (job) => job.schedule || job.actor },
                  { name: "State", cell: (job) => <Badge mood={MOODS[job.state]}>{job.state}</Badge> },
                  {
                    name: "Done",
                    cell: (job) => <Progress label={`Progress of ${job.id}`} done={job.progress} />,
                  },
                  { name: "Problem", cell: (job) => job.problem },
                  {
                    name: "",
                    cell: (job) =>
                      may &&
                      job.kind === "backtest" && (
                        <span className="flex gap-2">
                          {["failed", "cancelled", "interrupted"].includes(job.state) && (
                            <Button aria-label={`Resume ${job.id}`} onClick={() => resume.mutate(job)}>
                              Resume
                            </Button>
                          )}
                          <Button aria-label={`End ${job.id}`} onClick={() => end.mutate(job)}>
                            {job.state === "queued" || job.state === "running" ? "Cancel" : "Forget"}
                          </Button>
                        </span>
                      ),
                  },
                ]}
              />
            )}
          </>
        )}
      </Shown>
    </Card>
  );
}

function Found({ idents }: { idents: string[] }) {
  const jobs = useJobs();
  const queries = useQueries({
    queries: idents.map((ident) => ({
      queryKey: ["jobs", "results", ident],
      queryFn: () =>
        taken(api.GET("/api/v1/backtest/{ident}/results", { params: { path: { ident } } })) as Promise<
          Envelope<Results>
        >,
      staleTime: Number.POSITIVE_INFINITY,
    })),
  });
  const failed = queries.find((query) => query.error);
  const about = (ident: string) => jobs.data?.data.items.find((job) => job.id === ident);
  const named = idents.flatMap((ident, at) => {
    const results = queries[at]?.data?.data;
    const name = `${String(about(ident)?.request.variant ?? "")} ${ident.slice(-4)}`;
    return results ? [{ name, results }] : [];
  });
  if (failed) return <Refusal error={failed.error} />;
  if (named.length === 0) return <p className="py-6 text-center text-soft">Loading …</p>;
  const only = idents.length === 1 ? about(idents[0] ?? "") : undefined;
  const values = only?.request.parameters as Record<string, unknown> | undefined;
  return (
    <Card title="Results">
      <Growth named={named} benchmark />
      <div className="mt-4">
        <Compared label="Results" named={named} />
      </div>
      {named.flatMap((one) =>
        one.results.warnings.slice(0, 5).map((text) => (
          <Notice key={`${one.name} ${text}`} mood="warn">
            {one.name}: {text}
          </Notice>
        )),
      )}
      {only && values && Object.keys(values).length > 0 && (
        <Link
          className="inline-flex min-h-11 items-center underline"
          href={`/parameters?variant=${encodeURIComponent(String(only.request.variant))}&values=${encodeURIComponent(JSON.stringify(values))}`}
        >
          Use these parameters
        </Link>
      )}
    </Card>
  );
}

function Schedules({ may }: { may: boolean }) {
  const schedules = useSchedules();
  const queries = useQueryClient();
  const done = { onSettled: () => queries.invalidateQueries({ queryKey: ["jobs"] }) };
  const turn = useMutation({
    mutationFn: (one: Views["Schedule"]) =>
      taken(
        api.PATCH("/api/v1/schedule/{ident}", {
          params: { path: { ident: one.id } },
          body: { enabled: !one.enabled },
        }),
      ),
    ...done,
  });
  const remove = useMutation({
    mutationFn: (ident: string) =>
      taken(api.DELETE("/api/v1/schedule/{ident}", { params: { path: { ident } } })),
    ...done,
  });
  return (
    <Card title="Schedules">
      <Refusal error={turn.error ?? remove.error} />
      <Shown query={schedules}>
        {({ data }) =>
          data.length === 0 ? (
            <Empty>
              No schedule yet. Without an open page “jutsu jobs run-due” from cron runs what is due.
            </Empty>
          ) : (
            <Table
              label="Schedules"
              rows={data}
              rowKey={(one) => one.id}
              columns={[
                { name: "Name", cell: (one) => one.name },
                { name: "Times", cell: (one) => <code>{one.cron_expression}</code> },
                {
                  name: "Next",
                  cell: (one) => one.next_runs?.map((at) => moment(at)).join(", ") || "switched off",
                },
                {
                  name: "",
                  cell: (one) =>
                    may && (
                      <span className="flex gap-2">
                        <Button aria-label={`Switch ${one.name}`} onClick={() => turn.mutate(one)}>
                          {one.enabled ? "Switch off" : "Switch on"}
                        </Button>
                        <Button aria-label={`Remove ${one.name}`} onClick={() => remove.mutate(one.id)}>
                          Remove
                        </Button>
                      </span>
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
