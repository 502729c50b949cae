/** The captures in `tests/testdata/captures`, of connections whose fate is known. */
import { type Packet, parseCapture } from "./capture.ts";

const FOLDER = new URL("../../testdata/captures/", import.meta.url);

/** What is known of a capture. The kernel's counters and tshark's are in the file too. */
export interface Label {
  file: string;
  capture_side: "client" | "server";
  cause: string;
  stalled_by: string;
  ended_by: string;
  /** In words. */
  how: string;
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
