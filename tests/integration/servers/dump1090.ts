/**
 * dump1090-mutability: closes a client when one write does not take everything.
 * It logs no word of it, so the kernel is asked who closed first: the sockets
 * of a server that did are in one of the states of the active close.
 */
import type { Netns } from "../../servers/netns.ts";
import { type Socket, sockets } from "../sockets.ts";
import { type Server, startDaemon } from "./server.ts";

const BASE_STATION_PORT = 30_003;
const BEAST_INPUT_PORT = 30_004;
const BEAST_PORT = 30_005;
const LISTENING = [BASE_STATION_PORT, BEAST_INPUT_PORT, BEAST_PORT];

const CLOSED_FIRST: readonly string[] = ["FIN-WAIT-1", "FIN-WAIT-2", "CLOSING", "TIME-WAIT"];

/** Starts one without a receiver, which forwards what its Beast input is fed. */
export async function startDump1090(netns: Netns, output: "beast" | "sbs"): Promise<Server> {
  const ports = {
    "--net-sbs-port": BASE_STATION_PORT,
    "--net-bi-port": BEAST_INPUT_PORT,
    "--net-bo-port": BEAST_PORT,
    "--net-ri-port": 0,
    "--net-ro-port": 0,
  };
  const daemon = await startDaemon(netns, LISTENING, "dump1090-mutability", [
    ...["--net-only", "--quiet", "--net-bind-address", "127.0.0.1"],
    ...Object.entries(ports).flatMap(([flag, port]) => [flag, String(port)]),
    // Or one aircraft's very first message would wait for the second.
    "--net-verbatim",
    // Writes of up to 1200 bytes, after 0.1 s at the latest.
    ...["--net-ro-size", "1200", "--net-ro-interval", "0.1"],
  ]);
  const feedPort = output === "beast" ? BEAST_PORT : BASE_STATION_PORT;
  const serverSide = async (client: string): Promise<Socket[]> =>
    (await sockets(netns)).filter(({ local, peer }) =>
      local === `127.0.0.1:${feedPort}` && peer === client
    );
  return {
    feedPort,
    publishPort: BEAST_INPUT_PORT,
    cuts: async (client) =>
      (await serverSide(client))
        .filter(({ state }) => CLOSED_FIRST.includes(state))
        .map(({ state, sendQueueBytes }) => `${state} with ${sendQueueBytes} bytes unsent`),
    serves: async (client) =>
      (await serverSide(client)).some(({ state, pids }) => state === "ESTAB" && pids.length > 0),
    [Symbol.asyncDispose]: () => daemon[Symbol.asyncDispose](),
  };
}
