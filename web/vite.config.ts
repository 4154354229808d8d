import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// The build is committed (../live/web/static), so that nobody needs Node to look at the page. What comes from
// packages gets a chunk of its own, which changes only with them.
export default defineConfig({
  plugins: [react(), tailwindcss()],
  build: {
    outDir: "../live/web/static",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: {
      output: {
        manualChunks: (id: string) =>
          id.includes("node_modules") ? (id.includes("lightweight-charts") ? "charts" : "vendor") : undefined,
      },
    },
  },
  server: { proxy: { "/api": "http://127.0.0.1:8000", "/ws": { target: "ws://127.0.0.1:8000", ws: true } } },
  test: {
    environment: "jsdom",
    include: ["tests/**/*.test.{ts,tsx}"],
    coverage: {
      include: ["src/**"],
      exclude: ["src/api/schema.d.ts", "src/main.tsx", "src/charts/**"],
      reporter: ["text-summary"],
      thresholds: { statements: 80, lines: 80, functions: 75, branches: 65 },
    },
  },
});
