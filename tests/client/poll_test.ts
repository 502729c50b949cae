/** The socket comes first: what arrives during a handler call is read before many more follow. */
import { assert } from "@std/assert";
import { connect } from "../../mod.ts";

const FRAME_BYTES = 16;
const FRAMES = 400;
/** The socket is looked at behind each call; Deno left alone does so behind 61. */
const CALLS_MAX = 1;

Deno.test("connect() reads what came during a handler call before the backlog is handled", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepting = listener.accept();
  await using client = await connect(`127.0.0.1:${listener.addr.port}`, {
    framing: { type: "fixed_length", frameLength: FRAME_BYTES },
    dutyCycleMs: 0.01,
  });
  using server = await accepting;
  await server.write(new Uint8Array(FRAMES * FRAME_BYTES));
  let calls = 0;
  let seenAfter: number | undefined;
  await client.run({
    batch(_, { stats }) {
      const { bytesRead, framesPending } = stats();
      // The kernel takes so few bytes at once; the promise settles too late to wait for.
      if (calls === 0) server.write(new Uint8Array(FRAME_BYTES));
      else if (bytesRead > FRAMES * FRAME_BYTES) seenAfter ??= calls;
      calls += 1;
      const until = performance.now() + 0.1;
      while (performance.now() < until);
      if (framesPending === 0) server.closeWrite();
    },
  });
  assert(seenAfter !== undefined && seenAfter <= CALLS_MAX, `seen after ${seenAfter} calls`);
});
