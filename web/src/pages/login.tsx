import { type FormEvent, useState } from "react";
import { logIn, type Session } from "../api/session";
import { Field } from "../ui/field";
import { Button, Card, Refusal } from "../ui/parts";

export function LogIn({ onEntered }: { onEntered: (session: Session) => void }) {
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const [remember, setRemember] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    try {
      onEntered(await logIn({ link: "", password, code, remember }));
    } catch (refused) {
      setError(refused);
    }
    setBusy(false);
  };
  return (
    <main className="mx-auto mt-16 max-w-md p-4">
      <h1 className="mb-4 text-2xl font-bold">jutsu</h1>
      <Card title="Log in">
        <p className="mb-4 text-soft">
          On the box itself, open the link that <code>jutsu dashboard</code> printed;{" "}
          <code>jutsu dashboard link</code> makes another one. From elsewhere, log in by password.
        </p>
        <Refusal error={error} />
        <form onSubmit={submit}>
          <Field
            label="Password"
            type="password"
            autoComplete="current-password"
            value={password}
            onValue={setPassword}
          />
          <Field
            label="Code of the second factor"
            inputMode="numeric"
            autoComplete="one-time-code"
            value={code}
            onValue={setCode}
          />
          <label className="mb-4 flex min-h-11 items-center gap-2">
            <input
              type="checkbox"
              checked={remember}
              onChange={(event) => setRemember(event.target.checked)}
            />
            Remember this device for reading and approving
          </label>
          <Button type="submit" tone="accent" disabled={busy || !password}>
            Log in
          </Button>
        </form>
      </Card>
    </main>
  );
}
