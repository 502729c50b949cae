/** Run by Node: `node_client.mjs BUNDLE PORT` prints what came over a `net.Socket`, as JSON. */
import { once } from "node:events";
import { connect as open } from "node:net";
import { argv } from "node:process";
import { Duplex } from "node:stream";
import { pathToFileURL } from "node:url";

const [bundle, port] = argv.slice(2);
const { connect } = await import(pathToFileURL(bundle).href);
const framing = { type: "length_field", initialBytesToStrip: 4 };

const socket = open(Number(port), "127.0.0.1");
await once(socket, "connect");
const client = await connect(Duplex.toWeb(socket), { framing, hello: "GO\n" });
let sum = 0;
await client.run({
  batch(batch) {
    for (let i = 0; i < batch.count; i++) sum += batch.u32(i, 0);
  },
}).catch(() => {});
const { reason, code } = await client.closed;

const refusal = await connect(`127.0.0.1:${port}`, { framing }).catch((error) => error);
console.log(JSON.stringify({
  frames: client.stats().frames,
  sum,
  reason,
  code,
  refusal: `${refusal.name}: ${refusal.message}`,
}));
