// The questions the pages ask.
import { useQuery } from "@tanstack/react-query";
import { api, type Envelope, taken, type Views } from "./client";

export type Today = Views["TodayView"];
export type Review = Views["ReviewView"];
export type ReviewOrder = Views["ReviewOrder"];
export type Trade = Views["TradeRow"];
export type RunLine = Views["RunLine"];
export type AlertLine = Views["AlertLine"];
export type Figures = Views["BookFigures"];
export type Curve = Views["CurveColumns"];
export type Backtest = Views["BacktestColumns"];

export const useToday = () =>
  useQuery({
    queryKey: ["today"],
    queryFn: () => taken(api.GET("/api/v1/status")) as Promise<Envelope<Today>>,
  });

export const useReview = (session: string, variant: string) =>
  useQuery({
    queryKey: ["review", session, variant],
    queryFn: () =>
      taken(
        api.GET("/api/v1/signals/{session}/{variant}", { params: { path: { session, variant } } }),
      ) as Promise<Envelope<Review>>,
  });

export const usePortfolio = () =>
  useQuery({ queryKey: ["portfolio"], queryFn: () => taken(api.GET("/api/v1/portfolio")) });

export const usePerformance = () =>
  useQuery({ queryKey: ["performance"], queryFn: () => taken(api.GET("/api/v1/performance")) });

export const useCurves = () =>
  useQuery({ queryKey: ["curves"], queryFn: () => taken(api.GET("/api/v1/performance/series")) });

export const useRolling = (variant: string, sessions: number) =>
  useQuery({
    queryKey: ["rolling", variant, sessions],
    queryFn: () =>
      taken(api.GET("/api/v1/performance/rolling", { params: { query: { variant, sessions } } })),
    placeholderData: (before) => before,
  });

export const useBacktests = (wanted: boolean) =>
  useQuery({
    queryKey: ["backtests"],
    queryFn: () => taken(api.GET("/api/v1/performance/backtest")),
    enabled: wanted,
    staleTime: 60_000,
  });

export const useDrift = () =>
  useQuery({ queryKey: ["drift"], queryFn: () => taken(api.GET("/api/v1/drift")), staleTime: 60_000 });

export const useComparison = () =>
  useQuery({ queryKey: ["compare"], queryFn: () => taken(api.GET("/api/v1/compare")) });

export const useTrades = (filter: { symbol?: string; variant?: string }) =>
  useQuery({
    queryKey: ["trades", filter],
    queryFn: () => taken(api.GET("/api/v1/trades", { params: { query: { limit: 500, ...filter } } })),
  });

export const useRuns = () => useQuery({ queryKey: ["runs"], queryFn: () => taken(api.GET("/api/v1/runs")) });

export const useAlerts = () =>
  useQuery({
    queryKey: ["alerts"],
    queryFn: () => taken(api.GET("/api/v1/alerts", { params: { query: { limit: 50 } } })),
  });

export const useAudit = () =>
  useQuery({
    queryKey: ["audit"],
    queryFn: () => taken(api.GET("/api/v1/audit", { params: { query: { limit: 50 } } })),
  });

export const useSettings = () =>
  useQuery({ queryKey: ["config"], queryFn: () => taken(api.GET("/api/v1/config")) });

export const useSettingsHistory = () =>
  useQuery({ queryKey: ["config", "history"], queryFn: () => taken(api.GET("/api/v1/config/history")) });

export const useRegime = (variant: string | undefined) =>
  useQuery({
    queryKey: ["regime", variant],
    queryFn: () =>
      taken(api.GET("/api/v1/regime", { params: { query: variant === undefined ? {} : { variant } } })),
  });

export const useIndicators = (variant: string, sessions: number) =>
  useQuery({
    queryKey: ["indicators", variant, sessions],
    queryFn: () => taken(api.GET("/api/v1/indicators/history", { params: { query: { variant, sessions } } })),
  });

export const useParameters = (variant: string) =>
  useQuery({
    queryKey: ["parameters", variant],
    queryFn: () => taken(api.GET("/api/v1/parameters/{variant}", { params: { path: { variant } } })),
  });

export const usePreview = (variant: string, ident: string | null) =>
  useQuery({
    queryKey: ["jobs", "preview", ident],
    queryFn: () =>
      taken(
        api.GET("/api/v1/parameters/{variant}/preview/{ident}", {
          params: { path: { variant, ident: ident ?? "" } },
        }),
      ),
    enabled: ident !== null,
  });

export const useJobs = () => useQuery({ queryKey: ["jobs"], queryFn: () => taken(api.GET("/api/v1/jobs")) });

export const useSchedules = () =>
  useQuery({ queryKey: ["jobs", "schedules"], queryFn: () => taken(api.GET("/api/v1/schedule/jobs")) });

export const useSymbols = () =>
  useQuery({
    queryKey: ["data"],
    queryFn: () => taken(api.GET("/api/v1/data/symbols", { params: { query: { limit: 200 } } })),
  });

export const useSymbolStatus = (symbol: string) =>
  useQuery({
    queryKey: ["data", symbol, "status"],
    queryFn: () => taken(api.GET("/api/v1/data/{symbol}/status", { params: { path: { symbol } } })),
  });

export const useBars = (symbol: string) =>
  useQuery({
    queryKey: ["data", symbol, "bars"],
    queryFn: () => taken(api.GET("/api/v1/data/{symbol}/bars", { params: { path: { symbol } } })),
  });

export const useReports = () =>
  useQuery({ queryKey: ["reports"], queryFn: () => taken(api.GET("/api/v1/reports")) });

export const useLogs = (level: string, grep: string) =>
  useQuery({
    queryKey: ["logs", level, grep],
    queryFn: () => taken(api.GET("/api/v1/logs", { params: { query: grep ? { level, grep } : { level } } })),
  });

interface Kept {
  id: string;
  name: string;
  created: number;
  expires: number;
}

export interface Access {
  devices: Kept[];
  keys: (Kept & { scopes: string[] })[];
  sessions: (Kept & { scopes: string[]; address: string })[];
}

export const useAccess = (may: boolean) =>
  useQuery({
    queryKey: ["access"],
    queryFn: async () => (await taken(api.GET("/api/v1/auth/keys"))) as Access,
    enabled: may,
  });

export const useMode = () =>
  useQuery({ queryKey: ["mode"], queryFn: () => taken(api.GET("/api/v1/control/mode")) });
