/**
 * The core and its memory: configured for one framing, scanning slab after slab.
 *
 * @module
 */

import { checkColumns, type Column as ColumnSpec, COLUMN_ARRAYS, missingBits } from "../columns.ts";
import {
  type CorruptMemoryError,
  FramingError,
  OptionError,
  type ViolationName,
} from "../errors.ts";
import type { Framing } from "../framing.ts";
import {
  ByteOrder,
  Column,
  HEAP_BASE,
  Outcome,
  Rule,
  RULES_MAX,
  Slab,
  STORES_RAW,
  Violation,
} from "./abi.ts";
import { delimiterBytes, framerConfig, strippedBytes, writeFramer } from "./configure.ts";
import { Guard, type GuardedExports, nonsense, trapping } from "./guard.ts";
import {
  chunkBytesFor,
  type Layout,
  layOut,
  slabBytesFor,
  type SlabLayout,
  SLABS,
} from "./layout.ts";
import { coreModule } from "./module.ts";

/** 4 GiB, the most linear memory a module may have. */
const MEMORY_BYTES_MAX = 2 ** 32;
const MEMORY_PAGES_MAX = MEMORY_BYTES_MAX / (64 * 1024);

/** One is read into while the other one's frames are handled. */
const SLABS_MIN = 2;
const SLABS_MAX = 4096;

/** Options of {@linkcode Core}. */
export interface CoreOptions {
  /** How the stream is cut into frames. */
  framing: Framing;
  /** Fields to gather. Default none. */
  columns?: readonly ColumnSpec[];
  /** Frames to count, for respond rules. Default none. */
  matches?: readonly Uint8Array[];
  /** Bytes of all slabs, of which there are 2 to 4096. Default 16 slabs. */
  bufferBytes?: number;
  /** Lanes that get frames by key: the index has room for a copy in their order. Default 0. */
  keyLanes?: number;
  /** Puts everything into memory that other threads can be given; needs a core built for it. Default `false`. */
  sharedMemory?: boolean;
  /** A compiled core, where code can't be compiled at run time. Default: the embedded one, which is not for shared memory. */
  module?: WebAssembly.Module;
}

interface CoreExports extends Partial<GuardedExports> {
  init(framer: number): void;
  reset(framer: number): void;
  scan(
    framer: number,
    slab: number,
    rules: number,
    ruleCount: number,
    frames: number,
    from: number,
    end: number,
    outcome: number,
  ): void;
  __heap_base: WebAssembly.Global;
}

/** What one scan did. One object, reused: valid until the next scan. */
export interface ScanOutcome {
  /** One of `Status`. */
  status: number;
  /** Frames in the slab's index now. */
  frames: number;
  /** Position in the slab of the first unframed byte. */
  framed: number;
  /** Frames and bytes discarded under `onInvalid: "skip"`. */
  skippedFrames: number;
  skippedBytes: number;
  /** Bytes between frames that carry nothing. */
  paddingBytes: number;
  /** Fields of columns that lay behind the end of their frame. */
  missingFields: number;
}

const VIOLATION_NAMES = Object.keys(Violation) as (ViolationName | "none")[];

