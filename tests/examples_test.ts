/** Every example, run as its first lines say, against a server. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { encodeNats } from "../push/encode.ts";
import { generatedFeed } from "../push/generate.ts";
import { startPushServer } from "../push/server.ts";
import { fileURLToPath } from "node:url";
import { join } from "./framing/bytes.ts";
import { receive, send, serve, until } from "./client/harness.ts";

interface Output {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a module of the project with the right to connect to `address`, and `rights`. */
async function run(address: string, rights: string[], ...args: string[]): Promise<Output> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", `--allow-net=${address}`, ...rights, ...args],
    cwd: fileURLToPath(new URL("../", import.meta.url)),
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

function example(name: string, address: string, ...args: string[]): Promise<Output> {
  return run(address, [], `examples/${name}.ts`, address, ...args);
}

Deno.test("examples/lines.ts turns lines into JSON", async () => {
  const feed = generatedFeed({ type: "lines" }, { size: 12 });
  await using server = await startPushServer({ feed, frames: 1000 });
  const address = `127.0.0.1:${server.port}`;
  const args = ["connect", address, "--framing", "lines", "--handler", "examples/lines.ts"];
  const { code, stdout } = await run(address, ["--allow-read=examples"], "cli.ts", ...args);
  const said = stdout.trim().split("\n").map((line) => JSON.parse(line));
  assertEquals([code, said.length], [0, 1000]);
  assert(said.every(({ at, line }, i) => at === i * 13 && Number(line.slice(0, 10)) === i));
});

Deno.test("examples/ticks.ts sums what the columns hold", async () => {
  const feed = generatedFeed({ type: "length_field" }, { size: 16, period: 500 });
  const prices = Array.from({ length: 500 }, (_, i) => {
    const { bytes } = feed.piece(i, 1, 0);
    return bytes[8] * 256 + bytes[9];
  });
  const mean = prices.reduce((sum, price) => sum + price) / prices.length;
  await using server = await startPushServer({ feed, frames: 50_000 });
  const { code, stdout } = await example("ticks", `127.0.0.1:${server.port}`);
  assertEquals([code, stdout], [0, `50000 ticks up to 499, mean price ${mean.toFixed(2)}\n`]);
});

Deno.test("examples/redis.ts subscribes, and prints the messages", async () => {
  const subscribe = "*2\r\n$9\r\nSUBSCRIBE\r\n$5\r\nticks\r\n";
  const message = (text: string) =>
    `*3\r\n$7\r\nmessage\r\n$5\r\nticks\r\n$${text.length}\r\n${text}\r\n`;
  await using server = serve(async (conn) => {
    assertEquals(await receive(conn, subscribe.length), subscribe);
    await send(conn, "*3\r\n$9\r\nsubscribe\r\n$5\r\nticks\r\n:1\r\n");
    await send(conn, message("12.5") + message("13"));
    await send(conn, "*2\r\n$4\r\npong\r\n$0\r\n\r\n" + message("14.25"));
  });
  const { code, stdout } = await example("redis", server.target, "ticks");
  assertEquals([code, stdout], [0, "12.5\n13\n14.25\n"]);
});

Deno.test("examples/nats.ts shakes hands, counts messages and answers pings", async () => {
  const hello = 'CONNECT {"verbose":false}\r\nSUB ticks 1\r\nPING\r\n';
  const message = encodeNats(new TextEncoder().encode("12.5"));
  await using server = serve(async (conn) => {
    await send(conn, 'INFO {"server_id":"test"}\r\n');
    assertEquals(await receive(conn, hello.length), hello);
    await send(conn, join("PONG\r\n", message, "PING\r\n", message, message));
    assertEquals(await receive(conn, 6), "PONG\r\n");
  });
  const { code, stdout } = await example("nats", server.target, "ticks");
  assertEquals([code, stdout], [
    0,
    `3 messages in ${3 * message.length} bytes, 1 pings answered\n`,
  ]);
});

Deno.test("examples/resilient.ts comes back, and gives up with a verdict", async () => {
  const feed = generatedFeed({ type: "lines" }, { size: 10 });
  await using server = await startPushServer({ feed, frames: 100, clients: 2 });
  const { code, stdout, stderr } = await example("resilient", `127.0.0.1:${server.port}`);
  assertEquals(code, 0);
  assertMatch(stdout, /^connection 1: up to 0000000099$/m);
  assertMatch(stdout, /^connection 2: up to 0000000099$/m);
  assertMatch(stderr, /^connected\neof after 100 frames: /);
  assertStringIncludes(stderr, "attempt 4 in ");
  assertMatch(stderr, /given up: .*ECONNREFUSED.*: nothing listens there/);
});

