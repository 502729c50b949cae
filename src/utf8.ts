/**
 * Text as UTF-8.
 *
 * @module
 */

/** Wrong bytes become U+FFFD; what looks like a byte order mark is text like any other within a stream. */
export const utf8: TextDecoder = new TextDecoder("utf-8", { ignoreBOM: true });
