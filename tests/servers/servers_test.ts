/** The servers other tests rely on, put to the test themselves. */
import { assert, assertEquals } from "@std/assert";
import { type Netns, openNetns } from "./netns.ts";

const file = (name: string): string => new URL(name, import.meta.url).pathname;
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** Whether a program can be run here. */
async function has(program: string): Promise<boolean> {
  try {
    return (await new Deno.Command(program, { args: ["--version"], stdout: "null" }).output())
      .success;
  } catch {
    return false;
  }
}

/** Network namespaces, asked for once. */
async function hasNetns(): Promise<boolean> {
  const netns = await openNetns();
  if (typeof netns === "string") {
    console.log(`skipped: ${netns}`);
    return false;
  }
  await netns[Symbol.asyncDispose]();
  return true;
}

const linux = Deno.build.os === "linux";
const canRst = linux && await has("python3");
const canStory = linux && await has("gcc") && await has("python3") && await hasNetns();

Deno.test({
  name: "rst.py sends N patterned bytes, then resets",
  ignore: !canRst,
  fn: async () => {
    const server = new Deno.Command("python3", {
      args: [file("rst.py"), "--bytes", "100000", "--connections", "5", "--max-chunk", "3000"],
      stdout: "piped",
    }).spawn();
    const lines = server.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const port = Number((await lines.read()).value);
    for (let round = 0; round < 5; round++) {
      using conn = await Deno.connect({ hostname: "127.0.0.1", port });
      const received = new Uint8Array(200_000);
      let size = 0;
      let code = "eof";
      try {
        for (let n: number | null = 0; n !== null; size += n ?? 0) {
          n = await conn.read(received.subarray(size));
        }
      } catch (error) {
        code = String((error as { code?: string }).code);
      }
      assertEquals([size, code], [100_000, "ECONNRESET"]);
      assert(received.subarray(0, size).every((byte, k) => byte === (k * 31 + 7) % 251));
    }
    assertEquals((await server.status).success, true);
    await lines.cancel();
  },
});

Deno.test({
  name: "openNetns() gives a network of its own with small buffers",
  ignore: !canStory,
  fn: async () => {
    const netns = await openNetns({ tcpWmem: [4096, 8192, 32_768] });
    if (typeof netns === "string") throw new Error(netns);
    await using _ = netns;
    const cat = async (path: string): Promise<string> =>
      text((await netns.command("cat", { args: [path] }).output()).stdout);
    assertEquals(await cat("/proc/sys/net/ipv4/tcp_wmem"), "4096\t8192\t32768\n");
    assertEquals(await cat("/proc/sys/net/ipv4/tcp_rmem"), "4096\t16384\t65536\n");
    const options = { args: ["/proc/self/ns/net"] };
    const inside = await netns.command("readlink", options).output();
    const outside = await new Deno.Command("readlink", options).output();
    assert(text(inside.stdout) !== text(outside.stdout));
  },
});

/** Reads to the end, `pauses` times with a pause of so many seconds behind; prints what it got. */
const CLIENT = `
import socket, sys, time
port, size, pauses, seconds = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
got, end = 0, "eof"
with socket.create_connection(("127.0.0.1", port)) as conn:
    try:
        while data := conn.recv(size):
            got += len(data)
            if pauses > 0:
                pauses -= 1
                time.sleep(seconds)
    except ConnectionResetError:
        end = "reset"
print(got, end)
`;

/** Runs story.c and one client in a namespace: the server's log and the client's line. */
async function story(
  netns: Netns,
  binary: string,
  options: string[],
  client: string[],
): Promise<{ log: Record<string, unknown>[]; client: string }> {
  const server = netns.command(binary, { args: options, stdout: "piped" }).spawn();
  const output = server.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let log = (await output.read()).value ?? "";
  const { port } = JSON.parse(log);
  const reader = await netns.command("python3", { args: ["-c", CLIENT, String(port), ...client] })
    .output();
  for (let part = await output.read(); !part.done; part = await output.read()) log += part.value;
  assertEquals((await server.status).code, 0);
  return {
    log: log.trim().split("\n").map((line) => JSON.parse(line)),
    client: text(reader.stdout).trim(),
  };
}

Deno.test({
  name: "story.c cuts who reads too slowly, and only those",
  ignore: !canStory,
  fn: async () => {
    const directory = await Deno.makeTempDir();
    const binary = `${directory}/story`;
    const build = await new Deno.Command("gcc", {
      args: ["-O2", "-Wall", "-Wextra", "-Werror", "-o", binary, file("story.c")],
    }).output();
    assertEquals(text(build.stderr), "");
    const netns = await openNetns();
    if (typeof netns === "string") throw new Error(netns);
    await using _ = netns;

    // 64 bytes a frame, 640 kB a second in bursts of 64 kB, for a second.
    const pace = ["--payload", "60", "--burst", "1000", "--every-ms", "100", "--frames", "10000"];
    const overrun = ["--max-queue", "300000"];
    const fast = await story(netns, binary, [...pace, ...overrun], ["65536", "0", "0"]);
    assertEquals(fast.client, "640000 eof");
    const finish = fast.log.at(-1) ?? {};
    assertEquals([finish.type, finish.framesAccepted, finish.queueBytes], ["finish", 10_000, 0]);

    const slow = await story(netns, binary, [...pace, ...overrun], ["64", "150", "0.01"]);
    assert(slow.client.endsWith(" reset"), slow.client);
    const cut = slow.log.at(-1) ?? {};
    assertEquals([cut.type, cut.reason, cut.how], ["cut", "queue_overrun", "rst"]);
    assert(Number(cut.queueBytes) > 300_000 && Number(cut.maxKernelQueueBytes) > 0);

    const asleep = await story(
      netns,
      binary,
      [...pace, "--no-progress-ms", "400"],
      ["64", "1", "2.5"],
    );
    assert(asleep.client.endsWith(" reset"), asleep.client);
    const stalled = asleep.log.at(-1) ?? {};
    assertEquals([stalled.type, stalled.reason], ["cut", "no_progress"]);
    assert(Number(stalled.longestStallMs) >= 400);
    await Deno.remove(directory, { recursive: true });
  },
});