/** One instance of the core, with memory of its own. */
export class Core {
  /** The memory everything lies in. */
  readonly memory: WebAssembly.Memory;
  /** Addresses of slabs and index. */
  readonly layout: Layout;
  /** The declared columns. */
  readonly columns: readonly ColumnSpec[];
  /** Whether frames have raw offsets and lengths of their own. */
  readonly storesRaw: boolean;
  /** Bytes cut from the front of each frame. */
  readonly strippedBytes: number;
  /** Bytes cut from its end. */
  readonly delimiterBytes: number | "line_end";
  /** So much is read at once, at most. */
  readonly chunkBytes: number;
  readonly #exports: CoreExports;
  readonly #matchCount: number;
  /** Only where others can write the memory. */
  readonly #guard: Guard | undefined;
  readonly #outcomeWords: Uint32Array;
  readonly #ruleWords: Uint32Array;
  readonly #outcome: ScanOutcome = {
    status: 0,
    frames: 0,
    framed: 0,
    skippedFrames: 0,
    skippedBytes: 0,
    paddingBytes: 0,
    missingFields: 0,
  };

  /** Throws an `OptionError` for options that can't work. */
  constructor(options: CoreOptions) {
    const config = framerConfig(options.framing);
    const matches = options.matches ?? [];
    this.columns = options.columns ?? [];
    checkColumns(this.columns);
    checkMatches(matches);
    this.storesRaw = STORES_RAW[config.kind];
    this.strippedBytes = strippedBytes(options.framing);
    this.delimiterBytes = delimiterBytes(options.framing);
    this.#matchCount = matches.length;

    const { sharedMemory = false } = options;
    const slabBytes = slabBytesFor(config.rawFrameLengthMax, options);
    this.chunkBytes = chunkBytesFor(slabBytes, sharedMemory);
    this.layout = layOut({
      slabBytes,
      slabCount: slabCountOf(options.bufferBytes ?? SLABS * slabBytes, slabBytes),
      storesRaw: this.storesRaw,
      columns: this.columns,
      ruleLengths: matches.map((match) => match.length),
      keyLanes: options.keyLanes ?? 0,
    });
    const { pages } = this.layout;
    if (pages > MEMORY_PAGES_MAX) {
      throw new OptionError(
        "bufferBytes",
        `a size that stays below 4 GiB of memory with its index, slabs of ${slabBytes} bytes`,
        options.bufferBytes,
      );
    }
    this.memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: sharedMemory });
    this.#exports = instantiate(options.module ?? coreModule(), this.memory, sharedMemory);

    const view = new DataView(this.memory.buffer);
    writeFramer(view, this.layout.framer, config);
    this.#writeRules(view, matches);
    for (const slab of this.layout.slabs) this.#writeSlab(view, slab);
    this.#outcomeWords = new Uint32Array(
      this.memory.buffer,
      this.layout.outcome,
      Outcome.BYTES / 4,
    );
    this.#ruleWords = new Uint32Array(
      this.memory.buffer,
      this.layout.rules,
      matches.length * Rule.BYTES / 4,
    );
    this.#exports.init(this.layout.framer);
    if (sharedMemory) {
      const counts = { rules: matches.length, columns: this.columns.length };
      this.#guard = new Guard(this.memory, this.layout, this.#exports as GuardedExports, counts);
    }
  }

  /** Whether other threads can be given the memory. */
  get shared(): boolean {
    return this.#guard !== undefined;
  }

  /** Forgets the partial frame: a new connection begins. */
  reset(): void {
    if (this.#guard === undefined) this.#exports.reset(this.layout.framer);
    else this.#guard.reset();
  }

  /**
   * Frames bytes `from` to `end` of a slab, behind the `frames` entries its index
   * has. Throws a `CorruptMemoryError` if the memory is shared and another thread
   * overwrote what the core relies on.
   */
  scan(slab: SlabLayout, frames: number, from: number, end: number): ScanOutcome {
    const guard = this.#guard;
    if (guard === undefined) {
      this.#scan(slab, frames, from, end);
      return this.#readOutcome();
    }
    guard.restore(slab);
    trapping(() => this.#scan(slab, frames, from, end));
    const result = this.#readOutcome();
    guard.check(result, { frames, from, end });
    guard.save(result.frames - frames);
    return result;
  }

  #scan(slab: SlabLayout, frames: number, from: number, end: number): void {
    const { framer, rules, outcome } = this.layout;
    this.#exports.scan(
      framer,
      slab.descriptor,
      rules,
      this.#matchCount,
      frames,
      from,
      end,
      outcome,
    );
  }

  #readOutcome(): ScanOutcome {
    const words = this.#outcomeWords;
    const result = this.#outcome;
    result.status = words[Outcome.status / 4];
    result.frames = words[Outcome.frames / 4];
    result.framed = words[Outcome.framed / 4];
    result.skippedFrames = words[Outcome.skipped_frames / 4];
    result.skippedBytes = words[Outcome.skipped_bytes / 4];
    result.paddingBytes = words[Outcome.padding_bytes / 4];
    result.missingFields = words[Outcome.missing_fields / 4];
    return result;
  }

  /** The error of a scan that ended `invalid`; `slabOffset` is the stream offset of the slab's first byte. */
  violation(slabOffset: number): FramingError | CorruptMemoryError {
    const words = this.#outcomeWords;
    const view = new DataView(this.memory.buffer, this.layout.outcome, Outcome.BYTES);
    const violation = words[Outcome.violation / 4];
    const name = VIOLATION_NAMES[violation];
    // Only where others can write the memory.
    if (name === undefined || name === "none") return nonsense("a violation", violation);
    return new FramingError({
      violation: name,
      expected: view.getBigUint64(Outcome.expected, true),
      actual: view.getBigInt64(Outcome.actual, true),
      offset: slabOffset + words[Outcome.violation_at / 4],
    });
  }

  /** Takes how often frames equalled match `i` since the last call. */
  takeHits(i: number): number {
    if (this.#guard !== undefined) return this.#guard.takeHits(i);
    const at = (i * Rule.BYTES + Rule.hits) / 4;
    const hits = this.#ruleWords[at];
    this.#ruleWords[at] = 0;
    return hits;
  }

  #writeRules(view: DataView, matches: readonly Uint8Array[]): void {
    for (const [i, match] of matches.entries()) {
      const rule = this.layout.rules + i * Rule.BYTES;
      new Uint8Array(this.memory.buffer).set(match, this.layout.ruleBytes[i]);
      view.setUint32(rule + Rule.bytes, this.layout.ruleBytes[i], true);
      view.setUint32(rule + Rule.length, match.length, true);
    }
  }

  #writeSlab(view: DataView, slab: SlabLayout): void {
    const put = (field: number, value: number) =>
      view.setUint32(slab.descriptor + field, value, true);
    put(Slab.bytes, slab.bytes);
    put(Slab.offsets, slab.offsets);
    put(Slab.lengths, slab.lengths);
    put(Slab.raw_offsets, slab.rawOffsets);
    put(Slab.raw_lengths, slab.rawLengths);
    put(Slab.capacity, this.layout.capacity);
    put(Slab.columns, slab.columns);
    put(Slab.column_count, this.columns.length);
    for (const [i, column] of this.columns.entries()) {
      const address = slab.columns + i * Column.BYTES;
      view.setUint32(address + Column.at, column.at, true);
      view.setUint32(address + Column.width, COLUMN_ARRAYS[column.type].BYTES_PER_ELEMENT, true);
      view.setUint32(address + Column.byte_order, ByteOrder[column.byteOrder ?? "big"], true);
      view.setUint32(address + Column.values, slab.columnValues[i], true);
      view.setBigUint64(address + Column.missing, missingBits(column.type), true);
    }
  }
}

