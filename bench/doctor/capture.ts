/**
 * A large capture, made of the small ones in tests/testdata: their packets again and again, each
 * time as other connections, later.
 */

/** Captures of plain Ethernet and IPv4. */
const SOURCES = ["a_slow_flap_rst", "b_cycle", "e_loss5", "i_healthy", "p_quiet", "l_tls_healthy"];
const SERVER_PORT = 4000;

const HEADER_BYTES = 24;
const RECORD_BYTES = 16;
/** Where the ports stand in a record: behind its header, Ethernet's and IPv4's. */
const PORTS_AT = RECORD_BYTES + 14 + 20;
/** From one round of all sources to the next. */
const ROUND_SECONDS = 20;
const PORT_STEP = 7;

/** All records of the sources, and where each begins. */
function records(): { bytes: Uint8Array; starts: number[] } {
  const parts = SOURCES.map((name) =>
    Deno.readFileSync(
      new URL(`../../tests/testdata/captures/${name}.pcap`, import.meta.url),
    ).subarray(HEADER_BYTES)
  );
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  const view = new DataView(bytes.buffer);
  const starts: number[] = [];
  for (at = 0; at < bytes.length; at += RECORD_BYTES + view.getUint32(at + 8, true)) {
    starts.push(at);
  }
  return { bytes, starts };
}

/** Writes a capture of at least `bytesMin` to `path`; gives its packets and connections. */
export function writeLargeCapture(
  path: string,
  bytesMin: number,
): { bytes: number; packets: number; connections: number } {
  const { bytes, starts } = records();
  const view = new DataView(bytes.buffer);
  using file = Deno.openSync(path, { write: true, create: true, truncate: true });
  file.writeSync(header());
  let rounds = 0;
  do {
    file.writeSync(bytes);
    rounds++;
    for (const at of starts) nextRound(view, at);
  } while (HEADER_BYTES + rounds * bytes.length < bytesMin);
  return {
    bytes: HEADER_BYTES + rounds * bytes.length,
    packets: rounds * starts.length,
    connections: rounds * SOURCES.length,
  };
}

/** Makes a record one of another connection, later. */
function nextRound(view: DataView, at: number): void {
  view.setUint32(at, view.getUint32(at, true) + ROUND_SECONDS, true);
  for (const port of [at + PORTS_AT, at + PORTS_AT + 2]) {
    const number = view.getUint16(port);
    if (number !== SERVER_PORT) view.setUint16(port, number + PORT_STEP);
  }
}

function header(): Uint8Array {
  const view = new DataView(new ArrayBuffer(HEADER_BYTES));
  view.setUint32(0, 0xa1b2c3d4, true);
  view.setUint16(4, 2, true);
  view.setUint16(6, 4, true);
  view.setUint32(16, 262_144, true);
  view.setUint32(20, 1, true);
  return new Uint8Array(view.buffer);
}
