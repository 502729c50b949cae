/**
 * A registry on loopback that holds this package and the std stand-ins, as `deno publish` would have
 * put them there: programs that import from `jsr:` get them by the environment it gives.
 *
 * @module
 */

import { extname, join, relative } from "node:path";
import { filesUnder } from "./files.ts";

interface Config {
  name: string;
  version: string;
  exports: string | Record<string, string>;
  imports?: Record<string, string>;
  links?: string[];
  publish?: { include: string[] };
}

interface Package {
  version: string;
  exports: Record<string, string>;
  /** By path, which begins with a slash. */
  files: Map<string, Uint8Array<ArrayBuffer>>;
}

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  ".ts": "application/typescript",
  ".json": "application/json",
};

/** A registry that runs until it is disposed. */
export interface Registry extends AsyncDisposable {
  /** What a deno must find in its environment to import from here. */
  readonly env: Readonly<Record<string, string>>;
}

/** Serves the package whose folder is `root`. */
export async function serveRegistry(root: string): Promise<Registry> {
  const packages = await packagesOf(root);
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) =>
      await answer(packages, new URL(request.url).pathname) ?? new Response(null, { status: 404 }),
  );
  const { port } = server.addr;
  return {
    env: { JSR_URL: `http://127.0.0.1:${port}/` },
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

async function packagesOf(root: string): Promise<Map<string, Package>> {
  const own = await configOf(root);
  const packages = new Map([[own.name, await packageOf(root, own)]]);
  for (const link of own.links ?? []) {
    const dir = join(root, link);
    const config = await configOf(dir);
    packages.set(config.name, await packageOf(dir, config));
  }
  return packages;
}

async function configOf(dir: string): Promise<Config> {
  return JSON.parse(await Deno.readTextFile(join(dir, "deno.json")));
}

async function packageOf(dir: string, config: Config): Promise<Package> {
  const { version, exports, imports = {}, publish } = config;
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const path of await publishedFiles(dir, publish?.include)) {
    const bytes = await Deno.readFile(path);
    const name = `/${relative(dir, path).replaceAll("\\", "/")}`;
    files.set(name, name.endsWith(".ts") ? unfurled(bytes, imports) : bytes);
  }
  return { version, exports: typeof exports === "string" ? { ".": exports } : exports, files };
}

async function publishedFiles(dir: string, include: string[] | undefined): Promise<string[]> {
  if (include === undefined) return await filesUnder(dir);
  const found = include.map(async (name) => {
    const path = join(dir, name);
    return (await Deno.stat(path)).isFile ? [path] : await filesUnder(path);
  });
  return (await Promise.all(found)).flat();
}

/** The source with what its import map says put in: a registry has none. */
function unfurled(
  source: Uint8Array<ArrayBuffer>,
  imports: Record<string, string>,
): Uint8Array<ArrayBuffer> {
  let text = new TextDecoder().decode(source);
  for (const [name, target] of Object.entries(imports)) {
    text = text.replaceAll(
      new RegExp(`(?<=from |import\\()"${RegExp.escape(name)}(/[^"]*)?"`, "g"),
      (_, rest = "") => `"${target}${rest}"`,
    );
  }
  return new TextEncoder().encode(text);
}

async function answer(
  packages: ReadonlyMap<string, Package>,
  path: string,
): Promise<Response | undefined> {
  const [, name, rest] = /^\/(@[^/]+\/[^/]+)(\/.+)$/.exec(path) ?? [];
  const found = packages.get(name);
  if (found === undefined) return undefined;
  const { version } = found;
  if (rest === "/meta.json") return Response.json({ latest: version, versions: { [version]: {} } });
  if (rest === `/${version}_meta.json`) return Response.json(await manifestOf(found));
  if (!rest.startsWith(`/${version}/`)) return undefined;
  const file = rest.slice(version.length + 1);
  const bytes = found.files.get(file);
  const type = MEDIA_TYPES[extname(file)] ?? "application/octet-stream";
  return bytes && new Response(bytes, { headers: { "content-type": type } });
}

async function manifestOf({ exports, files }: Package): Promise<object> {
  const entries = Array.from(files, async ([path, bytes]) => {
    const digest = await crypto.subtle.digest("SHA-256", bytes);
    const checksum = `sha256-${new Uint8Array(digest).toHex()}`;
    return [path, { size: bytes.length, checksum }] as const;
  });
  return { exports, manifest: Object.fromEntries(await Promise.all(entries)) };
}
