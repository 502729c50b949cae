/** In place of the program of a directory's worker: refuses with what it may do. */
import { SpillIoError } from "../../../src/spill/errors.ts";
import { toSent } from "../../../src/isolated/sent_error.ts";

async function outcomes(directory: string): Promise<string> {
  const attempts: Record<string, () => unknown> = {
    own: async () => {
      await Deno.mkdir(directory, { recursive: true });
      await Deno.writeTextFile(`${directory}/a`, "a");
      await Deno.readTextFile(`${directory}/a`);
    },
    readElsewhere: () => Deno.readTextFile(new URL(import.meta.url)),
    writeElsewhere: () => Deno.writeTextFile(`${directory}.escaped`, ""),
    above: () => Deno.writeTextFile(`${directory}/../escaped`, ""),
    net: () => Deno.connect({ hostname: "127.0.0.1", port: 9 }),
    env: () => Deno.env.get("HOME"),
    run: () => new Deno.Command("true").output(),
    sys: () => Deno.hostname(),
    ffi: () => Deno.dlopen("libc.so.6", {}),
  };
  const all: string[] = [];
  for (const [name, attempt] of Object.entries(attempts)) {
    try {
      await attempt();
      all.push(`${name} done`);
    } catch (error) {
      all.push(`${name} ${(error as Error).name}`);
    }
  }
  return all.join(", ");
}

/** Answers everything that way. */
export function serve(): void {
  const scope = globalThis as unknown as {
    onmessage: (event: { data: { port: MessagePort } }) => void;
  };
  scope.onmessage = ({ data: { port } }) => {
    port.onmessage = async ({ data: { id, ask, directory } }) => {
      if (ask === "end") return port.postMessage({ id });
      const error = toSent(new SpillIoError("lock", directory, await outcomes(directory)));
      port.postMessage({ id, error });
    };
  };
}
