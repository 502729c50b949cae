import { assertEquals, assertStringIncludes } from "@std/assert";
import { type Look, LookSplitter, parseLook } from "../../../doctor/live/look.ts";
import type { LiveTarget } from "../../../doctor/live/target.ts";
import { worstOf } from "../../../doctor/live/verdict.ts";
import { type LiveChange, LiveWatcher } from "../../../doctor/live/watcher.ts";
import { fixture } from "./fixtures.ts";

const TO_9000: LiveTarget = { kind: "server", addresses: new Set(["127.0.0.1"]), port: 9000 };
const [tcp, tcp6, ss, stat] = ["tcp", "tcp6", "ss", "stat"].map(fixture);

function look(text: string, atMs: number): Look {
  const splitter = new LookSplitter();
  for (const line of text.split("\n")) splitter.line(line, atMs);
  return parseLook(splitter.end() ?? { atMs, wallMs: undefined, tables: [], processes: [] }, {
    byteOrder: "little",
  });
}

function told(changes: LiveChange[]): string[] {
  return changes.map(({ before, socket }) =>
    `${socket.local.port} ${before ?? "new"} ${socket.status.state}`
  );
}

/** Shows the same text again and again, each 100 ms. */
function again(watcher: LiveWatcher, text: string, count: number, fromMs = 0): string[] {
  return Array.from({ length: count }, (_, i) => told(watcher.look(look(text, fromMs + i * 100))))
    .flat();
}

Deno.test("all sockets of the server are watched, IPv4 in IPv6 too, and no others", () => {
  const watcher = new LiveWatcher(TO_9000);
  assertEquals(again(watcher, tcp + tcp6, 1), [
    "33920 new keeping_up",
    "33944 new peer_closed",
    "33932 new keeping_up",
  ]);
  const local6: LiveTarget = { kind: "server", addresses: new Set(["::1"]), port: 9000 };
  assertEquals(again(new LiveWatcher(local6), tcp + tcp6, 1), ["43154 new keeping_up"]);
});

Deno.test("what is on the other end of this machine is seen, too", () => {
  const watcher = new LiveWatcher(TO_9000);
  again(watcher, tcp + tcp6, 11);
  const [first] = watcher.sockets();
  assertEquals(
    first.status.sentence,
    "the program has not read for 1.0 s, 127 kB wait; " +
      "the window is shut, the server must wait, 3.9 MB with the server",
  );
  assertEquals(first.info, undefined);
  assertEquals(first.program, undefined);
});

Deno.test("what ss tells joins in, and suffices alone", () => {
  for (const text of [tcp + tcp6 + ss, ss]) {
    const watcher = new LiveWatcher(TO_9000);
    again(watcher, text, 11);
    const [first] = watcher.sockets();
    assertEquals(first.program, { pid: 21571, name: "python3" });
    assertEquals(first.info?.bytesReceived, 126_976);
    assertEquals(first.serverInfo?.rwndLimitedMs, 956);
    assertEquals(first.status.certainMs, 1000);
    assertEquals(first.status.window, "shut");
    assertEquals(watcher.pids(), [21571]);
    assertEquals(watcher.anyUnnamed, false);
  }
});

Deno.test("a process's sockets are found by their numbers, on either end", () => {
  const inodes = new Set([1070535, 1070536, 1070534]);
  const watcher = new LiveWatcher({ kind: "process", pid: 21571, inodes });
  assertEquals(again(watcher, stat + tcp + tcp6, 1), [
    "33920 new keeping_up",
    "9000 new keeping_up",
  ]);
  assertEquals(watcher.sockets()[0].program, { pid: 21571, name: "python3" });
});

Deno.test("what the process did when it did not read stays known", () => {
  const watcher = new LiveWatcher(TO_9000);
  const stopped = stat.replace(") S ", ") T ");
  again(watcher, stopped + tcp + ss, 11);
  assertEquals(watcher.sockets()[0].activity?.doing, "stopped");
  assertEquals(
    watcher.sockets()[0].verdict.next,
    "let it go on (kill -CONT 21571), or end the debugger's session",
  );
  const read = (text: string) => text.replaceAll("126976", "0").replace(":0001F000", ":00000000");
  again(watcher, stat + read(tcp) + read(ss), 3, 1100);
  const [socket] = watcher.sockets();
  assertEquals(socket.status.state, "keeping_up");
  assertEquals(socket.activity?.doing, "stopped");
  assertStringIncludes(socket.verdict.sentence, "it has read on since");
});

Deno.test("a socket that one look lacks is not gone yet", () => {
  const watcher = new LiveWatcher(TO_9000);
  const header = tcp.split("\n")[0];
  again(watcher, tcp, 1);
  assertEquals(again(watcher, header, 1, 100), []);
  assertEquals(again(watcher, tcp, 1, 200), []);
  assertEquals(again(watcher, header, 2, 300), ["33920 keeping_up gone", "33944 peer_closed gone"]);
  assertEquals(watcher.sockets(), []);
  assertEquals(watcher.goneSockets().map(({ status }) => status.atMs), [300, 300]);
});

Deno.test("a port that comes again is another socket", () => {
  const watcher = new LiveWatcher(TO_9000);
  const line = tcp.split("\n").slice(0, 2).join("\n");
  again(watcher, line, 1);
  assertEquals(again(watcher, line.replace("1070535", "7"), 2, 100), [
    "33920 new keeping_up",
    "33920 keeping_up gone",
  ]);
});

Deno.test("a socket that its program has closed is gone, though the kernel still sends", () => {
  const watcher = new LiveWatcher(TO_9000);
  again(watcher, tcp, 1);
  const orphan = tcp.replace("0 1070535 2", "0 0 2").replace(" 01 00", " 04 00");
  assertEquals(again(watcher, orphan, 2, 100), ["33920 keeping_up gone"]);
});

Deno.test("a clock that is set back makes no negative times", () => {
  const watcher = new LiveWatcher(TO_9000);
  again(watcher, tcp, 10, 5_000);
  watcher.look(look(tcp, 100));
  assertEquals(watcher.sockets()[0].status.unreadMs, 900);
});

Deno.test("of many sockets that go, the last are kept and the others counted", () => {
  const watcher = new LiveWatcher({ ...TO_9000, addresses: undefined });
  const [header, line] = tcp.split("\n");
  for (let i = 0; i < 130; i++) {
    watcher.look(look(`${header}\n${line.replace("1070535", String(i + 1))}`, i * 100));
  }
  assertEquals(watcher.goneSockets().length, 100);
  assertEquals(watcher.forgotten, 28);
});

Deno.test("the worst verdict comes first, and without a socket it is unknown", () => {
  assertEquals(worstOf([]).kind, "unknown");
  const watcher = new LiveWatcher(TO_9000);
  again(watcher, tcp + tcp6, 15);
  const verdicts = watcher.sockets().map(({ verdict }) => verdict);
  assertEquals(worstOf(verdicts).kind, "slow_consumer");
});
