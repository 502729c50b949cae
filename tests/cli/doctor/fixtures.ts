/** Reports as the doctor makes them, written by hand. */
import type {
  CaptureReport,
  ConnectionReport,
  DoctorReport,
  DoctorVerdict,
  SideReport,
  Stall,
  Timeline,
} from "../../../doctor/report.ts";

const KIB = 1024;
/** The window the readers of these connections have when they keep up. */
export const OPEN_WINDOW = 256 * KIB;
const STEPS = 256;

function side(address: string, port: number, more: Partial<SideReport> = {}): SideReport {
  return {
    ...{ address, port, packets: 900, bytes: 0, retransmissions: 0 },
    ...{ largestWindow: OPEN_WINDOW, windowScale: 7, maxSegment: 1460 },
    ...{ zeroWindows: 0, zeroWindowMs: 0, stalledMs: 0, probes: 0, bufferLimitedShare: 0 },
    ...more,
  };
}

/** A verdict without evidence. */
function verdict(more: Partial<DoctorVerdict> & Pick<DoctorVerdict, "kind">): DoctorVerdict {
  return {
    sentence: `the sentence of ${more.kind}`,
    ...{ confidence: "likely", evidence: [], next: "Look elsewhere." },
    ...more,
  };
}

/** A connection with nothing wrong for ten seconds. */
export function connection(more: Partial<ConnectionReport> = {}): ConnectionReport {
  return {
    client: side("10.0.0.2", 51_234),
    server: side("10.0.0.9", 7000, { packets: 1800, bytes: 2_400_000 }),
    ...{ rolesKnown: true, vantage: "client", firstFrame: 1, fromMs: 0, toMs: 10_000 },
    roundTrip: { handshakeMs: 0.31, minMs: 0.21, medianMs: 0.44, maxMs: 12.4 },
    ...{ stalls: [], moreStalls: 0, gaps: [] },
    end: {
      ...{ by: "client", how: "fin", frame: 2700, atMs: 10_000 },
      sentence: "the client closed the connection, the server did too",
    },
    verdicts: [verdict({
      kind: "nothing_wrong",
      sentence: "Nothing is wrong: the client read all it was sent, and closed.",
      confidence: "certain",
      next: "Look at the application: the wire is fine.",
    })],
    notes: [],
    ...more,
  };
}

/** How a timeline goes: the values at a time. */
type Course = (ms: number, step: number) => {
  windowMin: number;
  windowMax?: number;
  inFlight: number;
  bytes: number;
};

/** A timeline of data to the client. */
export function timeline(fromMs: number, toMs: number, course: Course): Timeline {
  const stepMs = (toMs - fromMs) / STEPS;
  const steps = Array.from(
    { length: STEPS },
    (_, step) => course(fromMs + (step + 0.5) * stepMs, step),
  );
  return {
    ...{ fromMs, stepMs, receiver: "client" },
    windowMin: steps.map(({ windowMin }) => windowMin),
    windowMax: steps.map(({ windowMin, windowMax }) => windowMax ?? windowMin),
    inFlight: steps.map(({ inFlight }) => inFlight),
    bytes: steps.map(({ bytes }) => bytes),
  };
}

const SILENT = { windowMin: NaN, inFlight: NaN, bytes: NaN };

/** Something like noise that is the same in each run, from 0 to 1. */
function noise(step: number): number {
  return Math.abs(Math.sin(step * 12.9898) * 43_758.5453) % 1;
}

/** A feed that is read as it comes. */
export const STEADY: Course = (_, step) => ({
  windowMin: OPEN_WINDOW - Math.round(noise(step) * 40 * KIB),
  windowMax: OPEN_WINDOW,
  inFlight: Math.round((12 + 20 * noise(step + 0.5)) * KIB),
  bytes: Math.round((30 + 18 * noise(step + 7)) * KIB),
});

/** When the reader of {@linkcode slowConsumer} stopped, when its window was full, and when it was cut. */
export const STOPPED_MS = 2000;
export const FULL_MS = 2349;
export const CUT_MS = 7352;

