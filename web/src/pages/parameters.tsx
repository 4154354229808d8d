// The parameters of a variant: changed only after a backtest of exactly these values.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, taken, type Views } from "../api/client";
import type { Session } from "../api/session";
import { useParameters, usePreview, useToday } from "../api/views";
import { Field } from "../ui/field";
import { percent } from "../ui/format";
import { Badge, Button, Card, Empty, Notice, Refusal, Shown, Table } from "../ui/parts";
import { Prove, useGrave } from "../ui/prove";
import { Progress, Select } from "../ui/select";
import { Compared, Growth } from "./results";
import { typed } from "./settings";

type Row = Views["ParameterRow"];
type Values = Record<string, unknown>;

export default function ParametersPage({ session }: { session: Session }) {
  const today = useToday();
  const asked = new URLSearchParams(location.search);
  const [variant, setVariant] = useState<string | null>(asked.get("variant"));
  const names = today.data?.data.status.books.map((book) => book.variant) ?? [];
  const shown = variant ?? names[0];
  return (
    <>
      <h1 className="mb-3 text-xl font-bold">Parameters</h1>
      {names.length > 1 && (
        <Select label="Variant" value={shown ?? ""} options={names} onValue={setVariant} />
      )}
      {shown && <Editor key={shown} variant={shown} proposed={asked.get("values")} session={session} />}
    </>
  );
}

/** Values of the address, which another page proposes; what is no object proposes nothing. */
export function proposedValues(text: string | null): Values {
  if (!text) return {};
  const found = typed(text);
  return typeof found === "object" && found !== null && !Array.isArray(found) ? (found as Values) : {};
}

function Editor({
  variant,
  proposed,
  session,
}: {
  variant: string;
  proposed: string | null;
  session: Session;
}) {
  const parameters = useParameters(variant);
  const [values, setValues] = useState<Values>(() => proposedValues(proposed));
  const [preview, setPreview] = useState<string | null>(null);
  const may = session.scopes.includes("settings") && !session.read_only;
  const change = (row: Row, value: unknown) => {
    setPreview(null);
    setValues(({ [row.name]: _, ...others }) =>
      value === row.value ? others : { ...others, [row.name]: value },
    );
  };
  return (
    <Shown query={parameters}>
      {({ data }) => (
        <>
          {!data.frozen && (
            <Notice mood="warn">
              {variant} is not in the manifest: “jutsu config freeze” keeps what was tested.
            </Notice>
          )}
          {data.unusual.map((finding) => (
            <Notice key={finding.path} mood="warn">
              {finding.path}: {finding.problem} ({finding.remedy})
            </Notice>
          ))}
          <Card
            title={`${variant}: ${data.rows.length} parameters`}
            aside={<span className="text-sm text-soft">{data.strategy}</span>}
          >
            <Judgement variant={variant} values={values} may={may} />
            <Table
              label="Parameters"
              rows={data.rows}
              rowKey={(row) => row.name}
              columns={[
                { name: "Name", cell: (row) => <code>{row.name}</code> },
                {
                  name: "Value",
                  cell: (row) =>
                    may && data.previewed ? (
                      <Input
                        row={row}
                        value={row.name in values ? values[row.name] : row.value}
                        onValue={(value) => change(row, value)}
                      />
                    ) : (
                      <code>{JSON.stringify(row.value)}</code>
                    ),
                },
                {
                  name: "",
                  cell: (row) => row.name in values && <Badge mood="warn">changed</Badge>,
                },
                { name: "Valid", cell: (row) => row.range },
                { name: "Default", cell: (row) => <code>{JSON.stringify(row.default)}</code> },
                { name: "Frozen", cell: (row) => <code>{JSON.stringify(row.frozen)}</code> },
                { name: "Source", cell: (row) => row.source },
              ]}
            />
          </Card>
          {may && data.previewed && (
            <Change
              variant={variant}
              values={values}
              rows={data.rows}
              preview={preview}
              session={session}
              onPreview={setPreview}
              onSaved={() => {
                setValues({});
                setPreview(null);
              }}
            />
          )}
          {!data.previewed && (
            <Card>
              <Empty>
                This strategy trades a list of candidates, so it cannot be tried here:{" "}
                <code>python -m backtest portfolio</code>, then <code>jutsu config freeze --set</code>.
              </Empty>
            </Card>
          )}
        </>
      )}
    </Shown>
  );
}

function Input({ row, value, onValue }: { row: Row; value: unknown; onValue: (value: unknown) => void }) {
  const [text, setText] = useState(() => JSON.stringify(value));
  const look = "min-h-11 w-36 rounded-lg border border-line bg-ground px-2";
  if (row.kind === "flag" || row.kind === "choice") {
    const options = row.kind === "flag" ? ["true", "false"] : (row.choices ?? []);
    const shown = row.kind === "flag" ? String(value) : String(value ?? "");
    return (
      <select
        aria-label={row.name}
        className={look}
        value={shown}
        onChange={(event) =>
          onValue(row.kind === "flag" ? event.target.value === "true" : event.target.value)
        }
      >
        {options.map((option) => (
          <option key={option}>{option}</option>
        ))}
      </select>
    );
  }
  return (
    <input
      aria-label={row.name}
      className={look}
      value={row.kind === "text" ? String(value ?? "") : text}
      inputMode={row.kind === "text" ? "text" : "decimal"}
      onChange={(event) => {
        setText(event.target.value);
        onValue(row.kind === "text" ? event.target.value : typed(event.target.value));
      }}
    />
  );
}

