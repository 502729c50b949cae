/** What the kernel says of the TCP sockets in a namespace. */
import type { Netns } from "../servers/netns.ts";

/** One socket. */
export interface Socket {
  /** Such as `ESTAB` or `FIN-WAIT-1`. */
  state: string;
  /** Bytes not acknowledged or not sent. */
  sendQueueBytes: number;
  /** Bytes sent that the other side's kernel has acknowledged. */
  ackedBytes: number;
  local: string;
  peer: string;
  /** The processes that hold it; none once it is closed. */
  pids: number[];
}

/** All TCP sockets, those that linger included. */
export async function sockets(netns: Netns): Promise<Socket[]> {
  const { success, stdout, stderr } = await netns.command("ss", {
    args: ["--tcp", "--all", "--numeric", "--processes", "--info", "--oneline", "--no-header"],
  }).output();
  if (!success) throw new Error(`ss: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout).split("\n").filter((line) => line !== "").map(parse);
}

function parse(line: string): Socket {
  const [state, , sendQueue, local, peer] = line.split(/\s+/);
  const pids = Array.from(line.matchAll(/\bpid=(\d+)/g), ([, pid]) => Number(pid));
  const ackedBytes = Number(line.match(/\bbytes_acked:(\d+)/)?.[1] ?? 0);
  return { state, sendQueueBytes: Number(sendQueue), ackedBytes, local, peer, pids };
}
