/** Captures damaged at random, the same each time for the same numbers. */
import { chance, magnitude, pick } from "../../simulation/chance.ts";
import { between, type Random } from "../../spill/random.ts";
import { gzip, type Packet, parseCapture, writePcap, writePcapng } from "./capture.ts";
import { FILE_DAMAGE } from "./fuzz_bytes.ts";
import { CAPTURE_DAMAGE } from "./fuzz_packets.ts";

/** As many as a run may have; of the seeds most say all they have to say in fewer. */
const PACKETS_MAX = 400;

/** Of seeds used before, for reading one takes longer than all else. */
const parsed = new WeakMap<Uint8Array, Packet[]>();

function packetsOf(seed: Uint8Array): Packet[] {
  const packets = parsed.get(seed) ?? parseCapture(seed);
  parsed.set(seed, packets);
  return packets;
}

/** A stretch of a seed's packets. */
function someOf(packets: Packet[], draw: Random): Packet[] {
  const start = chance(draw, 0.5) ? 0 : between(draw, 0, Math.max(0, packets.length - 1));
  return packets.slice(start, start + magnitude(draw, 1, PACKETS_MAX));
}

/** A file in any of the formats. */
function written(packets: Packet[], draw: Random): Uint8Array {
  const byteOrder = pick(draw, "little", "big");
  const one = new Set(packets.map(({ linkType }) => linkType)).size <= 1;
  if (one && chance(draw, 0.5)) {
    return writePcap(packets, { byteOrder, resolution: pick(draw, "us", "ns") });
  }
  return writePcapng(packets, {
    byteOrder,
    tsresol: pick(draw, 6, 9, 3, 0x80 | 20),
    interfaces: between(draw, 1, 3),
    sections: between(draw, 1, 3),
    options: chance(draw, 0.5),
    blocks: chance(draw, 0.5) ? ["unknown", "custom", "names", "statistics"] : [],
    blockOf: () => pick(draw, "enhanced", "enhanced", "obsolete", "simple"),
  });
}

/** A capture made of one of `seedBytes`, with packets, file or both damaged. */
export function fuzzedCapture(seedBytes: Uint8Array[], draw: Random): Uint8Array {
  let packets = someOf(packetsOf(pick(draw, ...seedBytes)), draw);
  const where = pick(draw, "packets", "file", "both");
  if (where !== "file") packets = pick(draw, ...CAPTURE_DAMAGE)(packets, draw);
  let file = written(packets, draw);
  if (where === "packets") return chance(draw, 0.1) ? gzip(file) : file;
  for (let left = between(draw, 1, 2); left > 0; left--) {
    file = pick(draw, ...FILE_DAMAGE)(file, draw);
  }
  return file;
}