const CUT_COURSE: Course = (ms, step) => {
  if (ms < STOPPED_MS) return STEADY(ms, step);
  if (ms < FULL_MS) {
    const left = (FULL_MS - ms) / (FULL_MS - STOPPED_MS);
    const windowMin = Math.round(OPEN_WINDOW * left * 0.95);
    return {
      ...{ windowMin, windowMax: Math.round(OPEN_WINDOW * left) },
      inFlight: Math.min(windowMin, 40 * KIB),
      bytes: 22 * KIB,
    };
  }
  // The probes' answers, and nothing between.
  return Math.floor(ms / 29) % 17 === 0 ? { windowMin: 0, inFlight: 1, bytes: 0 } : SILENT;
};

const CUT_STALL: Stall = {
  ...{ side: "client", frame: 1204, fromMs: FULL_MS, toMs: CUT_MS, endedBy: "connection_end" },
  ...{ smallestWindow: 0, zeroMs: CUT_MS - FULL_MS, probes: 6, proof: "probes" },
};

/** A client that stopped reading and was reset by the server for it. */
export function slowConsumer(more: Partial<ConnectionReport> = {}): ConnectionReport {
  const bytes = 3_100_000;
  return connection({
    client: side("10.0.0.2", 51_234, {
      ...{ zeroWindows: 1, zeroWindowMs: 5003, stalledMs: 5003, probes: 6 },
    }),
    server: side("10.0.0.9", 7000, { packets: 2210, bytes }),
    toMs: CUT_MS,
    stalls: [CUT_STALL],
    end: {
      ...{ by: "server", how: "reset", frame: 1243, atMs: CUT_MS },
      sentence: "the server sent a reset of its own accord",
    },
    verdicts: [{
      ...{ kind: "slow_consumer", outcome: "cut", side: "client", confidence: "certain" },
      sentence: "The client 10.0.0.2:51234 stopped reading for 5.003 s, so the server reset the " +
        "connection.",
      evidence: [
        { frame: 1204, atMs: FULL_MS, what: "the client's window is zero: its buffer is full" },
        { frame: 1206, atMs: 2551, what: "the server probes the window, which stays shut" },
        {
          frame: 1243,
          atMs: CUT_MS,
          what: "the server resets the connection, the window still zero",
        },
      ],
      consistentWith: "a server that gives its clients 5 s to take what it sends, as " +
        "redis-server's client-output-buffer-limit or nats-server's write_deadline",
      next:
        "Find what kept the client from its socket at 2.0 s: a handler that computes, a pause " +
        "for garbage, a disk. Or let Spillway read while it does.",
    }],
    timeline: timeline(0, CUT_MS, CUT_COURSE),
    ...more,
  });
}

/** A client that stalled twice, and caught up. */
export function recovered(): ConnectionReport {
  const stalls: Stall[] = [[3000, 4200], [6100, 6900]].map(([fromMs, toMs], i) => ({
    ...{ side: "client", frame: 700 + 400 * i, fromMs, toMs, endedBy: "opened" },
    ...{ smallestWindow: 0, zeroMs: toMs - fromMs, probes: i === 0 ? 3 : 0 },
    proof: i === 0 ? "probes" : "sent_when_opened",
  }));
  const gap = {
    ...{ kind: "outage" as const, side: "client" as const, frame: 1400 },
    ...{ fromMs: 8000, toMs: 8700, ended: true },
  };
  const inside = (ms: number, one: { fromMs: number; toMs: number }) =>
    one.fromMs <= ms && ms <= one.toMs;
  return connection({
    client: side("10.0.0.3", 40_001, {
      ...{ zeroWindows: 2, zeroWindowMs: 2000, stalledMs: 2000, probes: 3 },
    }),
    ...{ stalls, gaps: [gap] },
    verdicts: [verdict({
      ...{ kind: "slow_consumer", outcome: "recovered", side: "client" },
      sentence: "The client fell behind twice, for 2.000 s in all, and caught up.",
      evidence: [{ frame: 700, atMs: 3000, what: "the client's window is zero" }],
      next: "Nothing was lost; see what the client does every 3 s.",
    })],
    timeline: timeline(0, 10_000, (ms, step) => {
      if (inside(ms, gap)) return { ...SILENT, inFlight: 60 * KIB };
      if (!stalls.some((stall) => inside(ms, stall))) return STEADY(ms, step);
      return step % 9 === 0 ? { windowMin: 0, inFlight: 1, bytes: 0 } : SILENT;
    }),
  });
}

