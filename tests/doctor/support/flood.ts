/** Captures of very many connections, made by changing a few bytes of one. */
import { concat, viewOf } from "./bytes.ts";
import { captureOf, type Scene } from "./scene.ts";

const FILE_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;
const IP_AT = 14;
const IP_BYTES = 20;
const CLIENT_PORT = 50_000;

/** The last bytes of the clients' address, and their port. */
export interface Client {
  host: number;
  port: number;
}

/** Where client `host` and `port` stand in a record: ahead if it sends, behind if it receives. */
function rename(view: DataView, at: number, client: Client): void {
  const ip = at + RECORD_HEADER_BYTES + IP_AT;
  const sends = view.getUint16(ip + IP_BYTES) === CLIENT_PORT;
  view.setUint16(ip + (sends ? 14 : 18), client.host);
  view.setUint16(ip + IP_BYTES + (sends ? 0 : 2), client.port);
}

/** `scene` once for each client, a millisecond of `everyMs` after each other; IPv4 only. */
export function flood(scene: Scene, clients: Client[], everyMs: number): Uint8Array<ArrayBuffer> {
  const one = captureOf(scene);
  const header = one.subarray(0, FILE_HEADER_BYTES);
  const records = one.subarray(FILE_HEADER_BYTES);
  const parts = clients.map((client, index) => {
    const copy = records.slice();
    const view = viewOf(copy);
    for (let at = 0; at < copy.length;) {
      rename(view, at, client);
      const micros = Math.round(index * everyMs * 1000);
      const units = view.getUint32(at + 4, true) + (micros % 1e6) * 1000;
      const seconds = view.getUint32(at, true) + Math.floor(micros / 1e6) + Math.floor(units / 1e9);
      view.setUint32(at, seconds, true);
      view.setUint32(at + 4, units % 1e9, true);
      at += RECORD_HEADER_BYTES + view.getUint32(at + 8, true);
    }
    return copy;
  });
  return concat([header, ...parts]);
}

/** So many clients, each another one. */
export function clientsOf(count: number): Client[] {
  return Array.from({ length: count }, (_, i) => ({
    host: 256 + Math.floor(i / 1000),
    port: 20_000 + i % 1000,
  }));
}
