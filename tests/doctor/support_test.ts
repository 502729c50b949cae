/** Variants of captures, against what tshark reads in them; then those of which less is promised. */
import { assert, assertEquals } from "@std/assert";
import { random } from "../spill/random.ts";
import { SEED } from "../spill/seed.ts";
import { type Packet, parseCapture, writePcapng } from "./support/capture.ts";
import { type Capture, readCaptures } from "./support/captures.ts";
import { FORMAT_VARIANTS } from "./support/format_variants.ts";
import { type Tcp, tcpOf, toServer } from "./support/network.ts";
import { countsOf, type Row, rowsOf, whyNoTshark } from "./support/tshark.ts";
import { type Variant, VARIANTS } from "./support/variants.ts";

const CAPTURES = readCaptures();
/** Of these tshark reads the file, but no TCP: the family word of LOOP is in network order only. */
const UNREAD = ["loop_little_endian"];
/** tshark counts blocks of one's own as packets. */
const COUNTED_OTHERWISE = ["pcapng_extra_blocks"];
/** The ports of packets with headers that lie, of which tshark shows what it can. */
const LYING = "55555";
const MICROSECOND = 1000n;

/** Another capture for each variant, others again with another seed. */
function captureFor(index: number): Capture {
  return CAPTURES[(index + SEED) % CAPTURES.length];
}

function tcpsOf(packets: Packet[]): { timeNs: bigint; tcp: Tcp }[] {
  return packets.flatMap((packet) => {
    const tcp = tcpOf(packet);
    return tcp === undefined ? [] : [{ timeNs: packet.timeNs, tcp }];
  });
}

/** What tshark should say. */
function expectedRows(packets: Packet[]): Row[] {
  return tcpsOf(packets).map(({ timeNs, tcp }) => ({
    timeNs,
    seq: `${tcp.seq}`,
    ack: `${tcp.ack}`,
    window: `${tcp.window}`,
    length: `${tcp.length}`,
    ports: `${tcp.sourcePort} ${tcp.destinationPort}`,
  }));
}

/** Those of the connections that are any good. */
function good(rows: Row[]): Row[] {
  return rows.filter(({ ports }) => !ports.includes(LYING));
}

/** Those of a feed's connection. */
function feed(rows: Row[]): Row[] {
  return rows.filter(({ ports }) => ports.split(" ").includes("4000"));
}

/** That `rows` say what those of the original do, at the same time if they have a time. */
function assertSameRows(rows: Row[], original: Row[], what: string): void {
  const untimed = (row: Row) => ({ ...row, timeNs: 0n });
  assertEquals(rows.map(untimed), original.map(untimed), what);
  rows.forEach(({ timeNs }, index) => {
    const early = original[index].timeNs - timeNs;
    assert(timeNs === 0n || (early >= 0n && early < MICROSECOND), `${what}: time of ${index}`);
  });
}

/** A variant of one of the captures. */
interface Derived {
  what: string;
  name: string;
  file: Uint8Array;
  packets: Packet[];
  original: Packet[];
}

/** Of those derived before, for more than one test looks at each. */
const known = new Map<Variant, Derived>();

function derived(variant: Variant): Derived {
  const before = known.get(variant);
  if (before !== undefined) return before;
  const index = VARIANTS.indexOf(variant);
  const { label, packets } = captureFor(index);
  const { name } = variant;
  const file = variant.derive(packets, random(SEED + index));
  const what = `${name} of ${label.file}, seed ${SEED}`;
  const now = { what, name, file, packets: parseCapture(file), original: packets };
  known.set(variant, now);
  return now;
}

/** Puts `file` into `folder`. */
function put({ name, file }: Derived, folder: string): string {
  const path = `${folder}/${name}`;
  Deno.writeFileSync(path, file);
  return path;
}

/** Both cores at once. */
async function inPairs<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const waiting = items.values();
  async function worker(): Promise<void> {
    for (const item of waiting) await work(item);
  }
  await Promise.all([worker(), worker()]);
}

