/**
 * Where the packets of one side come from, by what routers and hosts write into
 * them: time to live and identification.
 *
 * @module
 */

const TTLS_MAX = 4;
/** Numbers of packets that follow each other differ by no more than a few. */
const ID_STEP_MAX = 64;
/** A side numbers its packets if this share of them follow each other. */
const NUMBERED_SHARE = 0.9;
const NUMBERED_MIN = 16;

/** Of one side. */
export class Origin {
  readonly ttls: number[] = [];
  #lastId = 0;
  #steps = 0;
  #inOrder = 0;
  #expected = 0;

  /** A packet that is surely this side's. `packets` is how many it stands for, if the capture merged some. */
  add(ttl: number, id: number, packets: number): void {
    if (!this.ttls.includes(ttl) && this.ttls.length < TTLS_MAX) this.ttls.push(ttl);
    if (id === 0) return;
    if (this.#lastId !== 0) {
      const step = (id - this.#lastId) & 0xffff;
      this.#steps++;
      if (step > 0 && step <= ID_STEP_MAX) this.#inOrder++;
    }
    this.#lastId = id;
    this.#expected = packets;
  }

  /** Packets of this side that were not captured before the one numbered `id`; NaN if it does not number them. */
  missingBefore(id: number): number {
    const numbered = this.#steps >= NUMBERED_MIN &&
      this.#inOrder >= NUMBERED_SHARE * this.#steps;
    if (!numbered || id === 0) return NaN;
    return Math.max(0, ((id - this.#lastId) & 0xffff) - this.#expected);
  }

  /** Hops by which `ttl` differs from all that were seen; 0 if it is one of them, or none was. */
  hopsOff(ttl: number): number {
    if (this.ttls.length === 0) return 0;
    return Math.min(...this.ttls.map((seen) => Math.abs(seen - ttl)));
  }
}
