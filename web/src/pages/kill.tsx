// The kill switch: on with one click, off after a look at why it is on.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, taken } from "../api/client";
import type { Session } from "../api/session";
import { useToday } from "../api/views";
import { moment } from "../ui/format";
import { Button, Dialog } from "../ui/parts";
import { Prove, useGrave } from "../ui/prove";

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
      {(level !== "all" || session.accounts.length > 1) && (
        <Button tone="bad" onClick={() => kill.mutate()} disabled={kill.isPending}>
          {session.accounts.length > 1 ? "KILL all accounts" : "KILL"}
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
  const today = useToday();
  const resume = useGrave(() => taken(api.POST("/api/v1/control/resume")), onDone);
  const found = today.data?.data.kill_switch;
  return (
    <>
      {found && (
        <p className="mb-3">
          On since {moment(found.at)}, by {found.by}: <strong>{found.reason}</strong> ({found.level}). The
          next run trades again when it is off.
        </p>
      )}
      <Prove grave={resume} session={session} />
      <div className="flex gap-2">
        <Button tone="accent" disabled={resume.pending} onClick={resume.run}>
          Turn it off
        </Button>
        <Button onClick={onDone}>Leave it on</Button>
      </div>
    </>
  );
}
