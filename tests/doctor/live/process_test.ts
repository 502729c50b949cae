import { assertEquals } from "@std/assert";
import { type Activity, ActivityMeter, activityText } from "../../../doctor/live/activity.ts";
import { parseProcessStat } from "../../../doctor/live/process_stat.ts";
import { isTarget, socketInodes } from "../../../doctor/live/target.ts";
import type { TcpSocket } from "../../../doctor/live/socket.ts";
import { fixture } from "./fixtures.ts";

Deno.test("parseProcessStat() reads what a process does", () => {
  assertEquals(parseProcessStat(fixture("stat")), {
    pid: 21571,
    name: "python3",
    state: "S",
    cpuMs: 60,
  });
});

Deno.test("parseProcessStat() finds the end of a name that holds brackets", () => {
  const fields = "1 2 3 4 5 6 7 8 9 10 100 23 0 0 20 0 1";
  const stat = parseProcessStat(`7 (a) S (b) R ${fields}`);
  assertEquals(stat, { pid: 7, name: "a) S (b", state: "R", cpuMs: 1230 });
  for (const line of ["", "7 (a)", "7 (a) S 1 2", "7 (a) 5 1 2", "x (a) S 1"]) {
    assertEquals(parseProcessStat(line), undefined, line);
  }
});

Deno.test("socketInodes() takes sockets only", () => {
  const inodes = [41, 34, 35, 36, 37, 38, 39, 40].map((last) => 1070500 + last);
  assertEquals([...socketInodes(fixture("fd"))], inodes);
  assertEquals(socketInodes(" -> pipe:[1]\n -> socket:[2]x\n -> /a -> socket:[]").size, 0);
});

function activities(looks: [atMs: number, state: string, cpuMs: number][]): Activity[] {
  const meter = new ActivityMeter();
  return looks.map(([atMs, state, cpuMs]) => meter.look(atMs, { pid: 1, name: "x", state, cpuMs }));
}

Deno.test("ActivityMeter tells computing from waiting by the time used, not by one instant", () => {
  const computing = activities([[0, "S", 0], [100, "S", 100], [600, "S", 590]]);
  assertEquals(computing[0], { doing: "sleeps", cores: undefined });
  assertEquals(computing[2].doing, "computes");
  assertEquals(activityText(computing[2]), "it computes (98 % of a core)");
  const waiting = activities([[0, "R", 0], [600, "R", 10], [1200, "R", 30]]);
  assertEquals(waiting.map(({ doing }) => doing), ["computes", "sleeps", "sleeps"]);
  assertEquals(activityText(waiting[2]), "it waits for something else (3 % of a core)");
});

Deno.test("ActivityMeter knows who is stopped, dead or at a disk", () => {
  const looks = ["T", "t", "Z", "D"].flatMap((state) => activities([[0, state, 0]]));
  assertEquals(looks.map(({ doing }) => doing), ["stopped", "stopped", "dead", "waits_for_disk"]);
  assertEquals(looks.map(activityText)[0], "it is stopped by a signal or a debugger");
});

const socket: TcpSocket = {
  local: { address: "10.0.0.5", port: 50_000 },
  remote: { address: "10.0.0.1", port: 9000 },
  ...{ state: "established", sendQueue: 0, receiveQueue: 0, probing: false, inode: 7 },
};

Deno.test("isTarget() takes sockets by the server's address, any address, or by their numbers", () => {
  const server = (addresses: string[] | undefined, port: number) =>
    isTarget({ kind: "server", addresses: addresses && new Set(addresses), port }, socket);
  assertEquals(server(["10.0.0.1", "::1"], 9000), true);
  assertEquals(server(undefined, 9000), true);
  assertEquals(server(["10.0.0.1"], 9001), false);
  assertEquals(server(["10.0.0.5"], 9000), false);
  assertEquals(server(["10.0.0.5"], 50_000), false);
  const process = (...inodes: number[]) =>
    isTarget({ kind: "process", pid: 1, inodes: new Set(inodes) }, socket);
  assertEquals(process(6, 7), true);
  assertEquals(process(), false);
});

Deno.test("isTarget() leaves listeners out, and sockets that no program has", () => {
  const target = { kind: "server", addresses: undefined, port: 9000 } as const;
  assertEquals(isTarget(target, { ...socket, inode: 0 }), false);
  assertEquals(isTarget(target, { ...socket, state: "listen" }), false);
  assertEquals(isTarget(target, { ...socket, state: "syn_sent" }), true);
});
