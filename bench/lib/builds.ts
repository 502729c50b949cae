import { benchPath, exists, type Outcome, run } from "./command.ts";

/** One thing to build: the tool it takes and the command that does it. */
interface Build {
  name: string;
  /** Prints the tool's version; if it fails, the build is skipped. */
  probe: string[];
  build: () => Promise<Outcome>;
}

/** The name of the one build that nothing can do without. */
export const SERVER = "server";

const C_FLAGS = ["-O3", "-std=gnu17", "-Wall", "-Wextra"];

function cc(output: string, source: string): Promise<Outcome> {
  return run(["cc", ...C_FLAGS, "-o", benchPath(`build/${output}`), benchPath(source)]);
}

async function buildNode(): Promise<Outcome> {
  const target = benchPath("build/node");
  await Deno.mkdir(target, { recursive: true });
  for (const file of ["package.json", "package-lock.json", "meter.mjs", "library.mjs"]) {
    await Deno.copyFile(benchPath(`peers/node/${file}`), `${target}/${file}`);
  }
  if (exists(`${target}/node_modules/.package-lock.json`)) {
    return { success: true, stdout: "", stderr: "" };
  }
  return await run(["npm", "ci", "--no-audit", "--no-fund"], { cwd: target });
}

const BUILDS: readonly Build[] = [
  { name: SERVER, probe: ["cc", "--version"], build: () => cc("server", "server.c") },
  { name: "c", probe: ["cc", "--version"], build: () => cc("client-c", "peers/c/client.c") },
  {
    name: "rust",
    probe: ["cargo", "--version"],
    build: () =>
      run(["cargo", "build", "--release", "--locked", "--target-dir", benchPath("build/rust")], {
        cwd: benchPath("peers/rust"),
      }),
  },
  {
    name: "go",
    probe: ["go", "version"],
    build: () =>
      run(["go", "build", "-trimpath", "-o", benchPath("build/client-go"), "."], {
        cwd: benchPath("peers/go"),
        env: { CGO_ENABLED: "0" },
      }),
  },
  {
    name: "netty",
    probe: ["mvn", "--version"],
    build: () =>
      run(["mvn", "-q", "-B", `-Dbench.build=${benchPath("build/netty")}`, "package"], {
        cwd: benchPath("peers/netty"),
      }),
  },
  { name: "node", probe: ["npm", "--version"], build: buildNode },
];

/** How a build went: `undefined` when it worked, else why it is skipped. */
export interface BuildResult {
  name: string;
  skipped?: string;
}

/** Builds the push server alone; throws if that can't be done. */
export async function buildServer(): Promise<void> {
  await Deno.mkdir(benchPath("build"), { recursive: true });
  // INVARIANT: the server is one of the builds.
  const { skipped } = await buildOne(BUILDS.find(({ name }) => name === SERVER)!);
  if (skipped !== undefined) throw new Error(`the push server can't be built: ${skipped}`);
}

async function buildOne(build: Build): Promise<BuildResult> {
  if (!(await run(build.probe)).success) {
    return { name: build.name, skipped: `${build.probe[0]} is not installed` };
  }
  const outcome = await build.build();
  if (outcome.success) return { name: build.name };
  const lines = `${outcome.stdout}\n${outcome.stderr}`.trim().split("\n");
  return { name: build.name, skipped: `the build failed: ${lines.slice(-12).join("\n  ")}` };
}

/** Builds the server and every peer whose toolchain is present, one after the other. */
export async function buildAll(): Promise<BuildResult[]> {
  await Deno.mkdir(benchPath("build"), { recursive: true });
  const results: BuildResult[] = [];
  for (const build of BUILDS) results.push(await buildOne(build));
  return results;
}