function instantiate(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  shared: boolean,
): CoreExports {
  const file = shared ? "core_shared.wasm" : "core.wasm";
  const refused = (got: unknown) =>
    new OptionError("module", `Spillway's ${file} of the same version`, got);
  if (!(module instanceof WebAssembly.Module)) throw refused(module);
  let exports: CoreExports;
  try {
    exports = new WebAssembly.Instance(module, { env: { memory } }).exports as never;
  } catch (error) {
    if (!(error instanceof WebAssembly.LinkError)) throw error;
    throw refused("another module");
  }
  if (!(exports.__heap_base?.value <= HEAP_BASE)) throw refused("another module");
  return exports;
}

function slabCountOf(bufferBytes: number, slabBytes: number): number {
  const count = typeof bufferBytes === "number" ? Math.floor(bufferBytes / slabBytes) : NaN;
  if (!(count >= SLABS_MIN && count <= SLABS_MAX)) {
    const least = SLABS_MIN * slabBytes;
    const most = Math.min(SLABS_MAX * slabBytes, MEMORY_BYTES_MAX);
    throw new OptionError(
      "bufferBytes",
      `bytes from ${least} to ${most} with this framing`,
      bufferBytes,
    );
  }
  return count;
}

function checkMatches(matches: readonly Uint8Array[]): void {
  if (matches.length > RULES_MAX) {
    throw new OptionError("respond", `at most ${RULES_MAX} rules`, matches.length);
  }
  for (const [i, match] of matches.entries()) {
    if (match.length === 0) {
      throw new OptionError(`respond[${i}].match`, "at least one byte", match);
    }
  }
}
