/**
 * Events for the user.
 *
 * @module
 */

/** Tells the user; what `onEvent` throws is reported as uncaught, since no read loop may end by it. */
export function tell<E>(settings: { onEvent?: (event: E) => void }, event: E): void {
  try {
    settings.onEvent?.(event);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
