/** What only a real directory shows: rights, locks between processes, a disk that is full. */
import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { DenoDisk } from "../../src/spill/deno_disk.ts";
import { SpillIoError, SpillLockedError } from "../../src/spill/errors.ts";
import { openSpill } from "../../src/spill/open.ts";
import { inDirectory } from "./harness.ts";
import { canMount, onSmallDisk } from "./small_disk.ts";

const OPENER = new URL("programs/opener.ts", import.meta.url).href;
const FILLER = new URL("programs/filler.ts", import.meta.url).href;

function deno(permissions: string[], args: string[], stdin: "null" | "piped"): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", ...permissions, ...args],
    stdin,
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
}

async function said(child: Deno.ChildProcess): Promise<string> {
  const { stdout } = await child.output();
  return new TextDecoder().decode(stdout).trimEnd();
}

Deno.test("DenoDisk reads, writes, cuts and syncs at any position", async () => {
  await inDirectory(async (directory) => {
    const disk = new DenoDisk(directory);
    const file = await disk.open("a", "create");
    const [text, read] = [new TextEncoder(), new Uint8Array(9)];
    assertEquals(await file.write(text.encode("0123456789"), 0), 10);
    assertEquals(await file.write(text.encode("xy"), 4), 2);
    assertEquals(await file.read(read, 3), 7);
    assertEquals(new TextDecoder().decode(read.subarray(0, 7)), "3xy6789");
    assertEquals(await file.read(read, 10), 0);
    await file.truncate(5);
    await file.write(text.encode("!"), 5);
    await file.sync();
    assertEquals(await file.size(), 6);
    file.close();
    await disk.rename("a", "b");
    await disk.sync();
    assertEquals(await disk.list(), ["b"]);
    assertEquals(await Deno.readTextFile(`${directory}/b`), "0123x!");
    await disk.remove("b");
    assertEquals(await disk.list(), []);
  });
});

Deno.test("a directory needs a Deno that can ask for a lock, and says so", async () => {
  const { prototype } = Deno.FsFile;
  const tryLock = Object.getOwnPropertyDescriptor(prototype, "tryLock")!;
  await inDirectory(async (directory) => {
    Reflect.deleteProperty(prototype, "tryLock");
    try {
      const error = await assertRejects(() => openSpill(directory), SpillIoError);
      const why = `a directory needs Deno 2.7 or newer, this is ${Deno.version.deno}`;
      assertEquals(error.message, `cannot lock ${directory}/lock: ${why}`);
    } finally {
      Object.defineProperty(prototype, "tryLock", tryLock);
    }
    await using _store = await openSpill(directory);
  });
});

Deno.test("DenoDisk says what could not be done with which file, and the system's code", async () => {
  await inDirectory(async (directory) => {
    const disk = new DenoDisk(directory);
    const refusals: [string, () => Promise<unknown>][] = [
      ["open", () => disk.open("none", "read")],
      ["rename", () => disk.rename("none", "b")],
      ["remove", () => disk.remove("none")],
    ];
    for (const [operation, refused] of refusals) {
      const error = await assertRejects(refused);
      assertInstanceOf(error, SpillIoError);
      assertEquals([error.operation, error.path, error.code], [
        ...[operation, `${directory}/none`, "ENOENT"],
      ]);
    }
  });
});

Deno.test("openSpill() names the flags for rights that are missing", async () => {
  await inDirectory(async (directory) => {
    const flags = [`--allow-read=${directory}`, `--allow-write=${directory}`];
    for (const permissions of [[], flags.slice(0, 1), flags.slice(1)]) {
      assertEquals(
        await said(deno(permissions, [OPENER, directory], "null")),
        `SpillPermissionError: expected read and write access to ${directory}, ` +
          `run again with ${flags.join(" ")}`,
      );
    }
    assertEquals(await said(deno(flags, [OPENER, directory], "null")), "open");
  });
});

Deno.test("openSpill() makes a directory that is not there", async () => {
  await inDirectory(async (directory) => {
    const path = `${directory}/new/deep`;
    await (await openSpill(path)).close();
    assert((await Deno.stat(path)).isDirectory);
  });
});

Deno.test("a directory has one writer, and a dead one does not block", async () => {
  await inDirectory(async (directory) => {
    const child = deno(["-A"], [OPENER, directory], "piped");
    const reader = child.stdout.getReader();
    try {
      assertEquals(new TextDecoder().decode((await reader.read()).value), "open\n");
      await assertRejects(() => openSpill(directory), SpillLockedError, directory);
    } finally {
      child.kill("SIGKILL");
      await child.status;
      await child.stdin.close().catch(() => {});
      await reader.cancel();
    }
    await using _ = await openSpill(directory);
    // In one process too.
    await assertRejects(() => openSpill(directory), SpillLockedError);
  });
});

Deno.test("a real disk that is full refuses records and takes them again when it is not", async () => {
  if (!await canMount()) {
    console.log("skipped: no file system can be mounted here");
    return;
  }
  await inDirectory(async (directory) => {
    const rights = ["--no-prompt", `--allow-read=${directory}`, `--allow-write=${directory}`];
    const command = [Deno.execPath(), "run", "--quiet", ...rights, FILLER, directory];
    const { stdout } = await onSmallDisk(command, directory).output();
    assertEquals(JSON.parse(new TextDecoder().decode(stdout)), {
      refused: { name: "SpillIoError", code: "ENOSPC", operation: "write" },
      ...{ whole: true, lost: 0, findings: 0, missing: 0 },
    });
  });
});

Deno.test("openSpill() says of a file that it is no directory", async () => {
  await inDirectory(async (directory) => {
    const path = `${directory}/file`;
    await Deno.writeTextFile(path, "");
    const error = await assertRejects(() => openSpill(path), SpillIoError);
    assertEquals(error.message, `cannot lock ${path}: it is no directory`);
    assertEquals(error.code, "ENOTDIR");
  });
});
