/** A fault at every operation of a short trace: nothing that was synced is lost, whatever else is. */
import { assert, assertEquals } from "@std/assert";
import { Crash, type Fault, FaultDisk, type Survival } from "./fault_disk.ts";
import { openSmall } from "./harness.ts";
import { random } from "./random.ts";
import { checkLeft, live, Promises } from "./trace.ts";

/** What a crash leaves of what was not synced. */
const SURVIVALS: readonly (readonly [string, Survival])[] = [
  ["nothing", () => false],
  ["all", () => true],
  ["half", (draw) => draw() < 0.5],
  ["most", (draw) => draw() < 0.9],
  ["little", (draw) => draw() < 0.1],
];

/** How many operations the trace has when nothing happens. */
async function traceLength(): Promise<number> {
  const disk = new FaultDisk(random(1));
  const promises = new Promises();
  assertEquals(await live(disk, promises), "ended");
  const kinds = new Set(disk.operations.map(({ operation }) => operation));
  // The trace is worth its name only if all of them are in it.
  for (const kind of ["create", "write", "sync", "rename", "remove"] as const) {
    assert(kinds.has(kind));
  }
  assert(promises.synced >= 12 && promises.storedPosition > 8);
  return disk.operations.length;
}

/** The trace with one fault; what it leaves is checked in all ways it can survive. */
async function withFault(at: number, fault: Fault): Promise<void> {
  for (const [name, survives] of SURVIVALS) {
    const draw = random(at * 31 + name.length);
    const disk = new FaultDisk(draw);
    disk.fault = ({ index }) => index === at ? fault : undefined;
    const promises = new Promises();
    await live(disk, promises);
    const context = `${fault} at ${at} (${disk.operations.at(at)?.operation}), ${name} survives`;
    try {
      const left = disk.restarted(survives, draw);
      await checkLeft(left, promises);
      await using again = await openSmall(left);
      assertEquals(again.findings.kept.filter(({ type }) => type === "torn_tail"), []);
    } catch (error) {
      throw new Error(context, { cause: error });
    }
  }
}

for (const fault of ["error", "short", "crash_before", "crash_after", "torn"] as const) {
  Deno.test(`a store keeps what it promised with ${fault} at every operation`, async () => {
    const length = await traceLength();
    for (let at = 0; at < length; at++) await withFault(at, fault);
  });
}

Deno.test("a store keeps what it promised with two errors anywhere", async () => {
  const length = await traceLength();
  for (let first = 0; first < length; first += 3) {
    for (let second = first + 1; second < length; second += 5) {
      const draw = random(first * 1000 + second);
      const disk = new FaultDisk(draw);
      disk.fault = ({ index }) => index === first || index === second ? "error" : undefined;
      const promises = new Promises();
      await live(disk, promises);
      const left = disk.restarted((draw) => draw() < 0.5, draw);
      try {
        await checkLeft(left, promises);
      } catch (error) {
        throw new Error(`errors at ${first} and ${second}`, { cause: error });
      }
    }
  }
});

Deno.test("a store keeps what it promised with a crash within the recovery from a crash", async () => {
  const length = await traceLength();
  let crashes = 0;
  for (let at = 0; at < length; at++) {
    for (let within = 0; within < 30; within++) {
      const draw = random(at * 1000 + within);
      const disk = new FaultDisk(draw);
      disk.fault = ({ index }) => index === at ? "torn" : undefined;
      const promises = new Promises();
      await live(disk, promises);
      const left = disk.restarted((draw) => draw() < 0.6, draw);
      left.fault = ({ index }) => index === within ? "torn" : undefined;
      const crashed = await openSmall(left).then(
        async (store) => {
          await store.close();
          return false;
        },
        (error) => error instanceof Crash,
      );
      if (!crashed) break;
      crashes += 1;
      const context = `torn at ${at}, and at ${within} of recovery`;
      try {
        await checkLeft(left.restarted((draw) => draw() < 0.5, draw), promises);
      } catch (error) {
        throw new Error(context, { cause: error });
      }
    }
  }
  assert(crashes > length / 2, `${crashes} crashes`);
});
