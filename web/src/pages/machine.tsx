// Whether this machine has what a run needs, and which program it is.
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import type { Session } from "../api/session";
import { streamed } from "../api/stream";
import { Button, Card, Refusal } from "../ui/parts";

export function Machine({ session }: { session: Session }) {
  const [said, setSaid] = useState("");
  const doctor = useMutation({ mutationFn: () => streamed("/api/v1/control/doctor", {}, setSaid) });
  return (
    <Card
      title="This machine"
      aside={<span className="text-sm text-soft">jutsu {session.version}, charts by TradingView</span>}
    >
      <Refusal error={doctor.error} />
      {session.scopes.includes("control") && !session.read_only && (
        <Button disabled={doctor.isPending} onClick={() => doctor.mutate()}>
          {doctor.isPending ? "Looking …" : "Check everything a run needs"}
        </Button>
      )}
      {said && (
        <pre
          aria-live="polite"
          className="mt-3 max-h-96 overflow-auto whitespace-pre-wrap rounded-lg bg-raised p-3 text-sm"
        >
          {said.replace(/exit -?\d+\n$/, "")}
        </pre>
      )}
      <p className="mt-3 text-sm text-soft">
        <code>jutsu schedule</code> prints the lines that start both stages; <code>jutsu upgrade</code> says
        what a newer version changes.
      </p>
    </Card>
  );
}
