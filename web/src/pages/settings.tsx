import { useState } from "react";
import { api, taken, type Views } from "../api/client";
import type { Session } from "../api/session";
import { useSettings, useSettingsHistory } from "../api/views";
import { Field } from "../ui/field";
import { moment } from "../ui/format";
import { Button, Card, Dialog, Empty, Shown, Table } from "../ui/parts";
import { Prove, useGrave } from "../ui/prove";
import { Access } from "./access";
import { Machine } from "./machine";
import { ModeSwitch } from "./mode";

type Setting = Views["Setting"];
type Theme = "system" | "light" | "dark";

export function SettingsPage({ session }: { session: Session }) {
  return (
    <>
      <h1 className="mb-3 text-xl font-bold">Settings</h1>
      <Look />
      <Machine session={session} />
      <ModeSwitch session={session} />
      <Access session={session} />
      <Values session={session} />
      <History />
    </>
  );
}

function Look() {
  const [theme, setTheme] = useState<Theme>(
    () => (document.documentElement.dataset.theme as Theme) ?? "system",
  );
  const choose = (chosen: Theme) => {
    setTheme(chosen);
    if (chosen === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = chosen;
  };
  return (
    <Card title="Look">
      <label className="flex items-center gap-3">
        Colours
        <select
          className="min-h-11 rounded-lg border border-line bg-ground px-3"
          value={theme}
          onChange={(event) => choose(event.target.value as Theme)}
        >
          <option value="system">as the system</option>
          <option value="light">light</option>
          <option value="dark">dark</option>
        </select>
      </label>
    </Card>
  );
}

function Values({ session }: { session: Session }) {
  const settings = useSettings();
  const [filter, setFilter] = useState("");
  const [chosen, setChosen] = useState<Setting | null>(null);
  const may = session.scopes.includes("settings") && !session.read_only;
  return (
    <Card title="Values and where they come from">
      <Field label="Find" value={filter} onValue={setFilter} />
      <Shown query={settings}>
        {({ data }) => (
          <Table
            label="Settings"
            rows={data.filter((row) => row.name.includes(filter))}
            rowKey={(row) => row.name}
            columns={[
              { name: "Name", cell: (row) => <code>{row.name}</code> },
              {
                name: "Value",
                cell: (row) => <code className="break-all">{JSON.stringify(row.value)}</code>,
              },
              { name: "Source", cell: (row) => row.source },
              {
                name: "",
                cell: (row) =>
                  may && (
                    <Button aria-label={`Change ${row.name}`} onClick={() => setChosen(row)}>
                      Change
                    </Button>
                  ),
              },
            ]}
          />
        )}
      </Shown>
      <Dialog title={chosen?.name ?? ""} open={chosen !== null} onClose={() => setChosen(null)}>
        {chosen && <Change setting={chosen} session={session} onDone={() => setChosen(null)} />}
      </Dialog>
    </Card>
  );
}

/** What a person typed as a JSON value; plain words are text. */
export function typed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function Change({ setting, session, onDone }: { setting: Setting; session: Session; onDone: () => void }) {
  const [value, setValue] = useState(JSON.stringify(setting.value));
  const [reason, setReason] = useState("");
  const change = useGrave(
    () =>
      taken(
        api.PUT("/api/v1/config", {
          body: {
            name: setting.name,
            value: typed(value) as never,
            expected: setting.value as never,
            reason,
          },
        }),
      ),
    onDone,
  );
  const revert = useGrave(
    () =>
      taken(
        api.DELETE("/api/v1/config/{name}", { params: { path: { name: setting.name }, query: { reason } } }),
      ),
    onDone,
  );
  return (
    <>
      <p className="mb-3 text-soft">
        Now <code>{JSON.stringify(setting.value)}</code>, from {setting.source}. The change holds from the
        next run on.
      </p>
      <Field label="New value" value={value} onValue={setValue} />
      <Field label="Why" value={reason} maxLength={500} onValue={setReason} />
      <Prove grave={change} session={session} />
      <Prove grave={revert} session={session} />
      <div className="flex flex-wrap gap-2">
        <Button tone="accent" disabled={change.pending} onClick={change.run}>
          Change it
        </Button>
        {setting.source.startsWith("ledger") && (
          <Button disabled={revert.pending} onClick={revert.run}>
            Take the override back
          </Button>
        )}
        <Button onClick={onDone}>Leave it</Button>
      </div>
    </>
  );
}

function History() {
  const history = useSettingsHistory();
  return (
    <Card title="Changes">
      <Shown query={history}>
        {({ data }) =>
          data.overrides.length === 0 ? (
            <Empty>Nothing was ever changed from here or by “jutsu config set”.</Empty>
          ) : (
            <Table
              label="Changes"
              rows={[...data.overrides].reverse()}
              rowKey={(row) => `${row.name} ${row.at}`}
              columns={[
                { name: "When", whole: true, cell: (row) => moment(row.at) },
                { name: "Who", cell: (row) => row.by },
                { name: "Name", cell: (row) => <code>{row.name}</code> },
                { name: "Value", cell: (row) => <code>{row.value}</code> },
                { name: "Until", whole: true, cell: (row) => moment(row.until) },
                { name: "Why", cell: (row) => row.reason ?? "" },
              ]}
            />
          )
        }
      </Shown>
    </Card>
  );
}
