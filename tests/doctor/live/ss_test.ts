import { assertEquals } from "@std/assert";
import { parseProcNetTcp } from "../../../doctor/live/proc_net_tcp.ts";
import { parseSs } from "../../../doctor/live/ss.ts";
import { between, noise, random } from "../../spill/random.ts";
import { SEED } from "../../spill/seed.ts";
import { fixture } from "./fixtures.ts";

Deno.test("parseSs() reads sockets, their counters and programs", () => {
  const { sockets, malformedLines } = parseSs(fixture("ss"));
  assertEquals(malformedLines, 0);
  assertEquals(sockets.length, 8);
  assertEquals(sockets[0], {
    local: { address: "127.0.0.1", port: 33920 },
    remote: { address: "127.0.0.1", port: 9000 },
    state: "established",
    sendQueue: 0,
    receiveQueue: 126_976,
    probing: false,
    inode: 1070535,
    info: {
      bytesReceived: 126_976,
      bytesAcked: 1,
      lastReceivedMs: sockets[0].info.lastReceivedMs,
      rcvSpace: 65_495,
      rttMs: 0.03,
      memory: { received: 127_808, receivedMax: 131_072, sent: 0, sentMax: 3_939_840, drops: 3 },
    },
    program: { pid: 21571, name: "python3" },
  });
  const server = sockets[2];
  assertEquals(server.probing, true);
  assertEquals(server.local, { address: "127.0.0.1", port: 9000 });
  assertEquals(server.info.notSent, 3_900_416);
  assertEquals(server.info.rwndLimitedMs, 956);
  assertEquals(server.info.busyMs, 964);
  assertEquals(server.info.retransmitted, 1);
  assertEquals(sockets[3].state, "fin_wait_2");
  assertEquals(sockets[3].info, {});
  assertEquals(sockets[4].remote, { address: "::1", port: 9000 });
});

Deno.test("parseSs() reads the same of ss -O, which needs no line for the counters", () => {
  const [two, one] = [parseSs(fixture("ss")), parseSs(fixture("ss_oneline"))];
  assertEquals(one.malformedLines, 0);
  // The two were not run at one moment: what depends on it is left out.
  const still = (table: typeof one) =>
    table.sockets.map(({ info, program: _, ...socket }) => ({
      ...socket,
      received: info.bytesReceived,
      memory: info.memory,
    }));
  assertEquals(still(one), still(two));
});

Deno.test("ss and /proc/net/tcp tell the same of a socket", () => {
  const tables = ["tcp", "tcp6"].flatMap((name) =>
    parseProcNetTcp(fixture(name), { byteOrder: "little" }).sockets
  );
  for (const { info: _, program: __, ...socket } of parseSs(fixture("ss")).sockets) {
    const same = tables.find(({ local, remote }) =>
      local.port === socket.local.port && remote.port === socket.remote.port
    );
    assertEquals(socket, same);
  }
});

Deno.test("parseSs() reads what other versions and options print", () => {
  const lines = [
    "Netid State  Recv-Q Send-Q Local Address:Port Peer Address:Port",
    "tcp   ESTAB  5 6 ::ffff:10.0.0.1:80 ::1:5000 ino:7",
    "tcp   ESTAB  5 6 [fe80::1%eth0]:80 10.0.0.1%lo:5000 ino:8 sk:1 <->",
    "\t cubic bytes_received:12 lastrcv:5",
    "tcp   LISTEN 0 128 *:80 *:*",
  ];
  const { sockets, malformedLines } = parseSs(lines.join("\n"));
  assertEquals(malformedLines, 0);
  assertEquals(sockets[0].local, { address: "10.0.0.1", port: 80 });
  assertEquals(sockets[0].remote, { address: "::1", port: 5000 });
  assertEquals(sockets[0].inode, 7);
  assertEquals(sockets[1].local, { address: "fe80::1", port: 80 });
  assertEquals(sockets[1].info, { bytesReceived: 12, lastReceivedMs: 5 });
  assertEquals(sockets[2].remote, { address: "::", port: 0 });
});

Deno.test("what parseSs() can't read is counted, and its counters are nobody's", () => {
  const lines = [
    "ESTAB 0 0 127.0.0.1:1 127.0.0.1:2 ino:1",
    "ESTAB 0 0 localhost:http 127.0.0.1:2 ino:2",
    "\t bytes_received:99",
    "ESTAB x 0 127.0.0.1:1 127.0.0.1:2",
    "MARVELLOUS 0 0 127.0.0.1:1 127.0.0.1:2",
    "constructor 0 0 127.0.0.1:1 127.0.0.1:2",
    "ESTAB 0 0 127.0.0.1:1 127.0.0.1:70000",
    "ESTAB",
  ];
  const { sockets, malformed, malformedLines } = parseSs(lines.join("\n"), 5);
  assertEquals(sockets.map(({ info }) => info), [{}]);
  assertEquals(malformedLines, 6);
  assertEquals(
    malformed[0].sentence,
    'line 6: expected a numeric address and port as 127.0.0.1:8080 (ss -n), got "localhost:http"',
  );
});

Deno.test(`whatever becomes of a listing, nothing throws (seed ${SEED})`, () => {
  const draw = random(SEED);
  const text = fixture("ss");
  for (let i = 0; i < 2_000; i++) {
    const at = between(draw, 0, text.length);
    const junk = String.fromCharCode(...noise(draw, between(draw, 0, 40)));
    const { sockets } = parseSs(text.slice(0, at) + junk + text.slice(at + between(draw, 0, 200)));
    for (const { info, receiveQueue } of sockets) {
      const numbers = [receiveQueue, ...Object.values(info)].filter((one) =>
        typeof one === "number"
      );
      assertEquals(numbers.every((one) => one >= 0), true, `run ${i}`);
    }
  }
});
