/** Naive extraction of declared columns. */
import type { Column } from "../../../src/columns.ts";

/** The field of one frame; of a frame too short for it 0, or NaN for floats. */
export function columnValue(column: Column, frame: Uint8Array): number | bigint {
  const { type, at } = column;
  const little = column.byteOrder === "little";
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const width = Number(type.slice(1)) / 8;
  if (at + width > frame.length) {
    if (type[0] === "f") return NaN;
    return width === 8 ? 0n : 0;
  }
  switch (type) {
    case "u8":
      return view.getUint8(at);
    case "i8":
      return view.getInt8(at);
    case "u16":
      return view.getUint16(at, little);
    case "i16":
      return view.getInt16(at, little);
    case "u32":
      return view.getUint32(at, little);
    case "i32":
      return view.getInt32(at, little);
    case "u64":
      return view.getBigUint64(at, little);
    case "i64":
      return view.getBigInt64(at, little);
    case "f32":
      return view.getFloat32(at, little);
    case "f64":
      return view.getFloat64(at, little);
  }
}
