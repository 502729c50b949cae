/**
 * `spillway push`: a test server that pushes, and cuts off who does not read.
 *
 * @module
 */

import { encodeFrame } from "../push/encode.ts";
import type { Feed } from "../push/feed.ts";
import {
  generatedFeed,
  type GenerateOptions,
  MAX_BLOCK_BYTES,
  MAX_PERIOD,
  recordedFeed,
} from "../push/generate.ts";
import type { Pace } from "../push/pace.ts";
import type { CutPolicy, Ping } from "../push/policy.ts";
import { type PushServerOptions, startPushServer } from "../push/server.ts";
import type { Framing } from "../src/framing.ts";
import { exitCodeOf } from "./exit_code.ts";
import { readFlagFile } from "./flag_file.ts";
import { framingFlags, framingHelp, parseFraming } from "./framing_flags.ts";
import { onInterrupt } from "./interrupt.ts";
import { cannotListen } from "./listen_error.ts";
import { checkListening } from "./listening.ts";
import { listeningOf } from "./listening_flags.ts";
import { PushLog } from "./push_log.ts";
import { refuse } from "./refusal.ts";
import {
  bytesFlag,
  type Flags,
  integerFlag,
  pairFlag,
  parseBytes,
  parseFlags,
  parseTime,
  textFlag,
  timeFlag,
  UsageError,
} from "./usage.ts";

const HELP = `spillway push: push frames to whoever connects, and cut off who does not read

Usage: spillway push [flags]

  spillway push --port 7000 --framing length_field --size 64
  spillway push --rate 20000 --max-queue 4MiB --cut rst
  spillway push --burst 5000/100ms --frames 1000000 --no-progress 2s --clients 1 --json
  spillway push --unix feed.sock --file recorded.bin --loop

Where:
  --port N               port to listen on (0, a free one)
  --host ADDRESS         address to listen on (127.0.0.1)
  --unix PATH            listen on a unix socket instead
  --clients N            end after N clients

What:
  --size N or MIN-MAX    payload bytes of made-up frames (64); each begins with its sequence number,
                         which begins again after ${MAX_PERIOD} frames (fewer where they have more
                         than ${MAX_BLOCK_BYTES / MAX_PERIOD} bytes)
  --seed N               seed of sizes and filler (1)
  --file FILE            push a file's bytes as they are; 64 KiB, or --size, count as a frame
  --loop                 with --file: begin again at its end
  --frames N             frames for each client (without end)
  --duration TIME        stop producing after this time for each client

How fast (default: as fast as the client takes them):
  --rate N               frames a second
  --burst N/TIME         N frames at once, every TIME
  --on-off TIME/TIME     with --rate: produce for the first time, then nothing for the second

When a client is cut off:
  --max-queue BYTES      the server's own send queue is longer than this; needs a rate or bursts.
                         The kernel's buffers come first, several MB over loopback
  --no-progress TIME     the kernel took nothing (in steps of 64 KiB) for this long
  --ping TIME/TIME       ask PING at this interval; PONG is not heard within the second time
  --cut HOW              rst (default; not on a unix socket), or fin

${framingHelp("lines")}
Output:
  --json                 one JSON object a line for every event
  --help                 this text

Permissions: --allow-net=HOST:PORT (127.0.0.1:0 for a free port); for a unix socket
--allow-net=unix:PATH, its path absolute, and --allow-read=PATH --allow-write=PATH;
--allow-read=FILE for --file.

Exit codes:
  0    ended as asked, or interrupted
  1    could not listen
  2    wrong command line, or --file could not be read
  3    a permission is missing; the message names the flag
  4    standard output could not be written
`;

const FLAGS = {
  string: [
    ...["port", "host", "unix", "clients"],
    ...["size", "seed", "file", "frames", "duration"],
    ...["rate", "burst", "on-off"],
    ...["max-queue", "no-progress", "ping", "cut"],
    ...framingFlags.string,
  ],
  boolean: ["loop", "json", "help", ...framingFlags.boolean],
};

function sizeOf(flags: Flags): GenerateOptions["size"] {
  const text = textFlag(flags, "size");
  if (text === undefined) return undefined;
  const [min, max, ...more] = text.split("-").map((part) => parseBytes(part, "size"));
  if (more.length > 0 || max < min) {
    throw new UsageError(`--size must be N or MIN-MAX, got ${text}`);
  }
  return max === undefined ? min : { min, max };
}

