/** What the server sends in one case. */
export interface Case {
  name: string;
  title: string;
  framing: "len" | "line";
  payload: number;
}

/** The throughput cases. */
export const CASES: readonly Case[] = [
  { name: "16", title: "16-byte payloads", framing: "len", payload: 16 },
  { name: "64", title: "64-byte payloads", framing: "len", payload: 64 },
  { name: "1024", title: "1024-byte payloads", framing: "len", payload: 1024 },
  { name: "line", title: "63-byte lines", framing: "line", payload: 63 },
];

/** The case whose replies are timed; it has its own name on the command line. */
export const LATENCY: Case = {
  name: "latency",
  title: "64-byte payloads, 1,000 frames/s, each answered",
  framing: "len",
  payload: 64,
};

/** Frames a second of the latency case. */
export const LATENCY_RATE = 1000;

/** Frames of the latency case that warm the client up and are not counted. */
export const LATENCY_WARMUP = 1000;

/** Bytes of one frame on the wire, length prefix or newline included. */
export function wireBytes(test: Case): number {
  return test.payload + (test.framing === "line" ? 1 : 4);
}
