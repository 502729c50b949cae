/** The program of a directory's worker, which dies once there is a file `die` in it. */
import { serve as serveDisk } from "../../../src/isolated/disk_runtime.ts";

/** Serves until then. */
export function serve(): void {
  serveDisk();
  const scope = globalThis as unknown as { name: string };
  setInterval(() => {
    let dies = true;
    try {
      // A directory's worker has its name.
      Deno.statSync(`${scope.name}/die`);
    } catch {
      dies = false;
    }
    if (dies) throw new Error("oops");
  }, 10);
}
