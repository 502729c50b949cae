/** The flags that messages advise. */
import { assertEquals } from "@std/assert";
import { flagsFor } from "../../src/transport/flags.ts";

Deno.test("flagsFor() gives a unix socket's path as Deno takes it: whole", () => {
  assertEquals(flagsFor("localhost:1"), "--allow-net=localhost:1");
  const whole = (path: string) =>
    `--allow-net=unix:${path} --allow-read=${path} --allow-write=${path}`;
  assertEquals(flagsFor("unix:/run/feed.sock"), whole("/run/feed.sock"));
  assertEquals(flagsFor("unix:feed.sock"), whole(`${Deno.cwd()}/feed.sock`));
  assertEquals(flagsFor("unix:./a/feed.sock"), whole(`${Deno.cwd()}/a/feed.sock`));
});

Deno.test("flagsFor() says what to put in where the directory is not told", () => {
  const { cwd } = Deno;
  Deno.cwd = () => {
    throw new Deno.errors.NotCapable("no");
  };
  try {
    assertEquals(
      flagsFor("unix:feed.sock"),
      "--allow-net=unix:PATH --allow-read=PATH --allow-write=PATH, " +
        "where PATH is the absolute path of feed.sock",
    );
  } finally {
    Deno.cwd = cwd;
  }
});
