/** A client whose handler computes for long; prints what became of the frames: `JOB`, as JSON. */
import {
  connectIsolated,
  type IsolatedWhenFull,
  processHandler,
  workerHandler,
} from "../../isolation.ts";
import { type ClientStats, connect, type ConnectOptions } from "../../mod.ts";
import inline from "./handler.ts";

/** What to do. */
export interface SpinJob {
  port: number;
  mode: "inline" | "worker" | "isolated" | "process";
  whenFull: "block" | "drop_oldest" | "spill";
  /** Where a spill goes. */
  directory: string;
  /** How long the handler computes. */
  spinMs: number;
}

/** Far longer than a handler computes here: nobody is to give it up. */
const PATIENCE_MS = 120_000;
/** Rides out the pauses a disk makes for itself, and is the same for all. */
const BUFFER_BYTES = 64 * 1024 ** 2;

const MODULE = import.meta.resolve("./handler.ts");

async function spin(job: SpinJob): Promise<ClientStats> {
  const { mode, whenFull, directory, spinMs } = job;
  const target = `127.0.0.1:${job.port}`;
  const feed = {
    framing: { type: "length_field", initialBytesToStrip: 4 },
    bufferBytes: BUFFER_BYTES,
  } as const;
  const options = { spinMs };
  if (mode === "isolated") {
    const overflow: IsolatedWhenFull = whenFull === "spill" ? { spill: directory } : whenFull;
    const limits = { batchTimeoutMs: PATIENCE_MS, heartbeatTimeoutMs: PATIENCE_MS };
    const handler = { module: MODULE, options, ...limits };
    await using client = await connectIsolated(target, { ...feed, whenFull: overflow, handler });
    await client.closed;
    return client.stats();
  }
  const connected: ConnectOptions = {
    ...feed,
    whenFull: whenFull as "block" | "drop_oldest",
    sharedMemory: mode === "worker",
  };
  if (mode === "inline") {
    await using client = await connect(target, connected);
    await client.run({ batch: (batch, context) => inline.batch(batch, { ...context, options }) });
    return client.stats();
  }
  await using handler = mode === "worker"
    ? workerHandler(MODULE, {
      options,
      batchTimeoutMs: PATIENCE_MS,
      heartbeatTimeoutMs: PATIENCE_MS,
    })
    : processHandler(MODULE, { options, batchTimeoutMs: PATIENCE_MS });
  await handler.load();
  await using client = await connect(target, connected);
  await client.run(handler);
  return client.stats();
}

if (import.meta.main) console.log(JSON.stringify(await spin(JSON.parse(Deno.args[0]))));
