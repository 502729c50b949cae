import { assertEquals, assertThrows } from "@std/assert";
import { parseProcNetTcp, SocketTextError } from "../../../doctor/live/proc_net_tcp.ts";
import { TCP_STATES, type TcpSocket } from "../../../doctor/live/socket.ts";
import { between, noise, type Random, random } from "../../spill/random.ts";
import { SEED } from "../../spill/seed.ts";
import { fixture } from "./fixtures.ts";

const HEADER = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid";
const LINE = "   0: 0100007F:8480 0100007F:2328 01 00000000:0001F000 00:00000000 00000000     0" +
  "        0 1070535 2 00000000f5764591 20 8 0 10 -1";

Deno.test("parseProcNetTcp() reads what Linux lists of IPv4", () => {
  const { sockets, malformedLines } = parseProcNetTcp(fixture("tcp"), { byteOrder: "little" });
  assertEquals(malformedLines, 0);
  assertEquals(sockets, [{
    local: { address: "127.0.0.1", port: 33920 },
    remote: { address: "127.0.0.1", port: 9000 },
    state: "established",
    sendQueue: 0,
    receiveQueue: 126_976,
    probing: false,
    inode: 1070535,
  }, {
    local: { address: "127.0.0.1", port: 33944 },
    remote: { address: "127.0.0.1", port: 9000 },
    state: "close_wait",
    sendQueue: 0,
    receiveQueue: 556,
    probing: false,
    inode: 1070541,
  }]);
});

Deno.test("parseProcNetTcp() reads what Linux lists of IPv6, IPv4 in it as such", () => {
  const { sockets, malformedLines } = parseProcNetTcp(fixture("tcp6"), { byteOrder: "little" });
  assertEquals(malformedLines, 0);
  assertEquals(sockets.map(({ state }) => state), [
    ...["listen", "established", "fin_wait_2"] as const,
    ...["established", "established", "established", "established"] as const,
  ]);
  assertEquals(sockets[0].local, { address: "::", port: 9000 });
  assertEquals(sockets[1], {
    local: { address: "127.0.0.1", port: 9000 },
    remote: { address: "127.0.0.1", port: 33920 },
    state: "established",
    sendQueue: 3_900_416,
    receiveQueue: 0,
    probing: true,
    inode: 1070536,
  });
  assertEquals(sockets[2].inode, 0);
  assertEquals(sockets[3].remote, { address: "::1", port: 9000 });
  assertEquals(sockets[6].receiveQueue, 70_000);
});

Deno.test("addresses are words of the machine, of either byte order", () => {
  const big = LINE.replace("0100007F:8480", "0A000001:8480");
  const [socket] = parseProcNetTcp(`${HEADER}\n${big}`, { byteOrder: "big" }).sockets;
  assertEquals(socket.local, { address: "10.0.0.1", port: 0x8480 });
  const [here] = parseProcNetTcp(`${HEADER}\n${LINE}`).sockets;
  const little = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;
  assertEquals(here.local.address, little ? "127.0.0.1" : "1.0.0.127");
});

Deno.test("with ports, other lines are not looked at", () => {
  const broken = "   1: no line at all";
  const text = `${HEADER}\n${broken}\n${LINE}\n${LINE.replaceAll("2328", "2329")}`;
  const ports = (...some: number[]) => parseProcNetTcp(text, { ports: new Set(some) });
  assertEquals(ports(9000).sockets.length, 1);
  assertEquals(ports(0x8480).sockets.length, 2);
  assertEquals(ports(80, 9001).sockets.length, 1);
  assertEquals(ports(80).sockets.length, 0);
  assertEquals(ports(9000).malformedLines, 0);
  assertEquals(parseProcNetTcp(text).malformedLines, 1);
});

Deno.test("a line that can't be read is left out, counted, and it is said what was expected", () => {
  const cases: [string, string][] = [
    ["0100007F:8480", 'a local address as 0100007F:1F90, got "x"'],
    ["0100007F:2328", 'a remote address as 0100007F:1F90, got "x"'],
    ["01 ", 'a state from 01 to 0C, got "x"'],
    ["00000000:0001F000", 'tx_queue:rx_queue in hexadecimal, got "x"'],
    ["00:00000000", 'tr:tm->when in hexadecimal, got "x"'],
    [" 00000000 ", 'retrnsmt in hexadecimal, got "x"'],
    ["1070535", 'an inode, got "x"'],
    ["0:", 'the number of a slot as 0:, got "x"'],
  ];
  for (const [field, expected] of cases) {
    const wrong = LINE.replace(field, " x ");
    const table = parseProcNetTcp(`${HEADER}\n${LINE}\n${wrong}\n${LINE}\n`, { firstLine: 10 });
    assertEquals(table.sockets.length, 2, field);
    assertEquals(table.malformed, [{ line: 12, sentence: `line 12: expected ${expected}` }]);
  }
});

