/** `spillway doctor --live PID` of a process in a network namespace of its own, as in a container. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { linesOf } from "../../servers/lines.ts";
import { openNetns } from "../../servers/netns.ts";
import { leftOut, runLive } from "./real.ts";

/** Both ends of a connection, of which one is not read. Ends with its input. */
const PROGRAM = `import socket, sys
server = socket.create_server(("127.0.0.1", 9000))
client = socket.create_connection(("127.0.0.1", 9000))
accepted = server.accept()[0]
accepted.sendall(b"x" * 5000)
print("ready", flush=True)
sys.stdin.read()`;

async function ignored(): Promise<boolean> {
  if (await leftOut("doctor --live in a namespace", "python3", "ip")) return true;
  const netns = await openNetns();
  if (typeof netns !== "string") await netns[Symbol.asyncDispose]();
  else console.log(`skipped: doctor --live in a namespace, ${netns}`);
  return typeof netns === "string";
}

Deno.test({
  name: "--live PID looks into the network namespace of the process, HOST:PORT does not",
  ignore: await ignored(),
  async fn() {
    const netns = await openNetns();
    if (typeof netns === "string") throw new Error(netns);
    await using _netns = netns;
    const child = netns.command("python3", {
      args: ["-c", PROGRAM],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    try {
      for await (const _ready of linesOf(child.stdout)) break;
      const outside = await runLive(["--allow-run=cat"], ["--live", "127.0.0.1:9000"]);
      assertEquals(outside.code, 1);
      assertStringIncludes(outside.stderr, "of a container, give the PID");
      // ss lists the sockets of its own namespace only: that must neither fail nor mislead.
      const permission = "--allow-run=cat,ls,ss";
      const { code, stdout } = await runLive(
        [permission],
        ["--live", String(child.pid), "--for", "2s"],
      );
      assertEquals(code, 1, stdout);
      assertStringIncludes(stdout, `watching process ${child.pid}: 2 sockets\n`);
      assertStringIncludes(stdout, "to 127.0.0.1:9000: the program did not read for ");
      assertStringIncludes(stdout, ", 5.0 kB waited; it still does not read\n");
    } finally {
      await child.stdin.close();
      await child.status;
    }
  },
});
