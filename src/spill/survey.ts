/**
 * What all of a segment amounts to, its damage included.
 *
 * @module
 */

import { type Finding, FindingList } from "./finding.ts";
import { type RecordHeader, SEGMENT_HEADER_BYTES } from "./format.ts";
import { type BadPayload, type DamageAt, type SegmentInput, walk } from "./segment_input.ts";

/** What a segment amounts to. */
export interface Survey {
  /** Whole records. */
  records: number;
  /** Bytes of their payloads. */
  payloadBytes: number;
  /** Frames in them. */
  frames: number;
  /** Behind the last whole record. */
  end: number;
  /** Sequence behind it. */
  nextSequence: number;
  /** Connection of the last whole record, 0 if there is none. */
  lastEpoch: number;
  /** What lies between whole records and is none. */
  damage: FindingList;
  /** What lies behind the last whole one. */
  tail: Finding | undefined;
}

/** Reads a segment from end to end. `visit` gets every whole record's header. */
export async function survey(
  input: SegmentInput,
  segment: { name: string; firstSequence: number },
  visit: (header: RecordHeader, position: number) => void = () => {},
): Promise<Survey> {
  const result: Survey = {
    records: 0,
    payloadBytes: 0,
    frames: 0,
    end: SEGMENT_HEADER_BYTES,
    nextSequence: segment.firstSequence,
    lastEpoch: 0,
    damage: new FindingList(),
    tail: undefined,
  };
  /** Damage that no whole record has followed yet. */
  let open = new FindingList();
  let sequence = segment.firstSequence;
  for await (const met of walk(input, segment.firstSequence)) {
    const at = met.type === "bad_payload" ? met.record : met;
    if (at.type === "record" && at.header.sequence > sequence) {
      open.add(missing(segment.name, at.position, sequence, at.header.sequence));
    }
    if (met.type !== "record") open.add(findingOf(met, segment.name, sequence));
    sequence = at.type === "record" ? at.header.sequence + 1 : at.nextSequence ?? sequence;
    if (met.type !== "record") continue;
    const { header } = met;
    result.damage.addAll(open);
    open = new FindingList();
    result.records += 1;
    result.payloadBytes += header.payloadBytes;
    result.frames += header.frameCount;
    result.end = met.next;
    result.nextSequence = sequence;
    result.lastEpoch = header.epoch;
    visit(header, met.position);
  }
  if (open.total > 0) result.tail = tailOf(open, result.end, input.end);
  return result;
}

/** Damage as a finding; `sequence` is that of the record which should be there. */
export function findingOf(met: DamageAt | BadPayload, file: string, sequence: number): Finding {
  const { expected, actual } = met;
  if (met.type === "bad_payload") {
    const { position, next } = met.record;
    return {
      type: "bad_payload",
      file,
      offset: position,
      bytes: next - position,
      records: 1,
      expected,
      actual,
      action: "none",
    };
  }
  return {
    type: "bad_record",
    file,
    offset: met.position,
    bytes: met.next - met.position,
    records: Math.max(0, (met.nextSequence ?? sequence + 1) - sequence),
    expected,
    actual,
    action: "none",
  };
}

/** Records `from` to `to - 1` are nowhere, though the bytes around are whole. */
export function missing(file: string, offset: number, from: number, to: number): Finding {
  return {
    type: "missing_records",
    file,
    offset,
    bytes: 0,
    records: to - from,
    expected: `sequence ${from}`,
    actual: `${to}`,
    action: "none",
  };
}

function tailOf(open: FindingList, offset: number, end: number): Finding {
  const [first] = open.kept;
  return { ...first, type: "torn_tail", offset, bytes: end - offset, records: open.total };
}