Deno.test("states beyond those Linux has are not guessed", () => {
  for (const state of ["00", "0D", "FF"]) {
    const { malformedLines } = parseProcNetTcp(`${HEADER}\n${LINE.replace(" 01 ", ` ${state} `)}`);
    assertEquals(malformedLines, 1, state);
  }
});

Deno.test("of a table cut off anywhere, the whole lines are read", () => {
  const text = fixture("tcp6");
  const whole = parseProcNetTcp(text).sockets;
  for (let length = text.indexOf("\n") + 1; length < text.length; length += 7) {
    const { sockets, malformedLines } = parseProcNetTcp(text.slice(0, length));
    const complete = text.slice(0, length).split("\n").length - 2;
    assertEquals(sockets.slice(0, complete), whole.slice(0, complete));
    // A line may be cut behind all that is wanted of it, or before anything.
    assertEquals(sockets.length + malformedLines - complete <= 1, true);
  }
});

Deno.test("a text of lines that can't be read keeps a few of them", () => {
  const table = parseProcNetTcp(`${HEADER}\n${"\x1b[2J hostile\n".repeat(10_000)}`);
  assertEquals(table.malformedLines, 10_000);
  assertEquals(table.malformed.length, 5);
  assertEquals(
    table.malformed[0].sentence,
    'line 2: expected the number of a slot as 0:, got "\\u001b[2J"',
  );
});

Deno.test("what is no table is refused, with what was expected", () => {
  for (const text of ["", "root:x:0:0", LINE]) {
    const error = assertThrows(() => parseProcNetTcp(text), SocketTextError);
    assertEquals(error.line, 1);
    assertEquals(
      error.message,
      `line 1: expected the header of /proc/net/tcp, sl local_address …, got ${
        JSON.stringify(text.slice(0, 80))
      }`,
    );
  }
});

const hex = (value: number, digits: number): string =>
  value.toString(16).toUpperCase().padStart(digits, "0");

/** A socket, and the line in which Linux would list it. */
function drawSocket(draw: Random, slot: number): { socket: TcpSocket; line: string } {
  const ends = [0, 1].map(() => {
    const parts = Array.from(noise(draw, 4));
    return { parts, port: between(draw, 0, 0xffff) };
  });
  const state = between(draw, 1, TCP_STATES.length);
  const timer = between(draw, 0, 4);
  const [sendQueue, receiveQueue] = [draw(), draw()].map((share) => Math.floor(share * 2 ** 32));
  const inode = between(draw, 0, 2 ** 32);
  const [local, remote] = ends.map(({ parts, port }) => ({ address: parts.join("."), port }));
  const [own, other] = ends.map(({ parts, port }) =>
    `${parts.toReversed().map((byte) => hex(byte, 2)).join("")}:${hex(port, 4)}`
  );
  const line = `${String(slot).padStart(4)}: ${own} ${other} ${hex(state, 2)} ` +
    `${hex(sendQueue, 8)}:${hex(receiveQueue, 8)} ${hex(timer, 2)}:${
      hex(between(draw, 0, 9e9), 8)
    } ` +
    `${hex(between(draw, 0, 99), 8)} ${String(between(draw, 0, 70_000)).padStart(5)}` +
    `        ${between(draw, -1, 9)} ${inode} 2 00000000f5764591 20 8 0 10 -1`;
  const socket: TcpSocket = {
    ...{ local, remote, sendQueue, receiveQueue, inode },
    state: TCP_STATES[state - 1],
    probing: timer === 4,
  };
  return { socket, line };
}

Deno.test(`whatever Linux may list is read back (seed ${SEED})`, () => {
  const draw = random(SEED);
  const drawn = Array.from({ length: 3_000 }, (_, i) => drawSocket(draw, i));
  const text = [HEADER, ...drawn.map(({ line }) => line), ""].join("\n");
  const table = parseProcNetTcp(text, { byteOrder: "little" });
  assertEquals(table.malformedLines, 0);
  assertEquals(table.sockets, drawn.map(({ socket }) => socket));
});

Deno.test(`whatever becomes of a text, lines are read or counted (seed ${SEED})`, () => {
  const draw = random(SEED);
  const lines = fixture("tcp6").trimEnd().split("\n").slice(1);
  for (let i = 0; i < 2_000; i++) {
    const broken = lines.map((line) => {
      const at = between(draw, 0, line.length);
      const junk = String.fromCharCode(...noise(draw, 3)).replace(/[\n\r]/g, "?");
      return draw() < 0.5 ? line : line.slice(0, at) + junk + line.slice(at + between(draw, 0, 9));
    });
    const { sockets, malformedLines } = parseProcNetTcp([HEADER, ...broken].join("\n"));
    const blank = broken.filter((line) => line.trim() === "").length;
    assertEquals(sockets.length + malformedLines + blank, lines.length, `run ${i}`);
  }
});