/** What is wrong with the values, or unusual, while they are typed. */
function Judgement({ variant, values, may }: { variant: string; values: Values; may: boolean }) {
  const judged = useQuery({
    queryKey: ["judged", variant, values],
    queryFn: () =>
      taken(
        api.POST("/api/v1/parameters/{variant}/validate", {
          params: { path: { variant } },
          body: { values: values as never },
        }),
      ),
    enabled: may && Object.keys(values).length > 0,
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <div aria-live="polite">
      {judged.data?.findings.map((finding) => (
        <Notice key={finding.path} mood="bad">
          {finding.path}: {finding.problem} {finding.remedy && `(${finding.remedy})`}
        </Notice>
      ))}
      {judged.data?.unusual.map((finding) => (
        <Notice key={finding.path} mood="warn">
          {finding.path}: {finding.problem} ({finding.remedy})
        </Notice>
      ))}
    </div>
  );
}

function Change({
  variant,
  values,
  rows,
  preview,
  session,
  onPreview,
  onSaved,
}: {
  variant: string;
  values: Values;
  rows: Row[];
  preview: string | null;
  session: Session;
  onPreview: (ident: string) => void;
  onSaved: () => void;
}) {
  const queries = useQueryClient();
  const [reason, setReason] = useState("");
  const changed = Object.keys(values).length;
  const overridden = rows.some((row) => row.source.startsWith("ledger"));
  const ask = useMutation({
    mutationFn: () =>
      taken(
        api.POST("/api/v1/parameters/{variant}/preview", {
          params: { path: { variant } },
          body: { values: values as never },
        }),
      ),
    onSuccess: (job) => {
      onPreview(job.id);
      void queries.invalidateQueries({ queryKey: ["jobs"] });
    },
  });
  const save = useGrave(
    () =>
      taken(
        api.PUT("/api/v1/parameters/{variant}", {
          params: { path: { variant } },
          body: {
            values: values as never,
            expected: Object.fromEntries(
              rows.filter((row) => row.name in values).map((row) => [row.name, row.value]),
            ) as never,
            preview: preview ?? "",
            reason,
          },
        }),
      ),
    onSaved,
  );
  const revert = useGrave(
    () =>
      taken(
        api.DELETE("/api/v1/parameters/{variant}", {
          params: { path: { variant }, query: { reason } },
        }),
      ),
    onSaved,
  );
  const previewed = usePreview(variant, preview);
  const view = previewed.data?.data;
  const done = view?.job.state === "done";
  return (
    <Card title={changed === 0 ? "Nothing is changed" : `${changed} changed`}>
      <p className="mb-3 text-soft">
        Try the values over the stored bars first; they can be saved for a day after that, but not near an
        execution window. They hold from the next run on.
      </p>
      <Refusal error={ask.error} />
      {view && !done && (
        <p className="mb-3 flex flex-wrap items-center gap-3">
          Preview: {view.job.state} <Progress label="Preview" done={view.job.progress} />
          {view.job.problem && <Badge mood="bad">{view.job.problem}</Badge>}
        </p>
      )}
      {view?.results && <Previewed results={view.results} />}
      <Field label="Why" value={reason} maxLength={500} onValue={setReason} />
      <Prove grave={save} session={session} />
      <Prove grave={revert} session={session} />
      <div className="flex flex-wrap gap-2">
        <Button disabled={changed === 0 || ask.isPending} onClick={() => ask.mutate()}>
          Preview
        </Button>
        <Button tone="accent" disabled={changed === 0 || !done || save.pending} onClick={save.run}>
          Save
        </Button>
        {overridden && (
          <Button disabled={revert.pending} onClick={revert.run}>
            Take every override back
          </Button>
        )}
      </div>
    </Card>
  );
}

function Previewed({ results }: { results: Views["PreviewResults"] }) {
  const named = [
    { name: "now", results: results.before },
    { name: "proposed", results: results.after },
  ];
  const weights = (targets: Record<string, unknown>) =>
    Object.entries(targets)
      .map(([symbol, weight]) => `${symbol} ${percent(weight as number, 0)}`)
      .join(", ") || "cash";
  return (
    <>
      <Growth named={named} />
      <div className="my-4">
        <Compared label="Now and proposed" named={named} />
      </div>
      <details className="mb-4">
        <summary className="min-h-8 cursor-pointer">
          {results.different} of {results.sessions} decisions differ
        </summary>
        <Table
          label="Decisions that differ"
          rows={results.newest}
          rowKey={(row) => row.session}
          columns={[
            { name: "Session", whole: true, cell: (row) => row.session },
            { name: "Now", cell: (row) => weights(row.before) },
            { name: "Proposed", cell: (row) => weights(row.after) },
          ]}
        />
      </details>
    </>
  );
}
