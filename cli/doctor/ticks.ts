/**
 * Where axes have their ticks. The page's script gets the text of these functions,
 * so each stands alone: it uses nothing from outside of itself.
 *
 * @module
 */

/** The smallest of 1, 2 and 5 times a power of ten that cuts `span` into at most `most` parts. */
export function decimalStep(span: number, most: number): number {
  const power = 10 ** Math.floor(Math.log10(span / most));
  return ([1, 2, 5].find((factor) => span / (factor * power) <= most) ?? 10) * power;
}

/** The smallest power of two that cuts `span` into at most `most` parts. */
export function binaryStep(span: number, most: number): number {
  return 2 ** Math.max(0, Math.ceil(Math.log2(span / most)));
}

/** The multiples of `step` from `from` to `to`. */
export function multiples(step: number, from: number, to: number): number[] {
  const first = Math.ceil(from / step - 1e-9);
  const count = Math.floor(to / step + 1e-9) - first + 1;
  // Multiplied, not added up: 0.1 + 0.2 is no tick.
  return Array.from({ length: Math.max(0, count) }, (_, i) => (first + i) * step);
}

/** A time on an axis whose ticks are `stepMs` apart: as many decimals as tell them apart. */
export function tickTime(ms: number, stepMs: number): string {
  const decimals = Math.min(6, Math.max(0, -Math.floor(Math.log10(stepMs / 1000) + 1e-9)));
  return `${(ms / 1000).toFixed(decimals)} s`;
}
