/**
 * A network namespace of one's own, with small kernel buffers, for tests in
 * which a server must find out soon that its client does not read. Linux only.
 */

/** What may be set in a namespace; each is minimum, default and maximum in bytes. */
export interface NetnsOptions {
  /** Send buffers. Default 4096, 16384 and 65536. */
  tcpWmem?: [number, number, number];
  /** Receive buffers. Default 4096, 16384 and 65536. */
  tcpRmem?: [number, number, number];
}

/** A namespace that lives until disposed. */
export interface Netns extends AsyncDisposable {
  /** A command that runs inside. */
  command(command: string, options?: Deno.CommandOptions): Deno.Command;
}

const SMALL: [number, number, number] = [4096, 16_384, 65_536];

/** Brings the loopback up, lowers the buffers, then holds the namespace until standard input ends. */
const SETUP = `set -e
ip link set lo up
echo "$1" > /proc/sys/net/ipv4/tcp_wmem
echo "$2" > /proc/sys/net/ipv4/tcp_rmem
echo ready
cat > /dev/null`;

/** How to make a namespace: as root first, for containers that allow no user namespaces. */
const WAYS: { unshare: string[]; nsenter: string[] }[] = [
  { unshare: ["-n"], nsenter: ["-n"] },
  { unshare: ["-rn"], nsenter: ["-U", "-n", "--preserve-credentials"] },
];

/** Starts the process that holds a namespace; `undefined` if this way is not open. */
async function hold(
  unshare: string[],
  wmem: string,
  rmem: string,
): Promise<{ holder: Deno.ChildProcess } | { reason: string }> {
  const holder = new Deno.Command("unshare", {
    args: [...unshare, "sh", "-c", SETUP, "sh", wmem, rmem],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const reader = holder.stdout.getReader();
  const { value } = await reader.read();
  reader.releaseLock();
  if (value !== undefined) return { holder };
  const { stderr } = await collect(holder);
  return { reason: stderr.trim() };
}

/** Ends a holder and gives what it had to say. */
async function collect(holder: Deno.ChildProcess): Promise<{ stderr: string }> {
  const [stderr] = await Promise.all([
    new Response(holder.stderr).text(),
    holder.stdout.cancel(),
    holder.stdin.close(),
    holder.status,
  ]);
  return { stderr };
}

/** Opens a namespace, or says in a sentence why there is none to be had. */
export async function openNetns(options: NetnsOptions = {}): Promise<Netns | string> {
  if (Deno.build.os !== "linux") return "network namespaces are there on Linux only";
  const wmem = (options.tcpWmem ?? SMALL).join(" ");
  const rmem = (options.tcpRmem ?? SMALL).join(" ");
  const reasons: string[] = [];
  for (const way of WAYS) {
    let held: { holder: Deno.ChildProcess } | { reason: string };
    try {
      held = await hold(way.unshare, wmem, rmem);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return "unshare is not installed";
      throw error;
    }
    if ("holder" in held) return netns(held.holder, way.nsenter);
    reasons.push(held.reason);
  }
  return `no network namespace: ${reasons.join("; ")}`;
}

function netns(holder: Deno.ChildProcess, nsenter: string[]): Netns {
  return {
    command: (command, { args = [], ...options } = {}) =>
      new Deno.Command("nsenter", {
        ...options,
        args: [...nsenter, "-t", String(holder.pid), "--", command, ...args],
      }),
    async [Symbol.asyncDispose]() {
      await collect(holder);
    },
  };
}
