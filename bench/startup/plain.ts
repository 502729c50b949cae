/** The first frame by hand: what the runtime alone needs to connect and read. */
const conn = await Deno.connect({ hostname: "127.0.0.1", port: Number(Deno.args[0]) });
const bytes = new Uint8Array(65_536);
let end = 0;
while (end < 68) end += await conn.read(bytes.subarray(end)) ?? Deno.exit(1);
Deno.exit(new DataView(bytes.buffer).getUint32(0) === 64 ? 0 : 1);
