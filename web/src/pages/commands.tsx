// Commands that ask the broker: reconcile, and panic. They run on the box and go on when the page is closed.
import { useEffect, useState } from "react";
import type { Session } from "../api/session";
import { output, streamed } from "../api/stream";
import { Field } from "../ui/field";
import { Button, Card, Dialog, Notice, Refusal } from "../ui/parts";
import { Prove, useGrave } from "../ui/prove";

export function Commands({ session }: { session: Session }) {
  const [asking, setAsking] = useState(false);
  const [said, setSaid] = useState("");
  const reconcile = useGrave(
    () => {
      setSaid("");
      return streamed("/api/v1/control/reconcile", {}, setSaid);
    },
    () => undefined,
  );
  if (session.read_only || !session.scopes.includes("control")) return null;
  return (
    <Card title="Ask the broker">
      <Prove grave={reconcile} session={session} />
      <div className="flex flex-wrap gap-2">
        <Button disabled={reconcile.pending} onClick={reconcile.run}>
          Reconcile
        </Button>
        <Button tone="bad" onClick={() => setAsking(true)}>
          Close everything …
        </Button>
      </div>
      <Said text={said} code={reconcile.act.data} />
      <Dialog title="Close everything?" open={asking} onClose={() => setAsking(false)}>
        <Panic session={session} onDone={() => setAsking(false)} />
      </Dialog>
    </Card>
  );
}

function Panic({ session, onDone }: { session: Session; onDone: () => void }) {
  const [word, setWord] = useState("");
  const [everything, setEverything] = useState(false);
  const [said, setSaid] = useState("");
  const panic = useGrave(
    () => streamed("/api/v1/control/panic", { word, everything }, setSaid),
    () => undefined,
  );
  const ended = panic.act.isSuccess;
  const look = useLook(everything);
  return (
    <>
      <p className="mb-3">
        This ends our orders, sells the positions of our books at the market, stops every schedule, and turns
        the kill switch on. It goes on when you close this page.
      </p>
      <label className="mb-3 flex min-h-11 items-center gap-2">
        <input
          type="checkbox"
          checked={everything}
          onChange={(event) => setEverything(event.target.checked)}
        />
        Also what no book owns: foreign shares and orders
      </label>
      {!said && <Look found={look} />}
      <Field label="Type PANIC to go on" value={word} autoComplete="off" onValue={setWord} />
      <Prove grave={panic} session={session} />
      <Said text={said} code={panic.act.data} />
      <div className="flex flex-wrap gap-2">
        <Button tone="bad" disabled={word !== "PANIC" || panic.pending || ended} onClick={panic.run}>
          Close everything
        </Button>
        <Button onClick={onDone}>{ended ? "Done" : "Leave it"}</Button>
      </div>
    </>
  );
}

interface LookAt {
  text: string;
  code: number;
  error?: unknown;
}

/** Ask once what would be done, and again when more is to be closed; null while it is asked. */
function useLook(everything: boolean): LookAt | null {
  const [found, setFound] = useState<LookAt | null>(null);
  useEffect(() => {
    let wanted = true;
    const keep = (look: LookAt) => wanted && setFound(look);
    setFound(null);
    output("/api/v1/control/panic/look", { everything }).then(keep, (error: unknown) =>
      keep({ text: "", code: 1, error }),
    );
    return () => {
      wanted = false;
    };
  }, [everything]);
  return found;
}

/** What would be cancelled and sold now; where that cannot be told, closing everything still works. */
function Look({ found }: { found: LookAt | null }) {
  if (found === null) return <p className="mb-3 text-soft">Asking the broker what there is …</p>;
  if (found.error) return <Refusal error={found.error} />;
  return (
    <section aria-label="What would be done" className="mb-3 rounded-lg bg-raised p-3 text-sm">
      <pre className="max-h-60 overflow-auto whitespace-pre-wrap">
        {found.text.replace(/exit -?\d+\n$/, "")}
      </pre>
      {found.code !== 0 && (
        <p className="mt-2 text-warn">It could not be told; you can still close everything.</p>
      )}
    </section>
  );
}

/** What a command said, and whether it ended well. */
function Said({ text, code }: { text: string; code: number | undefined }) {
  if (!text) return null;
  return (
    <>
      <pre
        aria-live="polite"
        className="my-3 max-h-72 overflow-auto whitespace-pre-wrap rounded-lg bg-raised p-3 text-sm"
      >
        {text.replace(/exit -?\d+\n$/, "")}
      </pre>
      {code !== undefined && (
        <Notice mood={code === 0 ? "good" : "bad"}>
          {code === 0 ? "It ended well." : `It ended with exit code ${code}.`}
        </Notice>
      )}
    </>
  );
}
