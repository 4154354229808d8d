// One signal file: every figure to judge it by, edits, and the answer to exactly the bytes that are shown.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, taken, type Views } from "../api/client";
import type { Session } from "../api/session";
import { type Review, type ReviewOrder, useReview } from "../api/views";
import { Field } from "../ui/field";
import { count, hour, money, percent, signedMoney, words } from "../ui/format";
import { Badge, Button, Card, Dialog, Notice, Refusal, Shown, Table } from "../ui/parts";

type Line = Views["FileLine"];

export function FileReview({ line, session }: { line: Line; session: Session }) {
  const review = useReview(line.session, line.variant);
  return (
    <Card
      title={`${line.variant}, ${line.role}, ${line.session}`}
      aside={
        <Badge mood={line.waits ? "warn" : line.outcome ? "good" : "plain"}>
          {line.outcome || (line.waits ? "waiting for approval" : words(line.standing))}
        </Badge>
      }
    >
      <Shown query={review}>{({ data }) => <File line={line} view={data} session={session} />}</Shown>
    </Card>
  );
}

function File({ line, view, session }: { line: Line; view: Review; session: Session }) {
  const [step, setStep] = useState<"read" | "edit">("read");
  const [asking, setAsking] = useState<Review | null>(null);
  const may = line.waits || (view.standing === "approved" && !view.window_over && !line.outcome);
  const acts = may && !session.read_only && session.scopes.includes("approve");
  const orders = view.orders ?? [];
  return (
    <>
      {view.warnings.map((warning) => (
        <Notice key={warning} mood="warn">
          {warning}
        </Notice>
      ))}
      {[...view.problems, ...view.limits].map((finding) => (
        <Notice key={`${finding.path} ${finding.problem}`} mood="bad">
          {finding.path}: {finding.problem} {finding.remedy && `(${finding.remedy})`}
        </Notice>
      ))}
      {step === "edit" ? (
        <Edit line={line} view={view} onDone={() => setStep("read")} />
      ) : (
        <>
          {orders.length === 0 ? <p className="mb-3">No orders today.</p> : <Orders orders={orders} />}
          <Changes view={view} />
          <p className="mb-3 text-sm text-soft">
            Cash {money(view.cash)} → {money(view.cash_after)}
            {view.rounding_cash != null && `, rounding leaves ${money(view.rounding_cash)}`} · bytes{" "}
            <code>{view.sha256.slice(0, 12)}</code> · {view.standing_reason}
          </p>
          {acts && (
            <div className="flex flex-wrap items-center gap-2">
              <Button
                tone="accent"
                onClick={() => setAsking(view)}
                disabled={view.problems.length + view.limits.length > 0}
              >
                Approve these bytes
              </Button>
              <Skip line={line} view={view} session={session} />
              <Button onClick={() => setStep("edit")}>Edit</Button>
              <span className="text-sm text-soft">
                No answer by {hour(line.closes_at)}: exits and stops go, entries wait for another day.
              </span>
            </div>
          )}
        </>
      )}
      <Dialog
        title={`Approve ${line.variant} for ${line.session}?`}
        open={asking !== null}
        onClose={() => setAsking(null)}
      >
        {asking && (
          <Approve
            line={line}
            shown={asking}
            newest={view}
            session={session}
            onDone={() => setAsking(null)}
          />
        )}
      </Dialog>
    </>
  );
}

function Orders({ orders }: { orders: ReviewOrder[] }) {
  return (
    <div className="mb-3">
      <Table
        label="Orders"
        rows={orders}
        rowKey={(order) => order.client_order_id}
        columns={[
          {
            name: "Order",
            cell: (order) => (
              <span className={order.enabled ? "" : "line-through"}>
                <strong className={order.side === "buy" ? "text-good" : "text-bad"}>
                  {order.side.toUpperCase()}
                </strong>{" "}
                {count(order.quantity)} {order.symbol}
              </span>
            ),
          },
          { name: "Price", number: true, cell: (order) => money(order.reference_price) },
          { name: "Value", number: true, cell: (order) => money(order.value) },
          { name: "Share", number: true, cell: (order) => percent(order.share_of_equity, 1) },
          { name: "Cost", number: true, cell: (order) => money(order.cost.total) },
          { name: "Gain", number: true, cell: (order) => signedMoney(order.realised_gain) },
          { name: "Stop", number: true, cell: (order) => money(order.stop?.price) },
          {
            name: "Why",
            cell: (order) => (
              <div className="min-w-56">
                {words(order.intent)}: {order.reason}
                {order.note && <em className="block">{order.note}</em>}
                {order.held_because && (
                  <span className="block text-warn">held back: {order.held_because}</span>
                )}
                {order.result && <span className="block text-good">{order.result}</span>}
                {!order.enabled && <span className="block text-warn">disabled</span>}
              </div>
            ),
          },
        ]}
      />
    </div>
  );
}

