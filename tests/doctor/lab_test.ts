/** The capture lab is played once, so that it still runs on the day captures are wanted. */
import { assertEquals, assertGreater } from "@std/assert";

const LAB = new URL("./lab/lab.py", import.meta.url).pathname;
/** The lab's exit code where it may not or can't make namespaces. */
const UNABLE = 3;
const FILE_HEADER = 24;

async function play(out: string): Promise<{ code: number; said: string }> {
  const args = [LAB, "--only", "slow_open", "--seed", "6", "--jobs", "1", "--out", out];
  try {
    const output = await new Deno.Command("python3", { args, stdin: "null" }).output();
    return { code: output.code, said: new TextDecoder().decode(output.stderr).trim() };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return { code: UNABLE, said: "no python3" };
    throw error;
  }
}

Deno.test("lab.py plays a client that stands still, captures it and says so", async () => {
  const out = await Deno.makeTempDir();
  try {
    const { code, said } = await play(out);
    if (code === UNABLE) return console.log(`skipped: capture lab, ${said}`);
    assertEquals(code, 0, said);
    const [label] = JSON.parse(await Deno.readTextFile(`${out}/labels.json`));
    assertEquals(label.cause, "slow_consumer");
    assertEquals(label.stalled_by, "client");
    assertGreater(label.kernel.zero_window_episodes, 0);
    const { size } = await Deno.stat(`${out}/${label.file}`);
    assertGreater(size, FILE_HEADER);
  } finally {
    await Deno.remove(out, { recursive: true });
  }
});
