/** Seeds that once found a defect, and what it was: of one handler, without a journal but where it says so. */
export const REGRESSIONS: readonly { seed: number; was: string; journals?: boolean }[] = [
  { seed: 11, was: "two ranges of one slab counted as two slabs: more was buffered than there is" },
  { seed: 128, was: "a client that found no server deleted what a dead process had spilled" },
  { seed: 135, was: "a client closed before all was recovered deleted the rest, uncounted" },
  { seed: 193, was: "closed while it delivered what it had spilled, a client gave another reason" },
  { seed: 250, was: "a disk that refused to be read was told of each second, not once" },
  { seed: 258, was: "an idle timeout discarded what a read had just brought, uncounted" },
  { seed: 575, was: "a client closed while the disk refused to be read left a timer" },
  { seed: 1162, was: "frames being written at close() counted as dropped, and came again" },
  { seed: 1218, was: "frames that close() could not pass counted as dropped, and came again" },
  { seed: 4297, was: "what was read and found no room in an index counted as a partial frame" },
  { seed: 9950, was: "a loop that was left while its client reconnected was lent another batch" },
  { seed: 36077, was: "a segment that came to nothing hid a record of the one before" },
  { seed: 94, journals: true, was: "a journal had no room but for what was handled before" },
  { seed: 689, journals: true, was: "a sync of a journal that failed was not tried again" },
  { seed: 361, journals: true, was: "what was handled while a journal was synced was not" },
  { seed: 1638, journals: true, was: "a full store did not try again to delete what was passed" },
];
