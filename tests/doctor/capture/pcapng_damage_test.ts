/** What is wrong in a pcapng file, and where `diagnose()` says it is. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { CaptureFormatError, diagnose } from "../../../doctor/mod.ts";
import { random } from "../../spill/random.ts";
import { SEED } from "../../spill/seed.ts";
import { edited } from "../support/bytes.ts";
import { writePcapng } from "../support/capture.ts";
import { Scene } from "../support/scene.ts";

const { packets } = new Scene().handshake().wait(5).feed(300);
const SECTION_BYTES = 28;
/** Section and interface are before it. */
const FIRST_PACKET = SECTION_BYTES + 20;

/** Where the file with one number changed is broken. */
async function brokenAt(at: number, value: number): Promise<{ offset: number; sentence: string }> {
  const file = edited(writePcapng(packets), (view) => view.setUint32(at, value, true));
  const { capture } = await diagnose(file);
  assert(capture.broken !== undefined, `${at}`);
  return capture.broken;
}

Deno.test("diagnose() says where a packet's interface is not known", async () => {
  const { offset, sentence } = await brokenAt(FIRST_PACKET + 8, 7);
  assertEquals(offset, FIRST_PACKET);
  assertStringIncludes(sentence, "one of interface 7 is there");
});

Deno.test("diagnose() says where a packet is longer than its block", async () => {
  const { offset, sentence } = await brokenAt(FIRST_PACKET + 20, 5000);
  assertEquals(offset, FIRST_PACKET + 20);
  assertStringIncludes(sentence, "one of 5000 is announced");
});

Deno.test("diagnose() says where a block has an impossible length", async () => {
  for (const length of [0, 1, 7, 8, 11]) {
    const { offset, sentence } = await brokenAt(FIRST_PACKET + 4, length);
    assertEquals(offset, FIRST_PACKET, `${length}`);
    assertStringIncludes(sentence, "at least 12 bytes");
  }
});

Deno.test("diagnose() says where a block too long to be there begins to be missing", async () => {
  const file = edited(writePcapng(packets), (view) => {
    view.setUint32(FIRST_PACKET + 4, 0xffff_fff0, true);
  });
  const { capture } = await diagnose(file);
  assertEquals(capture.packets, 0);
  assert(capture.broken !== undefined);
});

Deno.test("diagnose() says where a section does not say its byte order", async () => {
  const file = writePcapng(packets, { sections: 2 });
  const second = file.findLastIndex((_, at) =>
    at > 0 && new DataView(file.buffer).getUint32(Math.min(at, file.length - 4)) === 0x0a0d0d0a
  );
  const damaged = edited(file, (view) => view.setUint32(second + 8, 0x12345678));
  const { capture } = await diagnose(damaged);
  assertEquals(capture.broken?.offset, second + 8);
  assertEquals(capture.packets, Math.ceil(packets.length / 2));
});

Deno.test("diagnose() survives any number in any place of a pcapng", async () => {
  const file = writePcapng(packets.slice(0, 4), { tsresol: 9, options: true, sections: 2 });
  const draw = random(SEED);
  const values = [0, 1, 4, 12, 13, 0x7fffffff, 0x80000000, 0xffffffff];
  for (let at = 0; at + 4 <= file.length; at++) {
    const value = values[Math.floor(draw() * values.length)];
    const damaged = edited(file, (view) => view.setUint32(at, value, draw() < 0.5));
    try {
      await diagnose(damaged);
    } catch (error) {
      assert(error instanceof CaptureFormatError, `seed ${SEED}, ${value} at ${at}: ${error}`);
    }
  }
});
