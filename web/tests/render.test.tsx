// Every page with real answers of the API (answers.json, written by the API's own tests): what it says, and
// what it sends. Charts are drawn in a browser only (tests/web/browser).
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ofAccount } from "../src/api/account";
import { read, seldom } from "../src/api/live";
import { elevate } from "../src/api/session";
import { App } from "../src/app";
import answers from "./answers.json";

// The client takes both when it is loaded, before any test begins; Node's Request wants whole addresses.
const server = vi.hoisted(() => {
  const Whole = globalThis.Request;
  globalThis.Request = class extends Whole {
    constructor(input: RequestInfo | URL, init?: RequestInit) {
      super(typeof input === "string" ? new URL(input, location.href) : input, init);
    }
  };
  const found = { answer: async (_: Request): Promise<Response> => Response.error() };
  globalThis.fetch = (input, init) => found.answer(new Request(input, init));
  return found;
});

/** what an action is answered with; what is not in it is refused */
const made: Record<string, unknown> = {};
const refused: Record<string, unknown> = {};
/** answers that are different in one test; null: not logged in */
const changed: Record<string, unknown> = {};
vi.mock("lightweight-charts", () => {
  const part: unknown = new Proxy(() => part, {
    get: (_, name) => (name === "panes" ? () => [] : () => part),
  });
  return {
    createChart: () => part,
    ColorType: {},
    LineStyle: {},
    LineSeries: {},
    AreaSeries: {},
    HistogramSeries: {},
  };
});

interface Sent {
  method: string;
  path: string;
  body: unknown;
}
let sent: Sent[] = [];

function answered(body: unknown, status = 200): Response {
  return new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json" } });
}

async function served(request: Request): Promise<Response> {
  const path = new URL(request.url).pathname.replace("/api/v1", "");
  if (request.method !== "GET") {
    const text = await request.text();
    sent.push({ method: request.method, path, body: text ? JSON.parse(text) : null });
    if (path in refused) return answered(refused[path], 403);
    return path in made
      ? answered(made[path])
      : answered({ detail: "not today", remedy: "later", findings: [] }, 409);
  }
  const body = path in changed ? changed[path] : (answers as Record<string, unknown>)[path];
  if (body === null) return answered({ detail: "nobody is logged in", remedy: "", findings: [] }, 401);
  return body === undefined
    ? answered({ detail: `nothing at ${path}`, remedy: "", findings: [] }, 404)
    : answered(body);
}

class Quiet {
  close() {}
}