/** Nothing wrong, with a timeline. */
export function healthy(): ConnectionReport {
  return connection({ timeline: timeline(0, 10_000, STEADY) });
}

/** A SYN that was answered by a reset: too few packets for a timeline. */
export function refused(): ConnectionReport {
  return connection({
    client: side("fd00::2", 51_300, { packets: 1 }),
    server: side("fd00::9", 7001, {
      ...{ packets: 1, largestWindow: undefined, windowScale: undefined, maxSegment: undefined },
    }),
    ...{ firstFrame: 31, fromMs: 911, toMs: 911.4, roundTrip: undefined },
    end: {
      ...{ by: "server", how: "refused", frame: 32, atMs: 911.4 },
      sentence: "the server answered the SYN with a reset",
    },
    verdicts: [verdict({
      kind: "refused",
      sentence: "Nothing listens on [fd00::9]:7001: the SYN was answered with a reset.",
      confidence: "certain",
      evidence: [{ frame: 32, atMs: 911.4, what: "RST to the SYN" }],
      next: "Start the server, or check the port.",
    })],
  });
}

/** One of which the capture shows half. */
export function unknown(): ConnectionReport {
  return connection({
    ...{ rolesKnown: false, vantage: "unknown", roundTrip: undefined },
    client: side("10.0.0.4", 52_000, { largestWindow: undefined, windowScale: undefined }),
    end: {
      ...{ by: "capture", how: "open", frame: 2690, atMs: 9990 },
      sentence: "it had not ended where the capture ends",
    },
    verdicts: [verdict({
      kind: "unknown",
      sentence: "The capture does not show enough of this connection.",
      confidence: "possible",
      next: "Capture again, from before the connection is made, both directions.",
    })],
    notes: [
      "only the packets of the server were captured",
      "the handshake was not captured, so windows can't be told",
    ],
  });
}

/** A client behind, and a lossy path. */
export function twoVerdicts(): ConnectionReport {
  const slow = slowConsumer();
  return slowConsumer({
    server: { ...slow.server, retransmissions: 212 },
    verdicts: [
      ...slow.verdicts,
      verdict({
        kind: "packet_loss",
        sentence: "One packet in ten got lost on the way to the client.",
        evidence: [{ frame: 88, atMs: 140.2, what: "sent again after three duplicate ACKs" }],
        next: "Look at the cable.",
      }),
    ],
  });
}

/** What a capture says of itself. */
export function capture(more: Partial<CaptureReport> = {}): CaptureReport {
  return {
    ...{ format: "pcapng", bytes: 3_500_000, packets: 2750, tcpPackets: 2710, duplicates: 0 },
    ...{ startedAt: Date.UTC(2026, 10, 26, 3, 12, 9, 123), durationMs: 10_000, notes: [] },
    ...more,
  };
}

/** A report of these connections. */
export function report(
  connections: ConnectionReport[],
  more: Partial<DoctorReport> = {},
): DoctorReport {
  return { capture: capture(), connections, moreConnections: 0, ...more };
}

/** A report of `count` connections to one server: one cut, one recovered, the others healthy. */
export function many(count: number): DoctorReport {
  const others = Array.from({ length: count - 2 }, (_, i) =>
    connection({
      client: side("10.0.1.1", 20_000 + i),
      timeline: timeline(0, 10_000, (ms, step) => STEADY(ms, step + i)),
    }));
  return report([slowConsumer(), recovered(), ...others]);
}

/** Every kind of connection here, to two servers. */
export function mixed(): DoctorReport {
  const all = [twoVerdicts(), refused(), recovered(), unknown(), healthy()];
  return report(all, {
    capture: capture({
      duplicates: 12,
      broken: { offset: 3_499_000, sentence: "a packet of 1,500 bytes was expected" },
      notes: ["40 packets of link type 147 were not read"],
    }),
    moreConnections: 3,
  });
}
