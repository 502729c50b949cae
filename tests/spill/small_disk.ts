/** A disk of 1 MiB, in a namespace of its own. */

const SPACE = 'mount -t tmpfs -o size=1m spill "$1" && shift && exec "$@"';

/** Whether a file system of its own can be mounted without being root. */
export async function canMount(): Promise<boolean> {
  if (Deno.build.os !== "linux") return false;
  return await onSmallDisk(["true"], "/mnt").output().then(({ success }) => success, () => false);
}

/** Runs a command with that disk at `directory`, which nobody else sees. */
export function onSmallDisk(
  command: string[],
  directory: string,
  options: Deno.CommandOptions = { stderr: "null" },
): Deno.Command {
  return new Deno.Command("unshare", {
    ...options,
    args: ["-rm", "sh", "-c", SPACE, "sh", directory, ...command],
  });
}
