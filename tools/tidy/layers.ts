/**
 * The layers of the package, lowest first. A module imports from its own layer and those before it.
 *
 * @module
 */

/** A layer: files, and folders by their trailing slash. A file belongs where its longest match is. */
export interface Layer {
  name: string;
  paths: readonly string[];
  /** What it may import from outside the package: beginnings of specifiers. */
  outside?: readonly string[];
  /** May print and exit. */
  prints?: boolean;
}

/** In the order the bytes flow. */
export const LAYERS: readonly Layer[] = [
  { name: "package", paths: ["deno.json"] },
  {
    name: "words and numbers",
    paths: [
      "src/deferred.ts",
      "src/exclusive.ts",
      "src/turn.ts",
      "src/tell.ts",
      "src/utf8.ts",
      "src/wide.ts",
      "src/reason.ts",
      "src/errors.ts",
      "src/reconnect.ts",
      "src/status.ts",
      "src/hold_meter.ts",
      "src/verdict.ts",
    ],
  },
  { name: "framing", paths: ["src/framing.ts"] },
  {
    name: "abi",
    paths: ["src/core/abi.ts", "src/core/core_wasm.ts", "src/core/core_shared_wasm.ts"],
  },
  { name: "columns", paths: ["src/columns.ts"] },
  { name: "core", paths: ["src/core/"] },
  {
    name: "slab, batch",
    paths: ["src/gathering.ts", "src/slab.ts", "src/frame_fields.ts", "src/batch.ts"],
  },
  { name: "spill", paths: ["src/spill/"] },
  { name: "transport", paths: ["src/transport/"] },
  { name: "reader", paths: ["src/reader/"] },
  { name: "backlog", paths: ["src/backlog/"] },
  { name: "dispatch, handler", paths: ["src/dispatch/"] },
  // The text of the handler process, two layers further.
  {
    name: "handler process, generated",
    paths: ["src/isolation/process/child_program.ts"],
    prints: true,
  },
  { name: "isolation", paths: ["src/isolation/"] },
  { name: "handler process", paths: ["src/isolation/process/child/"], prints: true },
  {
    name: "client",
    paths: [
      "src/client.ts",
      "src/connection.ts",
      "src/feed.ts",
      "src/lag_probe.ts",
      "src/open_lanes.ts",
      "src/options.ts",
      "src/session.ts",
    ],
  },
  { name: "isolated mode", paths: ["src/isolated/"] },
  { name: "recordings", paths: ["src/record/"] },
  { name: "public API", paths: ["mod.ts", "spill.ts", "isolation.ts"] },
  // Loaded for compressed captures only.
  { name: "doctor", paths: ["doctor/"], outside: ["node:zlib"] },
  { name: "push server", paths: ["push/"], outside: ["node:"] },
  {
    name: "command line",
    paths: ["cli/", "cli.ts"],
    outside: ["@std/", "node:", "zod"],
    prints: true,
  },
];

/** Folders all of whose modules must be in a layer. */
export const LAYERED: readonly string[] = ["src/", "doctor/", "push/", "cli/"];
