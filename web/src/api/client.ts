// The typed client: paths and answers come from the description of the API.
import createClient from "openapi-fetch";
import { ofAccount } from "./account";
import type { components, paths } from "./schema";

export type Views = components["schemas"];
export type Problem = Views["Problem"];

/** What an answer says of itself, around its view. */
export interface Envelope<View> {
  as_of: string;
  account: string;
  mode: string;
  data_source: string;
  data: View;
}

/** A refusal of the server: its one line, and what to do. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly problem: Problem,
  ) {
    super(problem.detail);
  }
}

let csrf = "";

/** Remember the text that unsafe requests repeat. */
export function repeatText(text: string): void {
  csrf = text;
}

export function repeatedText(): string {
  return csrf;
}

export const api = createClient<paths>({ baseUrl: "", credentials: "same-origin" });

api.use({
  async onRequest({ request }) {
    if (request.method !== "GET") {
      request.headers.set("X-CSRF-Token", csrf);
      request.headers.set("Content-Type", "application/json");
    }
    const address = ofAccount(request.url);
    return address === request.url ? request : moved(request, address);
  },
});

/** The same request at another address; its body is read first, because a stream cannot be handed on. */
async function moved(request: Request, address: string): Promise<Request> {
  const body = await request.text();
  const { method, headers, credentials } = request;
  return new Request(address, { method, headers, credentials, ...(body && { body }) });
}

interface Answered<Data> {
  data?: Data;
  error?: unknown;
  response: Response;
}

/** Return the body of an answer; throw `Refused` when the server said no. */
export async function taken<Data>(asked: Promise<Answered<Data>>): Promise<Data> {
  const { data, error, response } = await asked;
  if (!response.ok) throw new Refused(response.status, asProblem(error, response));
  return data as Data;
}

function asProblem(error: unknown, response: Response): Problem {
  if (typeof error === "object" && error !== null && "detail" in error) return error as Problem;
  return {
    type: "about:blank",
    title: response.statusText,
    status: response.status,
    detail: `the server answered ${response.status}`,
    remedy: "",
    findings: [],
  };
}
