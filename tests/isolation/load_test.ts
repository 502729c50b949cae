/** Modules that are loaded before their client connects. */
import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import {
  HandlerModuleError,
  type LoadableHandler,
  processHandler,
  reloadable,
  supervised,
  workerHandler,
} from "../../isolation.ts";
import { HandlerError } from "../../mod.ts";
import { delay } from "../client/harness.ts";
import { moduleOf, PATIENCE_MS, run } from "./runs.ts";

const LIMITS = { startTimeoutMs: PATIENCE_MS, batchTimeoutMs: PATIENCE_MS };

/** Says how often it was loaded in its worker or process. */
const SOUND = moduleOf(`
  let frames = 0;
  globalThis.loads = (globalThis.loads ?? 0) + 1;
  export default { async batch(batch, { write }) {
    frames += batch.count;
    if (frames === 10) await write(globalThis.loads + "!");
  } };`);
const BROKEN = moduleOf(`throw new Error("out of ink"); export default {};`);

const MODES: Record<string, (specifier: string) => LoadableHandler> = {
  worker: (specifier) => workerHandler(specifier, LIMITS),
  process: (specifier) => processHandler(specifier, LIMITS),
  "supervised worker": (specifier) => supervised(workerHandler(specifier, LIMITS)),
  "reloadable worker": (specifier) => reloadable(() => workerHandler(specifier, LIMITS)),
};

for (const [mode, make] of Object.entries(MODES)) {
  Deno.test(`${mode}: load() starts what open() then takes`, async () => {
    await using handler = make(SOUND);
    await Promise.all([handler.load(), handler.load()]);
    const { said, error } = await run(handler, { connect: { sharedMemory: true } });
    assertEquals([said, error], ["1!", undefined]);
  });

  Deno.test(`${mode}: load() rejects with what is wrong with the module, and so does run()`, async () => {
    await using handler = make(BROKEN);
    await assertRejects(() => handler.load(), HandlerModuleError, "out of ink");
    const { error } = await run(handler, { connect: { sharedMemory: true } });
    assertInstanceOf(error, HandlerError);
    assertInstanceOf(error.cause, HandlerModuleError);
  });

  // The test's own sanitizers would find a worker or a process.
  Deno.test(`${mode}: what was loaded ends with a handler that is not run`, async () => {
    await using handler = make(SOUND);
    await handler.load();
  });
}

Deno.test("a process that dies once it is loaded fails its client", async () => {
  await using handler = processHandler(
    moduleOf(`setTimeout(() => Deno.exit(3)); export default { batch() {} };`),
    LIMITS,
  );
  await handler.load();
  // Nothing tells of its end before it is opened.
  await delay(300);
  const { error } = await run(handler);
  assertInstanceOf(error, HandlerError);
  assertEquals(handler.stats().starts, 1);
});

Deno.test("supervised() and reloadable() around a handler of this isolate have nothing to load", async () => {
  const numbers = { batch() {} };
  let made = 0;
  await using inner = reloadable(() => (made += 1, { ...numbers }));
  await using handler = supervised(inner);
  await handler.load();
  await handler.load();
  assertEquals(made, 1);
  await using plain = supervised(numbers);
  await plain.load();
});
