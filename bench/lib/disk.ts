import { benchPath, run } from "./command.ts";

/** How a file is written: synced once at the end, or every 64 MiB. */
export type DiskWrite = "sequential" | "synced";

/** What the disk under `directory` takes, in bytes a second, by a process of its own. */
export async function diskRate(
  directory: string,
  bytes: number,
  which: DiskWrite,
): Promise<number> {
  const file = `${directory}/${which}`;
  const { success, stdout, stderr } = await run([
    Deno.execPath(),
    "run",
    `--allow-read=${file}`,
    `--allow-write=${file}`,
    benchPath("spill/disk.ts"),
    file,
    String(bytes),
    which,
  ]);
  if (!success) throw new Error(`the disk can't be measured: ${stderr}`);
  return Number(stdout);
}
