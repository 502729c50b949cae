/** Compressed captures, through `diagnose()`. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { CaptureFormatError, diagnose, type DoctorReport } from "../../../doctor/mod.ts";
import { random } from "../../spill/random.ts";
import { SEED } from "../../spill/seed.ts";
import { concat } from "../support/bytes.ts";
import { gzip } from "../support/capture.ts";
import { pieces, reusing } from "../support/pieces.ts";
import { captureOf, Scene } from "../support/scene.ts";

const FILE = captureOf(new Scene().handshake().wait(5).feed(6000, 3).close("server"));

/** What is said of the plain file, and of no file. */
async function whole(): Promise<DoctorReport> {
  const report = await diagnose(FILE);
  report.capture.format = "gzip pcap";
  return report;
}

Deno.test("diagnose() reads gzip of several members and with all header fields", async () => {
  const plain = await whole();
  for (const members of [1, 2, 9]) {
    assertEquals(await diagnose(gzip(FILE, { members, fields: true })), plain, `${members}`);
  }
});

Deno.test("diagnose() reads gzip in pieces of any size, also from one buffer", async () => {
  const plain = await whole();
  const packed = gzip(FILE, { members: 3 });
  for (const size of [1, 2, 3, 17, 1000, 16_384, packed.length]) {
    assertEquals(await diagnose(pieces(packed, size)), plain, `pieces of ${size}`);
    assertEquals(await diagnose(reusing(packed, size)), plain, `one buffer of ${size}`);
  }
});

Deno.test("diagnose() reports what can be had of a gzip archive that is cut off or damaged", async () => {
  const packed = gzip(FILE);
  const { capture } = await diagnose(packed.subarray(0, packed.length / 2));
  assert(capture.packets > 100 && capture.packets < 4000, `${capture.packets}`);
  assert(capture.broken !== undefined);
  const damaged = concat([packed, gzip(FILE).fill(0x55, 2)]);
  const report = await diagnose(damaged);
  assertEquals(report.connections.length, 1);
  assert(report.capture.broken!.sentence.includes("damaged"), report.capture.broken!.sentence);
});

Deno.test("diagnose() survives any damage to a gzip archive", async () => {
  const packed = gzip(FILE);
  const draw = random(SEED);
  for (let run = 0; run < 60; run++) {
    const copy = packed.slice();
    copy[2 + Math.floor(draw() * (copy.length - 2))] ^= 1 << Math.floor(draw() * 8);
    try {
      await diagnose(copy);
    } catch (error) {
      assert(error instanceof CaptureFormatError, `seed ${SEED}, run ${run}: ${error}`);
    }
  }
});

Deno.test("diagnose() says of a gzip archive without a capture that it is none", async () => {
  await assertRejects(() => diagnose(gzip(new Uint8Array(0))), CaptureFormatError, "0 bytes");
  const text = gzip(new Uint8Array(99));
  const error = await assertRejects(() => diagnose(text), CaptureFormatError, "00 00 00");
  assert(!error.message.includes("damaged"), error.message);
  await assertRejects(() => diagnose(Uint8Array.of(0x1f, 0x8b)), CaptureFormatError);
  await assertRejects(() => diagnose(Uint8Array.of(0x1f, 0x8b, 9, 9, 9)), CaptureFormatError);
});

Deno.test("diagnose() passes on what fails in its source", async () => {
  async function* failing(file: Uint8Array): AsyncGenerator<Uint8Array> {
    yield file.subarray(0, 100);
    await Promise.resolve();
    throw new TypeError("the disk is gone");
  }
  await assertRejects(() => diagnose(failing(FILE)), TypeError, "the disk is gone");
  await assertRejects(() => diagnose(failing(gzip(FILE))), TypeError, "the disk is gone");
});

Deno.test("diagnose() waits for nothing more of a pipe whose archive is damaged", async () => {
  const packed = gzip(FILE);
  packed.fill(0x55, packed.length / 2);
  const waiting = Promise.withResolvers<void>();
  async function* pipe(): AsyncGenerator<Uint8Array> {
    yield packed;
    await waiting.promise;
  }
  const { capture } = await diagnose(pipe());
  assert(capture.packets > 100 && capture.broken !== undefined);
  waiting.resolve();
});
