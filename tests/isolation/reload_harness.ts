/** A server that pushes numbered frames for as long as a test likes, and modules that log what they see. */
import { assert, assertEquals } from "@std/assert";
import type { Client } from "../../mod.ts";
import { numbered, send, serve, until } from "../client/harness.ts";
import { PATIENCE_MS } from "./runs.ts";

const CHUNK_FRAMES = 500;
/** Keeps the log of a test small: some 300,000 frames a second are left. */
const CHUNK_EVERY_MS = 1;

/** A server that pushes until it is told to end. */
export interface PushingServer extends AsyncDisposable {
  target: string;
  /** Resolves when the client has handed out so many frames more. */
  pushes(client: Client, frames: number): Promise<void>;
  /** Closes the connection; resolves with the number of frames sent. */
  end(): Promise<number>;
}

/** Pushes frames with numbers from 0 on. */
export function pushing(): PushingServer {
  let ended = false;
  const sent = Promise.withResolvers<number>();
  const server = serve(async (conn) => {
    let frames = 0;
    try {
      while (!ended) {
        await send(conn, numbered(CHUNK_FRAMES, 60, frames));
        frames += CHUNK_FRAMES;
        await new Promise((resolve) => setTimeout(resolve, CHUNK_EVERY_MS));
      }
    } finally {
      sent.resolve(frames);
    }
  });
  return {
    target: server.target,
    async pushes(client, frames) {
      const goal = client.stats().framesDelivered + frames;
      const reached = () => client.stats().framesDelivered >= goal;
      await until(reached, `${frames} frames more`, PATIENCE_MS);
    },
    end() {
      ended = true;
      return sent.promise;
    },
    [Symbol.asyncDispose]: async () => {
      ended = true;
      await server[Symbol.asyncDispose]();
    },
  };
}

/** A module in plain JavaScript, which a worker need not check, that appends to `log` when it is opened and closed, and the numbers of each batch, which may take a while. */
export function logging(log: string, version: number | string, pauseMs?: number): string {
  const pause = pauseMs === undefined
    ? ""
    : `return new Promise((resolve) => setTimeout(resolve, ${pauseMs}));`;
  return `
    const log = (...words) =>
      Deno.writeTextFileSync(${JSON.stringify(log)}, words.join(" ") + "\\n", { append: true });
    export default {
      open() { log("open", ${version}); },
      batch(batch) {
        const first = batch.u32(0, 0);
        for (let i = 0; i < batch.count; i++) {
          if (batch.u32(i, 0) !== first + i) log("gap at", first + i);
        }
        log("batch", ${version}, first, batch.count);
        ${pause}
      },
      async close() { await 0; log("close", ${version}); },
    };`;
}

/** Asserts that the log has every frame once, in order, and each version's batches before its only close(). */
export function assertLog(log: string, frames: number, versions: readonly unknown[]): void {
  let next = 0;
  const open = new Set<string>();
  const closed: string[] = [];
  for (const line of log.trim().split("\n")) {
    const [what, version, first, count] = line.split(" ");
    if (what === "open") open.add(version);
    else if (what === "close") {
      assert(open.delete(version), line);
      closed.push(version);
    } else {
      assertEquals([what, Number(first)], ["batch", next], line);
      // The last of those that are open has not taken over before the one before it is closed.
      assert([...open][0] === version, `${line} while ${[...open]} are open`);
      next += Number(count);
    }
  }
  assertEquals(next, frames);
  assertEquals(closed, versions.map(String));
  assertEquals([...open], []);
}
