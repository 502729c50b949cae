/** A handler process has the rights it was granted, and no other. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Grants } from "../../../isolation.ts";
import { runProcess } from "./harness.ts";

/** A handler that tries something in its only batch, and says what came of it. */
function attempting(code: string, before = ""): string {
  return `${before}
    const attempt = async () => { ${code} };
    export default { async batch(batch, { write }) {
      if (batch.u32(0, 0) > 0) return;
      let said;
      try { said = "did " + await attempt() } catch (error) { said = error.name + ": " + error.message }
      await write(said.replaceAll("!", "") + "!");
    } };`;
}

/** What the attempt came to. */
async function attempt(code: string, grants?: Grants, before?: string): Promise<string> {
  const { said } = await runProcess(attempting(code, before), { grants });
  return said;
}

const dir = await Deno.makeTempDir();
addEventListener("unload", () => Deno.removeSync(dir, { recursive: true }));
const [mine, other] = [`${dir}/mine.txt`, `${dir}/other.txt`];
await Deno.writeTextFile(mine, "ours");
await Deno.writeTextFile(other, "theirs");
Deno.env.set("SPILLWAY_TEST_MINE", "1");
Deno.env.set("SPILLWAY_TEST_OTHER", "1");

/** Each right: an attempt on something, with the grant for it, and the same on another thing. */
const rights: { grants: Grants; code: (what: string) => string; granted: string; not: string }[] = [
  {
    grants: { read: [mine] },
    code: (path) => `return Deno.readTextFileSync(${JSON.stringify(path)})`,
    granted: mine,
    not: other,
  },
  {
    grants: { write: [mine] },
    code: (path) => `return Deno.writeTextFileSync(${JSON.stringify(path)}, "ours")`,
    granted: mine,
    not: other,
  },
  {
    grants: { env: ["SPILLWAY_TEST_MINE"] },
    code: (name) => `return Deno.env.get("${name}")`,
    granted: "SPILLWAY_TEST_MINE",
    not: "SPILLWAY_TEST_OTHER",
  },
  {
    grants: { sys: ["hostname"] },
    code: (name) => `return Deno.${name}()`,
    granted: "hostname",
    not: "osRelease",
  },
  {
    grants: { run: ["sh"] },
    code: (name) =>
      `return (await new Deno.Command("${name}", { args: ["-c", "true"] }).output()).code`,
    granted: "sh",
    not: "cat",
  },
];

for (const { grants, code, granted, not } of rights) {
  const [right] = Object.keys(grants);
  Deno.test(`${right}: what is granted can be done, nothing else, and without a grant nothing`, async () => {
    assertStringIncludes(await attempt(code(granted), grants), "did ");
    assertStringIncludes(await attempt(code(not), grants), `NotCapable: Requires ${right} access`);
    assertStringIncludes(await attempt(code(granted)), `NotCapable: Requires ${right} access`);
  });
}

Deno.test("net and import: one host only, and without a grant none", async () => {
  let asked = 0;
  const serve = () =>
    Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => {
      asked += 1;
      return new Response("export const a = 42", {
        headers: { "content-type": "text/javascript" },
      });
    });
  await using granted = serve();
  await using other = serve();
  const host = `127.0.0.1:${granted.addr.port}`;
  const net = (to: string) => `return (await fetch("http://${to}/a")).status`;
  const otherHost = `127.0.0.1:${other.addr.port}`;
  assertEquals(await attempt(net(host), { net: [host] }), "did 200!");
  assertStringIncludes(await attempt(net(otherHost), { net: [host] }), "Requires net access");
  assertStringIncludes(await attempt(net(host)), "Requires net access");
  const code = (to: string, what: string) =>
    `return (await import("http://${to}/" + "${what}.js")).a`;
  assertEquals(asked, 1);
  assertStringIncludes(await attempt(code(host, "b")), "Requires import access");
  assertStringIncludes(await attempt(code(host, "b"), { net: [host] }), "Requires import access");
  // Also where Deno can see the module before it runs any.
  const early = `return (await import("http://${host}/c.js")).a`;
  assertStringIncludes(await attempt(early), "Requires import access");
  assertEquals(asked, 1);
  assertEquals(await attempt(code(host, `${crypto.randomUUID()}`), { import: [host] }), "did 42!");
  assertStringIncludes(await attempt(code(otherHost, "b"), { import: [host] }), "Requires import");
});

/** What needs no grant of its own kind, and can't be had. */
const refused: [what: string, code: string, said: string, before?: string][] = [
  ["ffi", 'Deno.dlopen("libc.so.6", {})', "NotCapable: Requires ffi access"],
  [
    "a prompt",
    'return [prompt("may I"), confirm("may I"), alert("see")].map(String)',
    "did null,false,undefined",
  ],
  [
    "asking for a right",
    'return (await Deno.permissions.request({ name: "read" })).state',
    "did denied",
  ],
  ["importing a file", `return import("file://${dir}" + "/a.ts")`, "Requires read access"],
  [
    "its own source",
    `return Deno.readTextFileSync(new URL("${import.meta.url}"))`,
    "Requires read",
  ],
  ["killing the client", 'Deno.kill(Deno.ppid, "SIGTERM")', "NotCapable: Requires run access"],
  [
    "its environment by way of /proc",
    'return Deno.readTextFileSync("/proc/self/environ")',
    "NotCap",
  ],
  [
    "the protocol's input and output",
    `const text = new TextEncoder().encode("hello");
     await Deno.stdout.write(text);
     for (const name of ["log", "info", "debug", "dir", "table", "count", "group"]) console[name](["x"]);
     return await Deno.stdin.read(text) + " " + Deno.stdin.readSync(text)`,
    "did null null",
  ],
  [
    "more rights in a worker",
    `const worker = new Worker("data:text/javascript," + encodeURIComponent(
       'try { postMessage("did " + Deno.readTextFileSync("${mine}")) } catch (e) { postMessage(e.name) }'),
       { type: "module" });
     const said = await new Promise((resolve) => worker.onmessage = ({ data }) => resolve(data));
     worker.terminate();
     return said`,
    "did NotCapable",
  ],
];

for (const [what, code, said, before] of refused) {
  Deno.test(`a handler without grants does not get ${what}`, async () => {
    assertStringIncludes(await attempt(code, undefined, before), said);
  });
}

Deno.test("what a module imports by its name is loaded before any right counts, as the docs say", async () => {
  await Deno.writeTextFile(`${dir}/config.json`, '{ "answer": 42 }');
  await Deno.writeTextFile(`${dir}/helper.ts`, "export const one: number = 1;");
  const before = `
    import config from "file://${dir}/config.json" with { type: "json" };
    import { one } from "file://${dir}/helper.ts";`;
  assertEquals(await attempt("return config.answer + one", undefined, before), "did 43!");
});

Deno.test("a handler in a file needs no right to read it", async () => {
  const file = `${dir}/handler.ts`;
  await Deno.writeTextFile(file, attempting("return 1 as number"));
  const { said } = await runProcess(`export { default } from "file://${file}"`);
  assertEquals(said, "did 1!");
});
