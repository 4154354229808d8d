// The frame: who is logged in, the rail, the head with account, mode and KILL, and the page below.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Fragment, lazy, Suspense, useCallback, useEffect, useState } from "react";
import { Link, Redirect, Route, Switch, useLocation } from "wouter";
import { chooseAccount, chosenAccount } from "./api/account";
import { useLive } from "./api/live";
import { enter, type Session } from "./api/session";
import { useToday } from "./api/views";
import { Kill } from "./pages/kill";
import { LogIn } from "./pages/login";
import { OrbPage } from "./pages/orb";
import { PortfolioPage } from "./pages/portfolio";
import { RunsPage } from "./pages/runs";
import { SettingsPage } from "./pages/settings";
import { TodayPage } from "./pages/today";
import { TradesPage } from "./pages/trades";
import { moment, until } from "./ui/format";
import { Badge, Button, Dialog, Notice } from "./ui/parts";

const PerformancePage = lazy(() => import("./pages/performance"));
const RegimePage = lazy(() => import("./pages/regime"));
const ParametersPage = lazy(() => import("./pages/parameters"));
const ResearchPage = lazy(() => import("./pages/research"));
const DataPage = lazy(() => import("./pages/data"));

const PAGES = [
  { path: "/", name: "Today", key: "t" },
  { path: "/regime", name: "Regime", key: "i" },
  { path: "/portfolio", name: "Portfolio", key: "p" },
  { path: "/performance", name: "Performance", key: "e" },
  { path: "/trades", name: "Trades", key: "d" },
  { path: "/parameters", name: "Parameters", key: "a" },
  { path: "/runs", name: "Runs", key: "r" },
  { path: "/research", name: "Research", key: "x" },
  { path: "/data", name: "Data", key: "b" },
  { path: "/orb", name: "ORB", key: "o" },
  { path: "/settings", name: "Settings", key: "s" },
] as const;