/** Work with files and tshark, if it is there. */
function tsharkTest(name: string, work: (folder: string) => Promise<void>): void {
  Deno.test(name, async () => {
    const reason = await whyNoTshark();
    if (reason !== undefined) return console.log(`skipped: ${reason}`);
    const folder = await Deno.makeTempDir();
    try {
      await work(folder);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

tsharkTest("tshark reads in the captures what the model does", async (folder) => {
  const paths = CAPTURES.map(({ label }) => `${folder}/${label.file}`);
  CAPTURES.forEach(({ bytes }, index) => Deno.writeFileSync(paths[index], bytes));
  assertEquals(await countsOf(paths), CAPTURES.map(({ packets }) => packets.length));
  const sample = CAPTURES.flatMap((_, index) => (index + SEED) % 9 === 0 ? [index] : []);
  await inPairs(sample, async (index) => {
    const { label, packets } = CAPTURES[index];
    assertEquals(await rowsOf(paths[index]), expectedRows(packets), label.file);
  });
});

tsharkTest("tshark reads files of all formats as they are meant", async (folder) => {
  // Where a file is cut makes no difference to tshark.
  const some = FORMAT_VARIANTS.filter(({ name }) => !name.startsWith("cut_") || /half/.test(name));
  await inPairs(some.map(derived), async (variant) => {
    const rows = await rowsOf(put(variant, folder));
    assertEquals(rows, expectedRows(variant.packets), variant.what);
  });
});

tsharkTest("tshark reads packets of all kinds as they are meant", async (folder) => {
  // In one file, for each start of tshark takes as long as thousands of packets.
  const all = VARIANTS.filter((variant) => !FORMAT_VARIANTS.includes(variant))
    .map(derived)
    .filter(({ name }) => !UNREAD.includes(name));
  const path = `${folder}/all`;
  await Deno.writeFile(path, writePcapng(all.flatMap(({ packets }) => packets), { tsresol: 9 }));
  const rows = good(await rowsOf(path));
  for (const { what, packets } of all) {
    const expected = good(expectedRows(packets));
    assertEquals(rows.splice(0, expected.length), expected, what);
  }
  assertEquals(rows, []);
});

tsharkTest("capinfos counts the packets of each variant", async (folder) => {
  const all = VARIANTS.map(derived)
    .filter(({ name }) => !name.startsWith("cut_") && !COUNTED_OTHERWISE.includes(name));
  const counts = await countsOf(all.map((variant) => put(variant, folder)));
  all.forEach(({ what, packets }, index) => assertEquals(counts[index], packets.length, what));
});

Deno.test("variants that keep TCP have the original's packets, one for one", () => {
  for (const variant of VARIANTS.filter((one) => one.sameTcp)) {
    const { what, packets, original } = derived(variant);
    assertSameRows(feed(expectedRows(packets)), feed(expectedRows(original)), what);
  }
});

Deno.test("variants are the same for the same random numbers, and take an empty capture", () => {
  assertEquals(new Set(VARIANTS.map(({ name }) => name)).size, VARIANTS.length);
  const { packets } = CAPTURES.toSorted((a, b) => a.packets.length - b.packets.length)[2];
  for (const variant of VARIANTS) {
    const files = [1, 2].map(() => variant.derive(packets, random(SEED)));
    assertEquals(files[0].length, files[1].length, variant.name);
    // One by one in a script, 20 MB would take seconds.
    if (files[0].length < 1e6) assertEquals(files[0], files[1], variant.name);
    variant.derive([], random(SEED));
  }
});

/** The packets of a variant of `capture`. */
function variantOf(capture: Capture, name: string): Packet[] {
  const variant = VARIANTS.find((one) => one.name === name);
  assert(variant !== undefined, name);
  return parseCapture(variant.derive(capture.packets, random(SEED)));
}

/** Bytes of payload, each way. */
function payloads(packets: Packet[]): number[] {
  const both = [0, 0];
  for (const { tcp } of tcpsOf(packets)) both[toServer(tcp) ? 0 : 1] += tcp.length;
  return both;
}

Deno.test("variants that have packets twice, in another order or merged lose none", () => {
  for (const turn of [0, 5, 11]) {
    const capture = captureFor(turn);
    const [up, down] = payloads(capture.packets);
    for (const name of ["giants", "giants_length_zero", "neighbours_shuffled", "sequence_wrap"]) {
      assertEquals(payloads(variantOf(capture, name)), [up, down], name);
    }
    for (const name of ["twice", "twice_routed", "twice_on_bridge", "twice_on_any"]) {
      assertEquals(payloads(variantOf(capture, name)), [2 * up, 2 * down], name);
    }
  }
});

Deno.test("giants of a bulk transfer are fewer packets", () => {
  const capture = CAPTURES.find(({ label }) => label.file === "o_rwnd_bdp.pcap");
  assert(capture !== undefined);
  assert(variantOf(capture, "giants").length < 0.7 * capture.packets.length);
});

Deno.test("sequence numbers of a wrap end small after they began large", () => {
  const capture = CAPTURES.find(({ label }) => label.file === "i_healthy.pcap");
  assert(capture !== undefined);
  const down = tcpsOf(variantOf(capture, "sequence_wrap")).filter(({ tcp }) => !toServer(tcp));
  assert(down[0].tcp.seq > 2 ** 31);
  assert(down[down.length - 1].tcp.seq < 2 ** 31);
});

Deno.test("variants that have less have some of the same packets", () => {
  const names = VARIANTS.map(({ name }) => name)
    .filter((name) => /^(drops|only|starts|ends)_\w+$/.test(name));
  for (const turn of [0, 4, 13]) {
    const capture = captureFor(turn);
    const all = new Set(capture.packets.map(({ timeNs, bytes }) => `${timeNs} ${bytes}`));
    for (const name of names) {
      const some = variantOf(capture, name);
      assert(some.every(({ timeNs, bytes }) => all.has(`${timeNs} ${bytes}`)), name);
    }
    const up = tcpsOf(variantOf(capture, "only_to_server"));
    assert(up.every(({ tcp }) => toServer(tcp)));
    const down = tcpsOf(variantOf(capture, "only_from_server"));
    assert(down.every(({ tcp }) => !toServer(tcp)));
    assertEquals(up.length + down.length, tcpsOf(capture.packets).length);
  }
});

Deno.test("variants that lost packets lost about as many as they say", () => {
  const capture = CAPTURES.toSorted((a, b) => b.packets.length - a.packets.length)[0];
  for (const percent of [3, 10, 30]) {
    const left = variantOf(capture, `drops_${percent}`).length / capture.packets.length;
    assert(Math.abs(1 - left - percent / 100) < 0.05, `${percent}`);
  }
});

Deno.test("variants that are cut have the packets ahead of the cut", () => {
  const capture = captureFor(2);
  const untouched = capture.packets.map(({ bytes }) => bytes);
  for (const { name } of VARIANTS.filter((variant) => variant.name.startsWith("cut_"))) {
    const some = variantOf(capture, name);
    assert(some.length < untouched.length, name);
    assertEquals(some.map(({ bytes }) => bytes), untouched.slice(0, some.length), name);
  }
});
