// Who may come in: open sessions, remembered devices, keys of programs.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, taken } from "../api/client";
import { rememberDevice, remembered, type Session } from "../api/session";
import { type Access as Known, useAccess } from "../api/views";
import { Field } from "../ui/field";
import { moment } from "../ui/format";
import { Button, Card, Notice, Refusal, Table } from "../ui/parts";
import { Prove, useGrave } from "../ui/prove";

export function Access({ session }: { session: Session }) {
  const may = session.scopes.includes("control") && !session.read_only;
  const access = useAccess(may);
  const known = access.data;
  return (
    <Card title="Who may come in">
      {may && <Remember />}
      {known && <Sessions sessions={known.sessions} />}
      {known && known.devices.length > 0 && <Devices devices={known.devices} />}
      {known && <Keys keys={known.keys} session={session} />}
      <p className="mt-3 text-sm text-soft">
        <code>jutsu dashboard password</code> and <code>totp</code> protect the page beyond this machine;
        setting a password ends every session and device.
      </p>
    </Card>
  );
}

function useAgain() {
  const queries = useQueryClient();
  return { onSettled: () => queries.invalidateQueries({ queryKey: ["access"] }) };
}

function Remember() {
  const [known, setKnown] = useState(remembered);
  const remember = useMutation({
    mutationFn: rememberDevice,
    onSuccess: () => setKnown(true),
    ...useAgain(),
  });
  return (
    <>
      <Refusal error={remember.error} />
      <Button disabled={known || remember.isPending} onClick={() => remember.mutate()}>
        {known ? "This device is remembered" : "Remember this device for reading and approving"}
      </Button>
    </>
  );
}

function Sessions({ sessions }: { sessions: Known["sessions"] }) {
  return (
    <Table
      label="Open sessions"
      rows={sessions}
      rowKey={(one) => one.id}
      columns={[
        { name: "Session", cell: (one) => `${one.name} ${one.id.slice(0, 6)}` },
        { name: "From", cell: (one) => one.address || "this machine" },
        { name: "May", cell: (one) => one.scopes.join(", ") },
        { name: "Until", whole: true, cell: (one) => day(one.expires) },
      ]}
    />
  );
}

function Devices({ devices }: { devices: Known["devices"] }) {
  const forget = useMutation({
    mutationFn: (ident: string) =>
      taken(api.DELETE("/api/v1/auth/devices/{ident}", { params: { path: { ident } } })),
    ...useAgain(),
  });
  return (
    <>
      <Refusal error={forget.error} />
      <Table
        label="Remembered devices"
        rows={devices}
        rowKey={(device) => device.id}
        columns={[
          { name: "Device", cell: (device) => `${device.name} ${device.id.slice(0, 6)}` },
          { name: "Since", whole: true, cell: (device) => day(device.created) },
          { name: "Until", whole: true, cell: (device) => day(device.expires) },
          {
            name: "",
            cell: (device) => (
              <Button aria-label={`Forget ${device.id}`} onClick={() => forget.mutate(device.id)}>
                Forget
              </Button>
            ),
          },
        ]}
      />
    </>
  );
}

const SCOPES = ["read", "jobs", "approve", "settings", "control", "metrics"] as const;
type Scope = (typeof SCOPES)[number];

function Keys({ keys, session }: { keys: Known["keys"]; session: Session }) {
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<Scope[]>(["read"]);
  const made = useGrave(
    async () =>
      (await taken(api.POST("/api/v1/auth/keys", { body: { name, scopes, days: 90 } }))) as { key: string },
    () => setName(""),
  );
  const revoke = useMutation({
    mutationFn: (ident: string) =>
      taken(api.DELETE("/api/v1/auth/keys/{ident}", { params: { path: { ident } } })),
    ...useAgain(),
  });
  const toggle = (scope: Scope) =>
    setScopes((now) => (now.includes(scope) ? now.filter((one) => one !== scope) : [...now, scope]));
  return (
    <>
      <h3 className="mt-4 mb-2 font-medium">Keys of programs</h3>
      <Refusal error={revoke.error} />
      {keys.length > 0 && (
        <Table
          label="Keys"
          rows={keys}
          rowKey={(key) => key.id}
          columns={[
            { name: "Key", cell: (key) => key.name },
            { name: "May", cell: (key) => key.scopes.join(", ") },
            { name: "Until", whole: true, cell: (key) => day(key.expires) },
            {
              name: "",
              cell: (key) => (
                <Button aria-label={`Take away ${key.name}`} onClick={() => revoke.mutate(key.id)}>
                  Take away
                </Button>
              ),
            },
          ]}
        />
      )}
      <Field label="Name of a new key" value={name} maxLength={40} onValue={setName} />
      <fieldset className="mb-3 flex flex-wrap gap-x-4">
        <legend className="text-sm font-medium">It may</legend>
        {SCOPES.map((scope) => (
          <label key={scope} className="flex min-h-11 items-center gap-2">
            <input type="checkbox" checked={scopes.includes(scope)} onChange={() => toggle(scope)} />
            {scope}
          </label>
        ))}
      </fieldset>
      <Prove grave={made} session={session} />
      {made.act.data && (
        <Notice mood="warn">
          Copy it now, it is not shown again: <code className="break-all">{made.act.data.key}</code>
        </Notice>
      )}
      <Button disabled={!name.trim() || scopes.length === 0 || made.pending} onClick={made.run}>
        Make a key for ninety days
      </Button>
    </>
  );
}

function day(seconds: number): string {
  return moment(new Date(seconds * 1000).toISOString());
}
