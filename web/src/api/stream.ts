// Commands whose output comes as text while they run.
import { ofAccount } from "./account";
import { type Problem, Refused, repeatedText } from "./client";

/** Run a command; return all it said and its exit code. Throws `Refused`. */
export async function output(path: string, body: unknown): Promise<{ text: string; code: number }> {
  let text = "";
  const code = await streamed(path, body, (said) => {
    text = said;
  });
  return { text, code };
}

/** Start a command and hand on what it says; return its exit code. Throws `Refused`. */
export async function streamed(path: string, body: unknown, say: (text: string) => void): Promise<number> {
  const response = await fetch(ofAccount(path), {
    method: "POST",
    credentials: "same-origin",
    headers: { "Content-Type": "application/json", "X-CSRF-Token": repeatedText() },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Refused(response.status, (await response.json()) as Problem);
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let all = "";
  while (reader) {
    const { done, value } = await reader.read();
    if (done) break;
    all += value;
    say(all);
  }
  return Number(/exit (-?\d+)\n$/.exec(all)?.[1] ?? Number.NaN);
}
