/** A disk that has no room: what is kept, what is taken, and whose room is given. */
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { SpillIoError } from "../../src/spill/errors.ts";
import { segmentName } from "../../src/spill/format.ts";
import { openSpill } from "../../src/spill/open.ts";
import { FaultDisk } from "./fault_disk.ts";
import { appended, inDirectory, infoOf, openSmall, readStore, SEGMENT_BYTES } from "./harness.ts";
import { random } from "./random.ts";

/** `size` bytes that all are `n`. */
function filled(n: number, size = 1000): Uint8Array {
  return new Uint8Array(size).fill(n);
}

Deno.test("a full disk refuses records, keeps those it has, and takes others when there is room", async () => {
  for (let room = 0; room < 3000; room += 37) {
    const disk = new FaultDisk(random(1));
    await using store = await openSmall(disk);
    await appended(store, 1, filled(1));
    disk.capacityBytes = disk.bytesOf(segmentName(1)).length + room;
    const results = [];
    for (let n = 2; n <= 6; n++) results.push(await store.append(infoOf(n), [filled(n)]));
    for (const result of results) {
      if (result.type === "appended") continue;
      assert(result.type === "failed");
      assertInstanceOf(result.error, SpillIoError);
      assertEquals([result.error.operation, result.error.code], ["write", "ENOSPC"]);
    }
    // What was written of them takes no room.
    const segments = disk.names().map((name) => disk.bytesOf(name).length);
    assertEquals(segments.reduce((sum, bytes) => sum + bytes), store.stats().bytes);
    assert(results.some(({ type }) => type === "failed"));
    assert(store.stats().failedAppends > 0);
    disk.capacityBytes = Infinity;
    const { sequence } = store.last;
    assertEquals(await appended(store, 7, filled(7)), sequence + 1);
    assertEquals(await store.sync(), { type: "synced", sequence: sequence + 1 });
    const { records, lost } = await readStore(store);
    assertEquals(lost, []);
    assertEquals(
      records.map(({ header }) => header.sequence),
      [
        ...Array(sequence + 1).keys(),
      ].map((n) => n + 1),
    );
    assertEquals(records.at(-1)?.payload, filled(7));
  }
});

Deno.test("a disk that is full to the last byte has the room of what was acknowledged", async () => {
  for (const way of ["sync", "append"] as const) {
    const disk = new FaultDisk(random(1));
    await using store = await openSmall(disk);
    await store.registerCursor("h");
    for (let n = 1; n <= 20; n++) await appended(store, n, filled(n));
    disk.capacityBytes = disk.names().reduce((sum, name) => sum + disk.bytesOf(name).length, 0);
    store.acknowledge("h", store.last);
    if (way === "sync") assertEquals((await store.sync()).type, "synced");
    else assertEquals((await store.append(infoOf(21), [filled(21)])).type, "failed");
    const { sequence } = store.last;
    assertEquals(await appended(store, 22, filled(22)), sequence + 1);
    assertEquals((await store.sync()).type, "synced");
    assertEquals(store.cursors()[0].stored.sequence, sequence);
  }
});

Deno.test({
  name: "a segment that was deleted takes no room, though its reader has read it to its end",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await inDirectory(async (directory) => {
      await using store = await openSpill(directory, { segmentBytes: SEGMENT_BYTES });
      await store.registerCursor("h");
      using reader = store.reader();
      while (store.stats().segments < 2) {
        while ((await reader.next()).type === "record");
        await appended(store, store.last.sequence + 1, filled(1));
      }
      store.acknowledge("h", store.last);
      await store.sync();
      assertEquals(store.stats().deletedSegments, 1);
      // Deno lets itself look there only with all rights.
      const { stdout } = await new Deno.Command("ls", { args: ["-l", `/proc/${Deno.pid}/fd`] })
        .output();
      const open = new TextDecoder().decode(stdout).split("\n");
      assert(open.some((line) => line.includes(directory)), "the segment that is appended to");
      assertEquals(
        open.filter((line) => line.includes(directory) && line.includes("deleted")),
        [],
      );
    });
  },
});
