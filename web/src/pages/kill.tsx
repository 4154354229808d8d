// The kill switch: on with one click, off after a look at why it is on.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, Refused, taken } from "../api/client";
import { elevate, type Session } from "../api/session";
import { useToday } from "../api/views";
import { Field } from "../ui/field";
import { moment } from "../ui/format";
import { Button, Dialog, Refusal } from "../ui/parts";

export function Kill({ level, session }: { level: string; session: Session }) {
  const queries = useQueryClient();
  const [asking, setAsking] = useState(false);
  const kill = useMutation({
    mutationFn: () =>
      taken(api.POST("/api/v1/control/kill", { body: { level: "all", reason: "on the dashboard" } })),
    onSettled: () => queries.invalidateQueries(),
  });
  if (session.read_only || !session.scopes.includes("control")) return null;
  return (
    <>
      {kill.error && (
        <span role="alert" className="mr-2 text-sm text-bad">
          {kill.error.message}
        </span>
      )}
      {level !== "all" && (
        <Button tone="bad" onClick={() => kill.mutate()} disabled={kill.isPending}>
          KILL
        </Button>
      )}
      {level !== "none" && (
        <Button className="ml-2" onClick={() => setAsking(true)}>
          Switch is on ({level}) – resume
        </Button>
      )}
      <Dialog title="Turn the kill switch off?" open={asking} onClose={() => setAsking(false)}>
        <Resume session={session} onDone={() => setAsking(false)} />
      </Dialog>
    </>
  );
}

function Resume({ session, onDone }: { session: Session; onDone: () => void }) {
  const queries = useQueryClient();
  const today = useToday();
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const resume = useMutation({
    mutationFn: () => taken(api.POST("/api/v1/control/resume")),
    onSuccess: onDone,
    onSettled: () => queries.invalidateQueries(),
  });
  const prove = useMutation({
    mutationFn: () => elevate(password, code),
    onSuccess: (found) => {
      queries.setQueryData(["session"], found);
      resume.mutate();
    },
  });
  const needed = resume.error instanceof Refused && resume.error.problem.type.endsWith("#elevate");
  const found = today.data?.data.kill_switch;
  return (
    <>
      {found && (
        <p className="mb-3">
          On since {moment(found.at)}, by {found.by}: <strong>{found.reason}</strong> ({found.level}). The
          next run trades again when it is off.
        </p>
      )}
      <Refusal error={prove.error ?? (needed ? null : resume.error)} />
      {needed && (
        <>
          <p className="mb-2">Real money: prove that it is you.</p>
          {session.password && (
            <Field
              label="Password"
              type="password"
              autoComplete="current-password"
              value={password}
              onValue={setPassword}
            />
          )}
          {session.second_factor && <Field label="Code" inputMode="numeric" value={code} onValue={setCode} />}
        </>
      )}
      <div className="flex gap-2">
        <Button
          tone="accent"
          disabled={resume.isPending || prove.isPending}
          onClick={() => (needed ? prove.mutate() : resume.mutate())}
        >
          Turn it off
        </Button>
        <Button onClick={onDone}>Leave it on</Button>
      </div>
    </>
  );
}
