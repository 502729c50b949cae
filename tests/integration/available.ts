/** Whether a server can be put to the test here. */
import { openNetns } from "../servers/netns.ts";

async function has(program: string): Promise<boolean> {
  const { success } = await new Deno.Command("sh", {
    args: ["-c", 'command -v "$1"', "sh", program],
    stdout: "null",
  }).output();
  return success;
}

/** What is missing to run `programs` in a namespace, in words; `undefined` if nothing is. */
async function missing(programs: string[]): Promise<string | undefined> {
  if (Deno.build.os !== "linux") return "network namespaces are there on Linux only";
  for (const program of [...programs, "ip", "ss"]) {
    if (!await has(program)) return `${program} is not installed`;
  }
  const netns = await openNetns();
  if (typeof netns === "string") return netns;
  await netns[Symbol.asyncDispose]();
  return undefined;
}

/** Whether `programs` can be run in a namespace; says why not. */
export async function available(...programs: string[]): Promise<boolean> {
  const reason = await missing(programs);
  if (reason !== undefined) console.log(`skipped: ${programs[0]}, ${reason}`);
  return reason === undefined;
}
