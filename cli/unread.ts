/**
 * What waits on disk for other handlers than those of a run: one without a name
 * has a directory for itself, those with names have directories in it.
 *
 * @module
 */

import { join } from "node:path";
import { SpillwayError } from "../mod.ts";
import { waitingRecords } from "../src/spill/inspect.ts";
import type { LanePlan } from "./when_full.ts";
import { counted, verb } from "./words.ts";

/** A directory that a run does not read, and what waits there. */
export interface Unread {
  directory: string;
  records: number;
  /** Name of the handler that it waits for; `undefined` if that has none. */
  handler: string | undefined;
}

/** Those beside the ones of `handlers`, which are the names of a run's, none if its only one has none. */
export async function unreadBeside(
  whenFull: LanePlan["whenFull"],
  handlers: readonly string[],
): Promise<Unread[]> {
  if (typeof whenFull !== "object") return [];
  const parent = "journal" in whenFull ? whenFull.journal : whenFull.spill;
  const names = (await directoriesIn(parent)).filter((name) => !handlers.includes(name));
  const places: Omit<Unread, "records">[] = names.map((name) => {
    return { directory: join(parent, name), handler: name };
  });
  if (handlers.length > 0) places.unshift({ directory: parent, handler: undefined });
  const found: Unread[] = [];
  for (const place of places) {
    const records = await waitingIn(place.directory);
    if (records > 0) found.push({ ...place, records });
  }
  return found;
}

/** What waits where, and which run would read it. */
export function unreadSentence({ directory, records, handler }: Unread): string {
  const reader = handler === undefined
    ? "one whose only handler has no name"
    : `one with a handler named ${handler}`;
  return `${counted(records, "record")} of an earlier run ${
    verb(records, "waits in", "wait in")
  } ${directory}, which this one does not read: ${reader} does`;
}

/** None where one may not look, or nothing is yet: what is wrong there is for who opens it to tell. */
async function directoriesIn(parent: string): Promise<string[]> {
  try {
    const entries = await Array.fromAsync(Deno.readDir(parent));
    return entries.filter(({ isDirectory }) => isDirectory).map(({ name }) => name).sort();
  } catch {
    return [];
  }
}

/** 0 as well where something is wrong. */
async function waitingIn(directory: string): Promise<number> {
  try {
    return await waitingRecords(directory);
  } catch (error) {
    if (error instanceof SpillwayError) return 0;
    throw error;
  }
}