function rateOf(flags: Flags): number | undefined {
  const text = textFlag(flags, "rate");
  if (text === undefined) return undefined;
  const rate = Number(text);
  if (!(rate > 0 && rate < Infinity)) {
    throw new UsageError(`--rate must be a number of frames a second above 0, got ${text}`);
  }
  return rate;
}

/** How fast frames are produced. */
function paceOf(flags: Flags): Pace {
  const rate = rateOf(flags);
  const burst = pairFlag(flags, "burst");
  const onOff = pairFlag(flags, "on-off");
  if (burst !== undefined) {
    if (rate !== undefined || onOff !== undefined) {
      throw new UsageError("--burst is a pace of its own, without --rate and --on-off");
    }
    const frames = integerFlag({ burst: burst[0] }, "burst", { min: 1 }) ?? 1;
    return { type: "burst", frames, everyMs: parseTime(burst[1], "burst") };
  }
  if (rate === undefined) {
    if (onOff !== undefined) throw new UsageError("--on-off needs --rate");
    return { type: "flat_out" };
  }
  if (onOff === undefined) return { type: "rate", rate };
  const [onMs, offMs] = onOff.map((text) => parseTime(text, "on-off"));
  return { type: "on_off", rate, onMs, offMs };
}

/** NATS has a PING of its own; elsewhere it is a frame. */
function pingOf(flags: Flags, framing: Framing): Ping | undefined {
  const pair = pairFlag(flags, "ping");
  if (pair === undefined) return undefined;
  const [everyMs, withinMs] = pair.map((text) => parseTime(text, "ping"));
  const utf8 = new TextEncoder();
  const send = framing.type === "nats"
    ? utf8.encode("PING\r\n")
    : encodeFrame(framing, utf8.encode("PING"));
  return { everyMs, withinMs, send, answer: utf8.encode("PONG") };
}

async function feedOf(flags: Flags, framing: Framing): Promise<Feed> {
  const size = sizeOf(flags);
  const seed = integerFlag(flags, "seed");
  const file = textFlag(flags, "file");
  if (file === undefined) {
    if (flags.loop) throw new UsageError("--loop needs --file");
    return generatedFeed(framing, { size, seed });
  }
  if (typeof size === "object") throw new UsageError("--size must be one number with --file");
  return recordedFeed(await readFlagFile(file, `--file ${file}`), {
    chunkSize: size,
    loop: flags.loop === true,
  });
}

/** When a client is cut off. */
function policyOf(flags: Flags, pace: Pace): Omit<CutPolicy, "cut"> {
  const maxQueueBytes = bytesFlag(flags, "max-queue");
  if (maxQueueBytes !== undefined && pace.type === "flat_out") {
    throw new UsageError("--max-queue needs --rate or --burst");
  }
  return { maxQueueBytes, noProgressMs: timeFlag(flags, "no-progress") };
}

/** The server's options, from the flags; reads the file if there is one. */
async function optionsOf(flags: Flags): Promise<PushServerOptions> {
  const framing = parseFraming(flags);
  const pace = paceOf(flags);
  return {
    ...listeningOf(flags),
    ...policyOf(flags, pace),
    pace,
    clients: integerFlag(flags, "clients", { min: 1 }),
    frames: integerFlag(flags, "frames", { min: 1 }),
    durationMs: timeFlag(flags, "duration"),
    ping: pingOf(flags, framing),
    feed: await feedOf(flags, framing),
  };
}

/** Runs the server until it ends or is interrupted. */
async function serve(options: PushServerOptions, json: boolean): Promise<void> {
  await checkListening(options);
  const abort = new AbortController();
  using log = new PushLog({ json, onFailed: () => abort.abort() });
  await using server = await startPushServer({
    ...options,
    signal: abort.signal,
    onEvent: (event) => log.event(event),
  }).catch((error) => cannotListen(error, options));
  using _ = onInterrupt(() => abort.abort());
  log.listening(
    options.path === undefined
      ? { hostname: options.hostname ?? "127.0.0.1", port: server.port }
      : { path: options.path },
  );
  log.showStatus(() => server.clients());
  await server.closed;
  log.throwIfFailed();
}

/** Runs `spillway push` with its arguments and gives the exit code. */
export async function push(args: string[]): Promise<number> {
  try {
    const { flags, positionals } = parseFlags(args, FLAGS);
    if (flags.help) {
      console.log(HELP);
      return 0;
    }
    if (positionals.length > 0) {
      throw new UsageError(`it takes flags only, got ${positionals[0]}`);
    }
    await serve(await optionsOf(flags), flags.json === true);
    return 0;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return refuse("push", args, error, exitCodeOf(error) ?? (error instanceof RangeError ? 2 : 1));
  }
}
