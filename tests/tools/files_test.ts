import { copyTree, filesUnder } from "../../tools/files.ts";
import { join, relative } from "node:path";
import { assertEquals } from "@std/assert";

Deno.test("copyTree() copies folders with all they hold, filesUnder() lists them", async () => {
  const dir = await Deno.makeTempDir();
  try {
    await Deno.mkdir(join(dir, "a", "b"), { recursive: true });
    await Deno.writeTextFile(join(dir, "a", "x"), "one");
    await Deno.writeTextFile(join(dir, "a", "b", "y"), "two");
    await copyTree(join(dir, "a"), join(dir, "new", "copy"));
    const copies = (await filesUnder(join(dir, "new"))).map((path) => relative(dir, path));
    assertEquals(copies.sort(), ["new/copy/b/y", "new/copy/x"].map((path) => join(path)));
    assertEquals(await Deno.readTextFile(join(dir, "new", "copy", "b", "y")), "two");
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
