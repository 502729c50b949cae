import { benchPath, exists, run } from "./command.ts";

/** Where and with what the figures were taken. */
export interface Machine {
  date: string;
  cpu: string;
  cores: number;
  kernel: string;
  /** Name and version of everything that took part. */
  versions: [string, string][];
}

async function firstLine(command: string[]): Promise<string> {
  const { success, stdout, stderr } = await run(command);
  return success ? (stdout || stderr).split("\n")[0].trim() : "not installed";
}

function read(path: string): string {
  const file = benchPath(path);
  return exists(file) ? Deno.readTextFileSync(file) : "";
}

function match(path: string, pattern: RegExp): string {
  return read(path).match(pattern)?.[1] ?? "unknown";
}

function crate(name: string): string {
  return match("peers/rust/Cargo.lock", new RegExp(`name = "${name}"\\nversion = "([^"]+)"`));
}

function npmPackage(name: string): string {
  return match("peers/node/package.json", new RegExp(`"${name}": "([^"]+)"`));
}

async function cpuModel(): Promise<string> {
  const { success, stdout } = await run(["lscpu"]);
  return success ? stdout.match(/^Model name:\s*(.+)$/m)?.[1] ?? "unknown" : "unknown";
}

async function versions(): Promise<[string, string][]> {
  return [
    ["Spillway", match("../deno.json", /"version":\s*"([^"]+)"/)],
    ["Deno", `${Deno.version.deno} (V8 ${Deno.version.v8})`],
    ["C", await firstLine(["cc", "--version"])],
    ["Rust", await firstLine(["rustc", "--version"])],
    ["tokio, tokio-util", `${crate("tokio")}, ${crate("tokio-util")}`],
    ["Go", await firstLine(["go", "version"])],
    ["Java", await firstLine(["java", "-version"])],
    ["Netty", match("peers/netty/pom.xml", /<netty.version>([^<]+)</)],
    ["Node", await firstLine(["node", "--version"])],
    ["frame-stream, split2", `${npmPackage("frame-stream")}, ${npmPackage("split2")}`],
    ["Python", await firstLine(["python3", "--version"])],
  ];
}

/** Describes the machine this runs on. */
export async function describeMachine(): Promise<Machine> {
  return {
    date: new Date().toISOString().slice(0, 10),
    cpu: await cpuModel(),
    cores: navigator.hardwareConcurrency,
    kernel: `${Deno.build.os} ${Deno.osRelease()}`,
    versions: await versions(),
  };
}