export function App() {
  const queries = useQueryClient();
  const session = useQuery({
    queryKey: ["session"],
    queryFn: enter,
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (session.isPending) return null;
  if (!session.data)
    return (
      <LogIn
        onEntered={(found: Session) => {
          queries.setQueryData(["session"], found);
        }}
      />
    );
  return <Frame session={session.data} />;
}

function Frame({ session }: { session: Session }) {
  const silent = useLive();
  const found = useToday().data?.data.stale ?? [];
  const stale = silent ? [DOWN, ...found] : found;
  const [helping, setHelping] = useState(false);
  const help = useCallback(() => setHelping(true), []);
  useKeys(help);
  return (
    <div className="md:grid md:min-h-screen md:grid-cols-[11rem_1fr]">
      <a href="#page" className="sr-only focus:not-sr-only focus:absolute focus:p-2">
        Skip to the page
      </a>
      <Rail />
      <Help open={helping} onClose={() => setHelping(false)} />
      <div className="min-w-0">
        <Head session={session} />
        <main
          id="page"
          tabIndex={-1}
          className="mx-auto max-w-6xl p-3 pb-24 md:p-5"
          data-stale={stale.length > 0 || undefined}
        >
          <Stale lines={stale} />
          <Suspense fallback={<p className="text-soft">Loading …</p>}>
            <Switch>
              <Route path="/">
                <TodayPage session={session} />
              </Route>
              <Route path="/regime" component={RegimePage} />
              <Route path="/portfolio">
                <PortfolioPage session={session} />
              </Route>
              <Route path="/performance" component={PerformancePage} />
              <Route path="/trades" component={TradesPage} />
              <Route path="/parameters">
                <ParametersPage session={session} />
              </Route>
              <Route path="/runs">
                <RunsPage session={session} />
              </Route>
              <Route path="/research">
                <ResearchPage session={session} />
              </Route>
              <Route path="/data" component={DataPage} />
              <Route path="/orb" component={OrbPage} />
              <Route path="/settings">
                <SettingsPage session={session} />
              </Route>
              <Route>
                <Redirect to="/" />
              </Route>
            </Switch>
          </Suspense>
        </main>
      </div>
    </div>
  );
}

const DOWN = "the connection to this box is down; it is asked again every 15 seconds";

/** Why what is shown may be older than it looks; values lose their green below it. */
function Stale({ lines }: { lines: string[] }) {
  if (lines.length === 0) return null;
  return (
    <Notice mood="warn">
      <strong>What you see may be old:</strong> {lines.join("; ")}
    </Notice>
  );
}

function Rail() {
  const [here] = useLocation();
  return (
    <nav
      aria-label="Pages"
      className="fixed inset-x-0 bottom-0 z-10 flex overflow-x-auto border-t border-line bg-surface md:static md:flex-col md:border-t-0 md:border-r md:p-3"
    >
      <div className="hidden px-3 py-2 text-lg font-bold md:block">jutsu</div>
      {PAGES.map((page) => (
        <Link
          key={page.path}
          href={page.path}
          aria-current={here === page.path ? "page" : undefined}
          className={`flex min-h-11 flex-1 items-center justify-center whitespace-nowrap rounded-lg px-3 md:flex-none md:justify-start ${
            here === page.path ? "bg-raised font-semibold" : "text-soft"
          }`}
        >
          {page.name}
        </Link>
      ))}
    </nav>
  );
}

function Head({ session }: { session: Session }) {
  const today = useToday();
  const now = useNow();
  const found = today.data;
  const live = found?.mode === "online_live";
  const next = found?.data.status.books[0];
  const soon = next ? until(next.window_opens, now) : "";
  return (
    <header className="sticky top-0 z-10 flex items-center gap-3 border-b border-line bg-surface px-3 py-2 md:px-5">
      <div className="flex min-w-0 flex-1 flex-wrap items-center gap-x-3 gap-y-1">
        {session.accounts.length > 0 && <Chooser names={session.accounts} />}
        {found && (
          <>
            {live ? (
              <span className="rounded-md bg-bad px-2 py-1 font-bold text-on-bad">LIVE</span>
            ) : (
              <Badge mood="plain">{found.data_source === "demo" ? "DEMO" : "PAPER"}</Badge>
            )}
            {session.accounts.length === 0 && <span className="text-sm text-soft">{found.account}</span>}
            <span className="text-sm text-soft" title="New York time">
              as of {moment(found.as_of)}
            </span>
            {next && (
              <span className="text-sm text-soft">
                next window {moment(next.window_opens)} {soon && `(${soon})`}
              </span>
            )}
          </>
        )}
      </div>
      <span className="shrink-0">
        <Kill level={found?.data.kill_switch.level ?? "none"} session={session} />
      </span>
    </header>
  );
}

/** Which account this tab looks at. */
function Chooser({ names }: { names: readonly string[] }) {
  return (
    <select
      aria-label="Account"
      className="min-h-11 rounded-lg border border-line bg-ground px-2 font-medium"
      value={chosenAccount()}
      onChange={(event) => chooseAccount(event.target.value)}
    >
      {names.map((name) => (
        <option key={name}>{name}</option>
      ))}
    </select>
  );
}

/** The present, looked at again every half minute. */
function useNow(): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 30_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}

/** `g` and a letter go to a page, `j` and `k` along it, `/` into it, `?` names them; no key approves, kills or sells. */
function useKeys(help: () => void): void {
  const [, go] = useLocation();
  useEffect(() => {
    let before = "";
    const pressed = (event: KeyboardEvent) => {
      const inField =
        event.target instanceof HTMLElement && event.target.closest("input, select, textarea, dialog");
      if (inField || event.ctrlKey || event.metaKey || event.altKey) return;
      const page = before === "g" ? PAGES.find((one) => one.key === event.key) : undefined;
      if (page) go(page.path);
      else if (event.key === "?") help();
      else if (event.key === "j" || event.key === "k") along(event.key === "j" ? 1 : -1);
      else if (event.key === "/") {
        event.preventDefault();
        document.querySelector<HTMLElement>("#page input, #page select")?.focus();
      }
      before = event.key;
    };
    window.addEventListener("keydown", pressed);
    return () => window.removeEventListener("keydown", pressed);
  }, [go, help]);
}

/** Go to the next part of the page, or back to the one before. */
function along(step: number): void {
  const parts = [...document.querySelectorAll<HTMLElement>("#page section[aria-labelledby]")];
  const here = parts.findIndex((part) => part.contains(document.activeElement));
  const part = parts[here < 0 ? (step > 0 ? 0 : parts.length - 1) : here + step];
  if (!part) return;
  part.tabIndex = -1;
  part.focus();
}

function Help({ open, onClose }: { open: boolean; onClose: () => void }) {
  return (
    <Dialog title="Keys" open={open} onClose={onClose}>
      <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1">
        {PAGES.map((page) => (
          <Fragment key={page.key}>
            <dt>
              <kbd>g</kbd> <kbd>{page.key}</kbd>
            </dt>
            <dd>{page.name}</dd>
          </Fragment>
        ))}
        <dt>
          <kbd>j</kbd> <kbd>k</kbd>
        </dt>
        <dd>next part of the page, the one before</dd>
        <dt>
          <kbd>/</kbd>
        </dt>
        <dd>the first field of the page</dd>
      </dl>
      <p className="my-3 text-soft">No key approves, stops or sells anything.</p>
      <Button onClick={onClose}>Close</Button>
    </Dialog>
  );
}