function Changes({ view }: { view: Review }) {
  return (
    <details className="mb-3 text-sm" open={view.edits.length > 0}>
      <summary className="min-h-8 cursor-pointer text-soft">
        {view.edits.length === 0 ? "Edited: nothing" : `Edited: ${view.edits.length} change(s)`} · not taken:{" "}
        {(view.skipped ?? []).length || "none"}
      </summary>
      <ul className="list-disc pl-5">
        {view.edits.map((edit) => (
          <li key={`${edit.order} ${edit.path} ${edit.kind}`}>
            {edit.order} {words(edit.kind)}: {JSON.stringify(edit.before)} → {JSON.stringify(edit.after)}
          </li>
        ))}
        {(view.skipped ?? []).map((skip) => (
          <li key={`${skip.symbol} ${skip.reason}`}>
            {skip.symbol} not taken: {words(skip.reason)}
          </li>
        ))}
      </ul>
    </details>
  );
}

function useAnswer(line: Line, which: "approve" | "skip", onDone: () => void) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ sha256, code }: { sha256: string; code: string }): Promise<unknown> => {
      const asked = {
        params: { path: { session: line.session, variant: line.variant } },
        body: { sha256, code },
      };
      return which === "approve"
        ? taken(api.POST("/api/v1/signals/{session}/{variant}/approve", asked))
        : taken(api.POST("/api/v1/signals/{session}/{variant}/skip", asked));
    },
    onSuccess: onDone,
    onSettled: () => queries.invalidateQueries(),
  });
}

function Approve({
  line,
  shown,
  newest,
  session,
  onDone,
}: {
  line: Line;
  shown: Review;
  newest: Review;
  session: Session;
  onDone: () => void;
}) {
  const [code, setCode] = useState("");
  const approve = useAnswer(line, "approve", onDone);
  const moved = newest.sha256 !== shown.sha256;
  const sent = (shown.orders ?? []).filter((order) => order.enabled);
  return (
    <>
      {moved && (
        <Notice mood="bad">
          The file changed since you opened this: its bytes are {newest.sha256.slice(0, 12)} now. Close this
          and review it again.
        </Notice>
      )}
      <p className="mb-2">
        Window {hour(line.opens_at)}–{hour(line.closes_at)} New York. These orders may be sent:
      </p>
      <ul className="mb-3 list-disc pl-5">
        {sent.map((order) => (
          <li key={order.client_order_id}>
            <strong>{order.side.toUpperCase()}</strong> {count(order.quantity)} {order.symbol},{" "}
            {words(order.order_type)} order, about {money(order.value)}
            {order.stop && `, stop ${money(order.stop.price)} ${order.stop.time_in_force}`}{" "}
            <code className="text-xs text-soft">{order.client_order_id}</code>
          </li>
        ))}
        {sent.length === 0 && <li>none</li>}
      </ul>
      <p className="mb-3 text-sm text-soft">
        bytes <code className="break-all">{shown.sha256}</code>
      </p>
      {session.beyond && (
        <Field label="Code of the second factor" inputMode="numeric" value={code} onValue={setCode} />
      )}
      <Refusal error={approve.error} />
      <div className="flex gap-2">
        <Button
          tone="accent"
          disabled={moved || approve.isPending}
          onClick={() => approve.mutate({ sha256: shown.sha256, code })}
        >
          Approve
        </Button>
        <Button onClick={onDone}>Not now</Button>
      </div>
    </>
  );
}

function Skip({ line, view, session }: { line: Line; view: Review; session: Session }) {
  const [asking, setAsking] = useState(false);
  const [code, setCode] = useState("");
  const skip = useAnswer(line, "skip", () => setAsking(false));
  return (
    <>
      <Button onClick={() => setAsking(true)}>Skip</Button>
      <Dialog title={`Skip ${line.session}?`} open={asking} onClose={() => setAsking(false)}>
        <p className="mb-3">
          Nothing of this file will be sent, exits included. Approving it later takes this back.
        </p>
        {session.beyond && (
          <Field label="Code of the second factor" inputMode="numeric" value={code} onValue={setCode} />
        )}
        <Refusal error={skip.error} />
        <div className="flex gap-2">
          <Button
            tone="bad"
            disabled={skip.isPending}
            onClick={() => skip.mutate({ sha256: view.sha256, code })}
          >
            Skip the session
          </Button>
          <Button onClick={() => setAsking(false)}>Keep it</Button>
        </div>
      </Dialog>
    </>
  );
}