/** A directory to work in, the examples' own, and the rights to run handlers from there. */
async function inSandbox(
  body: (directory: string, rights: string[]) => Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir();
  const sources = fileURLToPath(new URL("../examples/sandbox/", import.meta.url));
  try {
    for (const name of ["store.ts", "relay.ts"]) {
      await Deno.copyFile(`${sources}${name}`, `${directory}/${name}`);
    }
    await body(directory, [`--allow-read=${directory}`, `--allow-run=${Deno.execPath()}`]);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Runs the command line in `directory`. */
async function connectFrom(
  directory: string,
  rights: string[],
  ...args: string[]
): Promise<Output> {
  const cli = fileURLToPath(new URL("../cli.ts", import.meta.url));
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", ...rights, cli, "connect", ...args],
    cwd: directory,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

Deno.test("examples/isolated prints lines from a handler that may do nothing else", async () => {
  await using server = serve((conn) => send(conn, "one\ntwo\n"));
  const directory = await Deno.makeTempDir();
  const rights = [
    "--unstable-worker-options",
    `--allow-read=${directory},src,examples/isolated`,
    `--allow-write=${directory}`,
  ];
  const args = ["examples/isolated/client.ts", server.target, directory];
  const { code, stdout, stderr } = await run(server.target, rights, ...args);
  assertEquals([code, stdout], [0, "one\ntwo\n"], stderr);
  assertMatch(stderr, /^2 lines, 0 of them from an earlier run$/m);
  await Deno.remove(directory, { recursive: true });
});

Deno.test("examples/sandbox/store.ts writes to the one file it may write to", async () => {
  await using server = serve((conn) => send(conn, "one\ntwo\n"));
  await inSandbox(async (directory, rights) => {
    const args = ["--handler", "store.ts", "--isolation", "process", "--deno", Deno.execPath()];
    const net = `--allow-net=${server.target}`;
    const grant = ["--grant", "store:write=lines.log"];
    const done = await connectFrom(directory, [net, ...rights], server.target, ...args, ...grant);
    assertEquals(done.code, 0, done.stderr);
    assertEquals(await Deno.readTextFile(`${directory}/lines.log`), "one\ntwo\n");
    const refused = await connectFrom(directory, [net, ...rights], server.target, ...args);
    assertEquals(refused.code, 3, refused.stderr);
    assertStringIncludes(refused.stderr, "grant it with --grant store:write=lines.log");
  });
});

Deno.test("examples/sandbox/spillway.jsonc gives two handlers different rights", async () => {
  await using server = serve((conn) => send(conn, "one\ntwo\n"));
  let heard = "";
  await using collector = serve(async (conn) => {
    heard += await receive(conn, 1000);
  });
  await inSandbox(async (directory, rights) => {
    const source = await Deno.readTextFile(
      new URL("../examples/sandbox/spillway.jsonc", import.meta.url),
    );
    // The same, but for the ports and the deno of this test, and an end.
    const config = source.replace('"localhost:9000"', JSON.stringify(server.target))
      .replaceAll('"deno": "deno"', `"deno": ${JSON.stringify(Deno.execPath())}`)
      .replace("127.0.0.1:9100", collector.target)
      .replace('"reconnect": { "maxAttempts": 5 },', "");
    await Deno.writeTextFile(`${directory}/spillway.jsonc`, config);
    const relay = await Deno.readTextFile(`${directory}/relay.ts`);
    await Deno.writeTextFile(`${directory}/relay.ts`, relay.replace("9100", `${collector.port}`));
    const net = `--allow-net=${server.target}`;
    const done = await connectFrom(directory, [net, ...rights], "--config", "spillway.jsonc");
    assertEquals(done.code, 0, done.stderr);
    assertEquals(await Deno.readTextFile(`${directory}/lines.log`), "one\ntwo\n");
    assertMatch(done.stderr, /^relay +2 frames in /m);
    await until(() => heard !== "", "end of the relay");
  });
  const counts = heard.trim().split("\n").map(Number);
  assertEquals(counts.reduce((sum, count) => sum + count), 2);
});
