/** The captures in `tests/testdata/captures`, of connections whose fate is known. */
import { type Packet, parseCapture } from "./capture.ts";

const FOLDER = new URL("../../testdata/captures/", import.meta.url);

/** What the kernels of both sides counted; times as `4800ms(67.8%)`. */
export interface KernelCounters {
  /** Times the client's window went to zero, and probes of the server's. */
  zero_window_episodes: number;
  srv_win_probes: number;
  /** How long the client's window held the server up. */
  rwnd_limited: string | null;
}

/** What is known of a capture. tshark's counts are in the file too. */
export interface Label {
  file: string;
  capture_side: "client" | "server";
  cause: string;
  stalled_by: string;
  ended_by: string;
  /** In words. */
  how: string;
  kernel: KernelCounters;
}

/** One of them. */
export interface Capture {
  label: Label;
  /** As in the file. */
  bytes: Uint8Array;
  packets: Packet[];
}

/** All of them, in the order of the labels. */
export function readCaptures(): Capture[] {
  const labels: Label[] = JSON.parse(Deno.readTextFileSync(new URL("labels.json", FOLDER)));
  return labels.map((label) => {
    const bytes = Deno.readFileSync(new URL(label.file, FOLDER));
    return { label, bytes, packets: parseCapture(bytes) };
  });
}