interface Draft {
  enabled: boolean;
  quantity: string;
  stop: string;
  note: string;
}

function drafted(order: ReviewOrder): Draft {
  return {
    enabled: order.enabled,
    quantity: String(order.quantity),
    stop: order.stop ? String(order.stop.price) : "",
    note: order.note,
  };
}

/** What is different from the file; names left out stay as they are. */
export function differences(orders: ReviewOrder[], drafts: Record<string, Draft>) {
  return orders.flatMap((order) => {
    const draft = drafts[order.client_order_id];
    if (!draft) return [];
    const stop = draft.stop.trim() === "" ? null : Number(draft.stop);
    const change: Views["ChangedOrder"] = {
      client_order_id: order.client_order_id,
      ...(draft.enabled !== order.enabled && { enabled: draft.enabled }),
      ...(Number(draft.quantity) !== order.quantity && { quantity: Number(draft.quantity) }),
      ...(stop !== (order.stop?.price ?? null) && { stop_price: stop }),
      ...(draft.note !== order.note && { note: draft.note }),
    };
    return Object.keys(change).length > 1 ? [change] : [];
  });
}

function Edit({ line, view, onDone }: { line: Line; view: Review; onDone: () => void }) {
  const queries = useQueryClient();
  const orders = view.orders ?? [];
  // the bytes and figures the person began with: somebody else's edit meanwhile makes the save lose
  const [start] = useState({ sha256: view.sha256, orders });
  const [drafts, setDrafts] = useState<Record<string, Draft>>(() =>
    Object.fromEntries(orders.map((order) => [order.client_order_id, drafted(order)])),
  );
  const changes = differences(start.orders, drafts);
  const save = useMutation({
    mutationFn: () =>
      taken(
        api.PUT("/api/v1/signals/{session}/{variant}", {
          params: {
            path: { session: line.session, variant: line.variant },
            header: { "if-match": `"${start.sha256}"` },
          },
          body: { orders: changes, add: [], delete: [] },
        }),
      ),
    onSuccess: onDone,
    onSettled: () => queries.invalidateQueries(),
  });
  const set = (id: string, part: Partial<Draft>) =>
    setDrafts((known) => ({ ...known, [id]: { ...(known[id] as Draft), ...part } }));
  return (
    <>
      {view.sha256 !== start.sha256 && (
        <Notice mood="bad">
          Somebody else changed the file meanwhile. Close this, look at it, and begin again.
        </Notice>
      )}
      {start.orders.map((order) => {
        const draft = drafts[order.client_order_id];
        if (!draft) return null;
        return (
          <fieldset key={order.client_order_id} className="mb-3 rounded-lg border border-line p-3">
            <legend className="px-1 font-medium">
              {order.side.toUpperCase()} {order.symbol}{" "}
              <code className="text-xs text-soft">{order.client_order_id}</code>
            </legend>
            <label className="mb-2 flex min-h-11 items-center gap-2">
              <input
                type="checkbox"
                checked={draft.enabled}
                onChange={(event) => set(order.client_order_id, { enabled: event.target.checked })}
              />
              may be sent
            </label>
            <div className="grid gap-3 sm:grid-cols-3">
              <Field
                label="Shares"
                type="number"
                min={1}
                step={1}
                value={draft.quantity}
                onValue={(quantity) => set(order.client_order_id, { quantity })}
              />
              <Field
                label="Stop"
                type="number"
                min={0}
                step="any"
                value={draft.stop}
                onValue={(stop) => set(order.client_order_id, { stop })}
              />
              <Field
                label="Note"
                value={draft.note}
                maxLength={500}
                onValue={(note) => set(order.client_order_id, { note })}
              />
            </div>
          </fieldset>
        );
      })}
      <Refusal error={save.error} />
      <div className="flex gap-2">
        <Button tone="accent" disabled={changes.length === 0 || save.isPending} onClick={() => save.mutate()}>
          Save {changes.length} change(s)
        </Button>
        <Button onClick={onDone}>Leave it</Button>
      </div>
      <p className="mt-2 text-sm text-soft">
        Saving approves nothing: review the file again, then approve it.
      </p>
    </>
  );
}
