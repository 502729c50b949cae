/**
 * What a directory of segments is for. All kinds share one format, and what one
 * does with its records would destroy another's: so every segment says whose it is.
 *
 * @module
 */

/**
 * `spill`: frames that memory had no room for · `journal`: all frames, until they
 * are handled · `dead_letters`: batches that were given up · `recording`: bytes as
 * they came · `unsaid`: who wrote it did not say
 */
export type DirectoryKind = "unsaid" | "spill" | "journal" | "dead_letters" | "recording";

/** All there are; on disk, each is its place among these. */
export const DIRECTORY_KINDS: readonly DirectoryKind[] = [
  "unsaid",
  "spill",
  "journal",
  "dead_letters",
  "recording",
];

const CONTENTS: Readonly<Record<DirectoryKind, string>> = {
  unsaid: "frames",
  spill: "a spill",
  journal: "a journal",
  dead_letters: "dead letters",
  recording: "a recording",
};

/** What a directory of this kind holds, for people. */
export function contentsOf(kind: DirectoryKind): string {
  return CONTENTS[kind];
}
