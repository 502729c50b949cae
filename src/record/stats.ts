/**
 * Counters of a recording.
 *
 * @module
 */

/** What a recording has done so far. Always `receivedBytes = recordedBytes + bufferedBytes + lostBytes`. */
export interface RecorderStats {
  /** Chunks the tap was shown. */
  receivedChunks: number;
  /** Bytes of those. */
  receivedBytes: number;
  /** Chunks written to the directory. */
  recordedChunks: number;
  /** Bytes of those. */
  recordedBytes: number;
  /** Of the recorded bytes those that no completed fsync covers yet: a power cut may take them. */
  unsyncedBytes: number;
  /** Bytes in memory, on their way to the disk. */
  bufferedBytes: number;
  /** Bytes that came and are not recorded, because the recording ended before. */
  lostBytes: number;
  /** Completed fsyncs. */
  syncs: number;
  /** How often reading had to wait for the disk. */
  waits: number;
  /** How long it did, in milliseconds. */
  waitedMs: number;
}

/** Counters at zero. */
export function newRecorderStats(): RecorderStats {
  return {
    receivedChunks: 0,
    receivedBytes: 0,
    recordedChunks: 0,
    recordedBytes: 0,
    unsyncedBytes: 0,
    bufferedBytes: 0,
    lostBytes: 0,
    syncs: 0,
    waits: 0,
    waitedMs: 0,
  };
}
