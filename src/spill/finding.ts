/**
 * What can be wrong in a spill directory.
 *
 * @module
 */

/** Names of what can be wrong. */
export type FindingType =
  /** Behind the last whole record of the newest segment lies a part of one. */
  | "torn_tail"
  /** Where a record should begin there is none. */
  | "bad_record"
  /** A record's header is whole and its payload is not. */
  | "bad_payload"
  /** A segment's own header is damaged. */
  | "bad_segment"
  /** Records that should be there are not. */
  | "missing_records"
  /** A cursor's file is damaged. */
  | "bad_cursor"
  /** A file that was never finished. */
  | "unfinished_file";

/** What was done about it. */
export type FindingAction =
  /** Nothing: it was only looked at. */
  | "none"
  /** The bytes were cut off. */
  | "cut"
  /** The bytes are still there, and readers go on behind them. */
  | "skipped"
  /** The file has another name now and is not read any more. */
  | "set_aside"
  /** The file was removed: no record can have been in it. */
  | "removed"
  /** Its name is still registered, and begins at the oldest record. */
  | "reset"
  /** What was begun with the file was brought to its end. */
  | "finished";

/** Something wrong, and where. */
export interface Finding {
  /** What it is. */
  type: FindingType;
  /** Name of the file. */
  file: string;
  /** Where in the file it begins. */
  offset: number;
  /** How many bytes it is about. */
  bytes: number;
  /** Records that are lost by it; in a torn tail, those that can be told apart. */
  records: number;
  /** What should have been there. */
  expected: string;
  /** What is there. */
  actual: string;
  /** What was done about it. */
  action: FindingAction;
}

const ACTIONS: Readonly<Record<FindingAction, string>> = {
  none: "nothing was changed",
  cut: "cut off",
  skipped: "skipped",
  set_aside: "set aside",
  removed: "removed",
  reset: "begins at the oldest record",
  finished: "finished",
};

/** A finding as a sentence. */
export function findingSentence(finding: Finding): string {
  const { file, offset, bytes, records, expected, actual, action } = finding;
  const lost = records === 1 ? "1 record" : `${records} records`;
  return `${file} at ${offset}: expected ${expected}, got ${actual} (${bytes} bytes, ${lost}, ${
    ACTIONS[action]
  })`;
}

/** Findings kept one by one; a ruined directory may have millions. */
const FINDINGS_MAX = 1000;

/** A list of findings that counts all and keeps the first. */
export class FindingList {
  /** The first thousand. */
  readonly kept: Finding[] = [];
  /** How many there were. */
  total = 0;

  /** Adds one. */
  add(finding: Finding): void {
    this.total += 1;
    if (this.kept.length < FINDINGS_MAX) this.kept.push(finding);
  }

  /** Adds all of another list. */
  addAll(other: FindingList): void {
    for (const finding of other.kept) this.add(finding);
    this.total += other.total - other.kept.length;
  }
}
