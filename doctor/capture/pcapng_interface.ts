/**
 * What a pcapng section says of an interface: its link type and how it counts time.
 * Source: draft-ietf-opsawg-pcapng, section 4.2.
 *
 * @module
 */

const OPTION_TSRESOL = 9;
const OPTION_TSOFFSET = 14;
/** Bytes before the options: block type and length, link type, reserved, snapshot length. */
const OPTIONS_AT = 16;
const LENGTH_AFTER = 4;
/** Microseconds. */
const TSRESOL_DEFAULT = 6;

const NS = 1_000_000_000n;

/** One interface of a section. */
export class CaptureInterface {
  readonly linkType: number;
  /** 0: no limit. */
  readonly snapLength: number;
  readonly #unitsPerSecond: bigint;
  readonly #offsetNs: bigint;
  /** Time of the first packet in the interface's units, in two halves, and what that is on the capture's clock. */
  #firstHigh = 0;
  #firstLow = 0;
  #firstMs: number | undefined;
  readonly #msPerUnit: number;

  /** `at` is where the block begins. */
  constructor(view: DataView, at: number, length: number, littleEndian: boolean) {
    this.linkType = view.getUint16(at + 8, littleEndian);
    this.snapLength = view.getUint32(at + 12, littleEndian);
    const options = timeOptions(view, at + OPTIONS_AT, at + length - LENGTH_AFTER, littleEndian);
    const exponent = options.resolution & 0x7f;
    this.#unitsPerSecond = options.resolution & 0x80
      ? 1n << BigInt(exponent)
      : 10n ** BigInt(exponent);
    this.#offsetNs = options.offsetSeconds * NS;
    this.#msPerUnit = 1000 / Number(this.#unitsPerSecond);
  }

  /** Milliseconds on the capture's clock of a time in two halves; `sinceStart` sets that clock. */
  timeMs(high: number, low: number, sinceStart: (ns: bigint) => number): number {
    if (this.#firstMs === undefined) {
      const units = (BigInt(high) << 32n) | BigInt(low);
      this.#firstHigh = high;
      this.#firstLow = low;
      this.#firstMs = sinceStart(units * NS / this.#unitsPerSecond + this.#offsetNs);
    }
    // Differences are small enough for a double to be exact.
    const units = (high - this.#firstHigh) * 2 ** 32 + (low - this.#firstLow);
    return this.#firstMs + units * this.#msPerUnit;
  }
}

function timeOptions(
  view: DataView,
  from: number,
  end: number,
  littleEndian: boolean,
): { resolution: number; offsetSeconds: bigint } {
  const found = { resolution: TSRESOL_DEFAULT, offsetSeconds: 0n };
  for (let at = from; at + 4 <= end;) {
    const code = view.getUint16(at, littleEndian);
    const length = view.getUint16(at + 2, littleEndian);
    if (code === 0 || at + 4 + length > end) break;
    if (code === OPTION_TSRESOL && length >= 1) found.resolution = view.getUint8(at + 4);
    if (code === OPTION_TSOFFSET && length >= 8) {
      found.offsetSeconds = view.getBigInt64(at + 4, littleEndian);
    }
    at += 4 + (length + 3 & ~3);
  }
  return found;
}