beforeEach(() => {
  sent = [];
  for (const kept of [made, refused, changed]) for (const name of Object.keys(kept)) delete kept[name];
  localStorage.clear();
  sessionStorage.clear();
  server.answer = served;
  vi.stubGlobal("WebSocket", Quiet);
  vi.stubGlobal("matchMedia", () => ({ addEventListener() {}, removeEventListener() {} }));
  HTMLDialogElement.prototype.showModal = function show() {
    this.open = true;
  };
  HTMLDialogElement.prototype.close = function close() {
    this.open = false;
  };
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const SESSION = answers["/auth/session"];

async function open(path: string): Promise<void> {
  show(path);
  await screen.findByRole("navigation", { name: "Pages" });
}

function show(path: string): void {
  history.replaceState(null, "", path);
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  render(
    <QueryClientProvider client={queries}>
      <App />
    </QueryClientProvider>,
  );
}

describe("every page says what the API answered", () => {
  const pages: [string, (string | RegExp)[]][] = [
    ["/", ["Books", /One thing to do/, /waiting for approval|waits/i]],
    ["/regime", [/golden after the close of/, "Distance to the next change", "What would change it"]],
    ["/portfolio", ["golden (primary)", "Open orders", "Ask the broker"]],
    ["/performance", ["Growth and drawdown", "golden against its backtest", /It begins after 63 sessions/]],
    ["/trades", ["Executed", "Export CSV"]],
    ["/parameters", [/golden: \d+ parameters/, "Nothing is changed"]],
    ["/runs", ["Sessions", "Alerts", "What people did"]],
    ["/research", ["New backtest", /backtest of golden/, "nightly"]],
    ["/data", ["Stored bars", "the made-up market"]],
    ["/orb", ["Opening range"]],
    ["/settings", ["Who may come in", "Values and where they come from", "Changes"]],
  ];
  it.each(pages)("%s", async (path, texts) => {
    await open(path);
    for (const text of texts) expect((await screen.findAllByText(text)).length).toBeGreaterThan(0);
    expect(screen.queryByText(/nothing at/)).toBeNull();
    expect(sent).toEqual([]);
  });
});

describe("what a person does is sent with what they saw", () => {
  it("approve names the bytes", async () => {
    await open("/");
    fireEvent.click(await screen.findByRole("button", { name: "Approve these bytes" }));
    fireEvent.click(await screen.findByRole("button", { name: "Approve" }));
    await waitFor(() => expect(sent).toHaveLength(1));
    const found = answers as unknown as Record<string, { data: { sha256: string } }>;
    const [path] = Object.keys(answers).filter((one) => one.startsWith("/signals/"));
    expect(sent[0]).toMatchObject({
      method: "POST",
      path: `${path}/approve`,
      body: { sha256: found[path ?? ""]?.data.sha256 },
    });
    await screen.findByText("not today");
  });

  it("kill is one click", async () => {
    made["/control/kill"] = { level: "all", reason: "", by: "", at: "" };
    await open("/");
    fireEvent.click(await screen.findByRole("button", { name: "KILL" }));
    await waitFor(() => expect(sent.map((one) => one.path)).toEqual(["/control/kill"]));
  });

  it("a setting names the value that was seen", async () => {
    made["/config"] = { name: "safety.cash_warn_pct", value: 2, effective_from: null, effective_until: null };
    await open("/settings");
    fireEvent.change(await screen.findByLabelText("Find"), { target: { value: "cash_warn_pct" } });
    fireEvent.click(await screen.findByRole("button", { name: "Change safety.cash_warn_pct" }));
    fireEvent.change(screen.getByLabelText("New value"), { target: { value: "2" } });
    fireEvent.change(screen.getByLabelText("Why"), { target: { value: "quiet" } });
    fireEvent.click(screen.getByRole("button", { name: "Change it" }));
    await waitFor(() =>
      expect(sent).toEqual([
        {
          method: "PUT",
          path: "/config",
          body: { name: "safety.cash_warn_pct", value: 2, expected: 1, reason: "quiet" },
        },
      ]),
    );
  });

  it("an edit sends only what is different", async () => {
    await open("/");
    fireEvent.click(await screen.findByRole("button", { name: "Edit" }));
    const [group] = await screen.findAllByRole("group");
    fireEvent.change(within(group as HTMLElement).getByLabelText("Note"), { target: { value: "half" } });
    fireEvent.click(screen.getByRole("button", { name: "Save 1 change(s)" }));
    await waitFor(() => expect(sent).toHaveLength(1));
    const body = sent[0]?.body as { orders: Record<string, unknown>[] };
    expect(body.orders).toHaveLength(1);
    expect(Object.keys(body.orders[0] ?? {}).sort()).toEqual(["client_order_id", "note"]);
  });

  it("a backtest is asked for with what was filled in", async () => {
    await open("/research");
    fireEvent.change(await screen.findByLabelText("From"), { target: { value: "2023-01-03" } });
    fireEvent.click(await screen.findByRole("button", { name: "Start" }));
    await waitFor(() =>
      expect(sent).toEqual([
        { method: "POST", path: "/backtest", body: { variant: "golden", start_date: "2023-01-03" } },
      ]),
    );
    await screen.findByText("not today");
  });

  it("parameters are previewed before they can be saved", async () => {
    await open("/parameters");
    const save = await screen.findByRole("button", { name: "Save" });
    expect((save as HTMLButtonElement).disabled).toBe(true);
    fireEvent.change(screen.getByLabelText("sma_fast"), { target: { value: "45" } });
    fireEvent.click(screen.getByRole("button", { name: "Preview" }));
    await waitFor(() => expect(sent.at(-1)?.path).toBe("/parameters/golden/preview"));
    expect(sent.at(-1)?.body).toEqual({ values: { sma_fast: 45 } });
    expect((save as HTMLButtonElement).disabled).toBe(true);
  });

  it("closing everything wants its word and shows what is refused", async () => {
    await open("/portfolio");
    fireEvent.click(await screen.findByRole("button", { name: "Close everything …" }));
    const button = await screen.findByRole("button", { name: "Close everything" });
    expect((button as HTMLButtonElement).disabled).toBe(true);
    fireEvent.change(screen.getByLabelText("Type PANIC to go on"), { target: { value: "PANIC" } });
    expect((button as HTMLButtonElement).disabled).toBe(false);
    expect(sent.map((one) => one.path)).toEqual(["/control/panic/look"]);
  });
});

describe("keys", () => {
  it("go to pages and name themselves", async () => {
    await open("/");
    fireEvent.keyDown(window, { key: "g" });
    fireEvent.keyDown(window, { key: "d" });
    await waitFor(() => expect(location.pathname).toBe("/trades"));
    fireEvent.keyDown(window, { key: "?" });
    await screen.findByText(/No key approves/);
    expect(sent).toEqual([]);
  });
});

describe("coming in", () => {
  it("by the link in the address, which is used up", async () => {
    made["/auth/login"] = SESSION;
    await open("/#k=once");
    expect(sent).toEqual([
      {
        method: "POST",
        path: "/auth/login",
        body: { link: "once", password: "", code: "", remember: false },
      },
    ]);
    expect(location.hash).toBe("");
  });

  it("by a password, and a wrong one is refused in words", async () => {
    changed["/auth/session"] = null;
    show("/");
    fireEvent.change(await screen.findByLabelText("Password"), { target: { value: "correct horse" } });
    fireEvent.click(screen.getByRole("checkbox"));
    fireEvent.click(screen.getByRole("button", { name: "Log in" }));
    await screen.findByText("not today");
    made["/auth/login"] = SESSION;
    fireEvent.click(screen.getByRole("button", { name: "Log in" }));
    await screen.findByRole("navigation", { name: "Pages" });
    expect(localStorage.getItem("jutsu-device")).toBe("yes");
  });

  it("as a device that is remembered, tried once", async () => {
    changed["/auth/session"] = null;
    localStorage.setItem("jutsu-device", "yes");
    show("/");
    await screen.findByRole("button", { name: "Log in" });
    expect(sent.map((one) => one.path)).toEqual(["/auth/login"]);
    expect(localStorage.getItem("jutsu-device")).toBeNull();
  });
});

describe("several accounts", () => {
  it("are chosen in the head, and each question names the one", async () => {
    changed["/auth/session"] = { ...SESSION, accounts: ["ira", "taxable"] };
    sessionStorage.setItem("jutsu-account", "taxable");
    made["/control/kill"] = { level: "all", reason: "", by: "", at: "" };
    await open("/");
    const chooser = await screen.findByLabelText<HTMLSelectElement>("Account");
    expect(chooser.value).toBe("taxable");
    expect(ofAccount("/api/v1/status")).toBe("/api/v1/status?account=taxable");
    expect(ofAccount("/api/v1/trades?limit=5")).toBe("/api/v1/trades?limit=5&account=taxable");
    expect(ofAccount("/api/v1/control/kill")).toBe("/api/v1/control/kill");
    fireEvent.click(screen.getByRole("button", { name: "KILL all accounts" }));
    await waitFor(() => expect(sent.map((one) => one.path)).toEqual(["/control/kill"]));
  });

  it("stay the same when another tab chooses while somebody proves themselves again", async () => {
    changed["/auth/session"] = { ...SESSION, accounts: ["ira", "taxable"] };
    made["/auth/elevate"] = changed["/auth/session"];
    await open("/");
    localStorage.setItem("jutsu-account", "taxable");
    await elevate("", "");
    expect(ofAccount("/api/v1/status")).toBe("/api/v1/status?account=ira");
    cleanup();
    await open("/");
    expect(ofAccount("/api/v1/status")).toBe("/api/v1/status?account=ira");
  });
});

describe("values that are old", () => {
  it("say so and lose their green", async () => {
    const today = answers["/status"];
    const stale = ["golden: the session of 2024-01-05 was due and is not carried out"];
    changed["/status"] = { ...today, data: { ...today.data, stale } };
    await open("/");
    await screen.findByText(/is not carried out/);
    expect(document.querySelector("main")?.dataset.stale).toBe("true");
  });
});

describe("grave things", () => {
  it("want a proof, and are done after it", async () => {
    changed["/auth/session"] = { ...SESSION, password: true, second_factor: true };
    changed["/status"] = {
      ...answers["/status"],
      data: {
        ...answers["/status"].data,
        kill_switch: { level: "all", reason: "storm", by: "ann", at: "2024-01-05T15:00:00-05:00" },
      },
    };
    await open("/");
    fireEvent.click(await screen.findByRole("button", { name: /Switch is on/ }));
    await screen.findByText("storm");
    refused["/control/resume"] = {
      type: "about:jutsu#elevate",
      detail: "prove yourself again first",
      remedy: "",
      findings: [],
    };
    fireEvent.click(screen.getByRole("button", { name: "Turn it off" }));
    await screen.findByText(/Prove that it is you/);
    fireEvent.change(screen.getByLabelText("Password"), { target: { value: "correct horse" } });
    fireEvent.change(screen.getByLabelText("Code"), { target: { value: "123456" } });
    delete refused["/control/resume"];
    made["/auth/elevate"] = SESSION;
    made["/control/resume"] = { was: {}, changed: true };
    fireEvent.click(screen.getByRole("button", { name: "Turn it off" }));
    await waitFor(() =>
      expect(sent.map((one) => one.path)).toEqual(["/control/resume", "/auth/elevate", "/control/resume"]),
    );
  });

  it("real orders are offered only when nothing stands in the way, after typing the words", async () => {
    made["/control/mode/check"] = { obstacles: [{ path: "ready", problem: "too short", remedy: "wait" }] };
    await open("/settings");
    fireEvent.click(await screen.findByRole("button", { name: /What stands in the way/ }));
    await screen.findByText(/too short/);
    expect(screen.queryByRole("button", { name: "Send real orders" })).toBeNull();
    made["/control/mode/check"] = { obstacles: [] };
    fireEvent.click(screen.getByRole("button", { name: /What stands in the way/ }));
    const send = await screen.findByRole<HTMLButtonElement>("button", { name: "Send real orders" });
    expect(send.disabled).toBe(true);
  });
});

describe("jobs", () => {
  it("show their results, are forgotten, and schedules are switched", async () => {
    await open("/research");
    fireEvent.click(await screen.findByLabelText(/^Show /));
    await screen.findByText("Deepest drawdown");
    fireEvent.click(screen.getByRole("button", { name: /^End / }));
    fireEvent.click(screen.getByRole("button", { name: "Switch nightly" }));
    fireEvent.click(screen.getByRole("button", { name: "Remove nightly" }));
    await waitFor(() => expect(sent.map((one) => one.method).sort()).toEqual(["DELETE", "DELETE", "PATCH"]));
    expect(sent.find((one) => one.method === "PATCH")?.body).toEqual({ enabled: false });
  });
});

describe("who may come in", () => {
  it("a key is made with the scopes that were chosen and shown once", async () => {
    await open("/settings");
    fireEvent.change(await screen.findByLabelText("Name of a new key"), { target: { value: "collector" } });
    fireEvent.click(screen.getByLabelText("metrics"));
    made["/auth/keys"] = { key: "jk_1_secret" };
    fireEvent.click(screen.getByRole("button", { name: /Make a key/ }));
    await screen.findByText("jk_1_secret");
    expect(sent[0]?.body).toEqual({ name: "collector", scopes: ["read", "metrics"], days: 90 });
  });

  it("a device is remembered", async () => {
    made["/auth/devices"] = {};
    await open("/settings");
    fireEvent.click(await screen.findByRole("button", { name: /Remember this device/ }));
    await screen.findByRole("button", { name: "This device is remembered" });
  });
});

describe("asking again", () => {
  it("happens at once, then seldom, and never misses the last change", () => {
    vi.useFakeTimers();
    let asked = 0;
    const ask = seldom(() => {
      asked += 1;
    }, 900);
    for (let change = 0; change < 60; change += 1) ask();
    expect(asked).toBe(1);
    vi.advanceTimersByTime(900);
    expect(asked).toBe(2);
    vi.advanceTimersByTime(5000);
    expect(asked).toBe(2);
    ask();
    expect(asked).toBe(3);
    vi.useRealTimers();
  });

  it("is about the account that changed", () => {
    expect(read('{"type": "changed", "account": "ira"}')).toEqual({ type: "changed", account: "ira" });
    expect(read("nonsense")).toEqual({});
  });
});
