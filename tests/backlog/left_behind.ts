/** Clients that spill onto a disk in memory, and what a process that died has left there. */
import type { Client, ClientEvent, Overflow, Target } from "../../mod.ts";
import { connect } from "../../mod.ts";
import { spillBy } from "../../src/backlog/spill_to.ts";
import { openSpill } from "../../src/spill/open.ts";
import type { OpenStore } from "../../src/spill/record_store.ts";
import { FRAMING, numbered, numbersOf, until, within } from "../client/harness.ts";
import { FaultDisk } from "../spill/fault_disk.ts";
import { random } from "../spill/random.ts";
import { ScriptedTransport } from "../transport/scripted.ts";

/** Size of a slab, and of a segment. */
export const SLAB_BYTES = 256 * 1024;
/** Frames that the process that died was sent. */
export const FRAMES = 40_000;
/** Numbers of frames that it was not sent begin here. */
export const NEW = 1_000_000;

/** What a client is given beside its disk. */
export interface SpillingOptions {
  target?: Target;
  onEvent?: (event: ClientEvent) => void;
  openStore?: OpenStore;
  segmentBytes?: number;
  /** Spills by default. */
  whenFull?: (openStore: OpenStore, directory: string) => Overflow;
}

/** A client of two slabs that spills to `disk`. */
export async function spilling(disk: FaultDisk, options: SpillingOptions = {}): Promise<Client> {
  const { target = new ScriptedTransport(), onEvent, segmentBytes = SLAB_BYTES } = options;
  const { openStore = (_, options) => openSpill(disk, options) } = options;
  const { whenFull = (open, path) => spillBy(open, path, { segmentBytes }) } = options;
  return await connect(target, {
    framing: FRAMING,
    bufferBytes: 2 * SLAB_BYTES,
    whenFull: whenFull(openStore, disk.path),
    onEvent,
  });
}

/** The disk a process left that died with no frame handled, and how many it had spilled. */
export async function leftBehind(
  options: SpillingOptions = {},
): Promise<{ disk: FaultDisk; frames: number }> {
  const disk = new FaultDisk(random(1));
  const transport = new ScriptedTransport(numbered(FRAMES, 60));
  await using client = await spilling(disk, { ...options, target: transport });
  await until(() => transport.starved, "whole stream");
  await until(() => client.stats().framesSpilled > FRAMES / 2, "spilled frames");
  return { disk: disk.copy(), frames: client.stats().framesSpilled };
}

/** Numbers of the frames on a disk, handed out by a client of its own. */
export async function recovered(
  disk: FaultDisk,
  options: SpillingOptions = {},
): Promise<number[]> {
  const numbers: number[] = [];
  const target = new ScriptedTransport(null);
  await using client = await spilling(disk, { ...options, target });
  await within(
    client.run({ batch: (batch) => void numbers.push(...numbersOf(batch)) }),
    "end of the feed",
  );
  return numbers;
}
