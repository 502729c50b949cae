/**
 * Declared fields: what the core gathers from every frame into typed arrays.
 *
 * @module
 */

import { OptionError } from "./errors.ts";
import { COLUMNS_MAX, MAX_FRAME_LENGTH_LIMIT } from "./core/abi.ts";

/** Types a column can have. */
export type ColumnType =
  | "u8"
  | "i8"
  | "u16"
  | "i16"
  | "u32"
  | "i32"
  | "f32"
  | "u64"
  | "i64"
  | "f64";

/** A field at a fixed place of every frame. */
export interface Column {
  /** Name under which {@linkcode Batch.columns} has it. */
  readonly name: string;
  /** Type of the field. */
  readonly type: ColumnType;
  /** Offset in the delivered frame, in bytes. */
  readonly at: number;
  /** Default `"big"`, the order of networks. */
  readonly byteOrder?: "big" | "little";
}

/** The typed array a column type is gathered into. */
export type ColumnArray<T extends ColumnType = ColumnType> = ColumnArrays[T];

/** Typed arrays by column type. */
export interface ColumnArrays {
  /** Unsigned bytes. */
  u8: Uint8Array;
  /** Signed bytes. */
  i8: Int8Array;
  /** Unsigned 16-bit integers. */
  u16: Uint16Array;
  /** Signed 16-bit integers. */
  i16: Int16Array;
  /** Unsigned 32-bit integers. */
  u32: Uint32Array;
  /** Signed 32-bit integers. */
  i32: Int32Array;
  /** 32-bit floats. */
  f32: Float32Array;
  /** Unsigned 64-bit integers, as bigint. */
  u64: BigUint64Array;
  /** Signed 64-bit integers, as bigint. */
  i64: BigInt64Array;
  /** 64-bit floats. */
  f64: Float64Array;
}

/** The arrays of declared columns, by name. */
export type ColumnValues<C extends readonly Column[]> = {
  readonly [K in C[number] as K["name"]]: ColumnArray<K["type"]>;
};

/** Constructors by column type. */
export const COLUMN_ARRAYS: {
  readonly [T in ColumnType]: {
    readonly BYTES_PER_ELEMENT: number;
    new (buffer: ArrayBufferLike, offset: number, length: number): ColumnArrays[T];
  };
} = {
  u8: Uint8Array,
  i8: Int8Array,
  u16: Uint16Array,
  i16: Int16Array,
  u32: Uint32Array,
  i32: Int32Array,
  f32: Float32Array,
  u64: BigUint64Array,
  i64: BigInt64Array,
  f64: Float64Array,
};

/** Bits of the value a frame too short for the column gets: NaN, or 0 for integers. */
export function missingBits(type: ColumnType): bigint {
  if (type === "f32") return 0x7fc00000n;
  if (type === "f64") return 0x7ff8000000000000n;
  return 0n;
}

/** Throws an {@linkcode OptionError} for columns that can't be gathered. */
export function checkColumns(columns: readonly Column[]): void {
  if (columns.length > COLUMNS_MAX) {
    throw new OptionError("columns", `at most ${COLUMNS_MAX} columns`, columns.length);
  }
  if (!Array.isArray(columns)) throw new OptionError("columns", "a list of columns", columns);
  const names = new Set<string>();
  for (const [i, column] of columns.entries()) {
    if (typeof column !== "object" || column === null) {
      throw new OptionError(`columns[${i}]`, "an object", column);
    }
    if (typeof column.name !== "string" || column.name === "" || names.has(column.name)) {
      throw new OptionError(`columns[${i}].name`, "a name no other column has", column.name);
    }
    names.add(column.name);
    if (!Object.hasOwn(COLUMN_ARRAYS, column.type)) {
      throw new OptionError(
        `columns[${i}].type`,
        Object.keys(COLUMN_ARRAYS).join(", "),
        column.type,
      );
    }
    if (!Number.isInteger(column.at) || column.at < 0 || column.at > MAX_FRAME_LENGTH_LIMIT) {
      throw new OptionError(
        `columns[${i}].at`,
        `an offset from 0 to ${MAX_FRAME_LENGTH_LIMIT}`,
        column.at,
      );
    }
    if (
      column.byteOrder !== undefined && column.byteOrder !== "big" && column.byteOrder !== "little"
    ) {
      throw new OptionError(`columns[${i}].byteOrder`, `"big" or "little"`, column.byteOrder);
    }
  }
}
