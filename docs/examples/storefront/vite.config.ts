import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// The host's strict policy allows no inlined assets; everything is a file of its own.
export default defineConfig({ plugins: [react()], build: { assetsInlineLimit: 0, modulePreload: { polyfill: false } } });
