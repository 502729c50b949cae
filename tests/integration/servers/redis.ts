/** redis-server: cuts subscribers whose output buffer grows over a limit. */
import type { Netns } from "../../servers/netns.ts";
import { type Server, startDaemon } from "./server.ts";

const PORT = 6379;

/** Starts one whose subscribers may have `maxOutputBytes` waiting. */
export async function startRedis(netns: Netns, maxOutputBytes: number): Promise<Server> {
  const daemon = await startDaemon(netns, [PORT], "redis-server", [
    ...["--port", String(PORT), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
    ...["--client-output-buffer-limit", `pubsub ${maxOutputBytes} 0 0`],
  ]);
  return {
    feedPort: PORT,
    publishPort: PORT,
    cuts: (client) =>
      daemon.log.filter((line) =>
        line.includes(` addr=${client} `) && line.includes("overcoming of output buffer limits")
      ),
    async serves(client) {
      const { stdout } = await netns.command("redis-cli", {
        args: ["-p", String(PORT), "CLIENT", "LIST", "TYPE", "pubsub"],
      }).output();
      return new TextDecoder().decode(stdout).includes(` addr=${client} `);
    },
    [Symbol.asyncDispose]: () => daemon[Symbol.asyncDispose](),
  };
}
