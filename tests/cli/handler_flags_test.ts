import { assertEquals, assertThrows } from "@std/assert";
import { handlerFlags, handlersPlan } from "../../cli/handlers/flags.ts";
import type { HandlerPlan } from "../../cli/handlers/plan.ts";
import { parseFlags, UsageError } from "../../cli/usage.ts";

function plans(...args: string[]): HandlerPlan[] {
  return handlersPlan(parseFlags(args, handlerFlags).flags);
}

Deno.test("handlersPlan() names handlers by their files, or as they are called", () => {
  assertEquals(
    plans("--handler", "./a/ticks.ts", "--handler", "audit=b/log.v2.js").map(
      ({ name, named, file }) => [name, named, file],
    ),
    [["ticks", true, "./a/ticks.ts"], ["audit", true, "b/log.v2.js"]],
  );
  const [only] = plans("--handler", "./x=y/some file.ts");
  assertEquals([only.name, only.named, only.file], ["some file", false, "./x=y/some file.ts"]);
});

Deno.test("handlersPlan() reads grants", () => {
  const [a, b] = plans(
    ...["--handler", "a.ts", "--handler", "b.ts", "--isolation", "process"],
    ...["--grant", "a:net=h:1,i:2,read=/x=y,env", "--grant", "a:net=j:3", "--grant", "b:write"],
  );
  assertEquals(a.grants, { net: ["h:1", "i:2", "j:3"], read: ["/x=y"], env: true });
  assertEquals(b.grants, { write: true });
});

Deno.test("handlersPlan() reads options, and leaves to the module what they are", () => {
  const [log] = plans(
    ...["--handler", "log.v2.ts", "--set", "log.v2.url=a=b.c"],
    ...["--set", "log.v2.depth=10", "--set", "log.v2.depth=11"],
  );
  assertEquals(log.options, { url: "a=b.c", depth: "11" });
  const several = plans("--handler", "a.ts", "--handler", "ab=b.ts", "--set", "ab.all=");
  assertEquals(several.map(({ options }) => options), [undefined, { all: "" }]);
});

Deno.test("handlersPlan() reads limits and what happens when a batch fails", () => {
  const [a] = plans(
    ...["--handler", "a.ts", "--isolation", "process", "--memory-limit", "1GiB"],
    ...["--batch-timeout", "5s", "--budget", "250ms", "--deno", "/bin/deno"],
    ...["--on-failure", "skip", "--dead-letter", "dead"],
  );
  assertEquals([a.memoryLimitBytes, a.batchTimeoutMs, a.budgetMs], [2 ** 30, 5000, 250]);
  assertEquals([a.deno, a.onFailure, a.deadLetter], ["/bin/deno", "skip", "dead"]);
  const several = plans(
    ...["--handler", "a.ts", "--handler", "b.ts", "--on-failure", "skip", "--dead-letter", "dead"],
  );
  assertEquals(several.map(({ deadLetter }) => deadLetter), ["dead/a", "dead/b"]);
});

Deno.test("handlersPlan() explains what cannot be meant", () => {
  const process = ["--handler", "store.ts", "--isolation", "process"];
  const cases: [string[], string][] = [
    [["--isolation", "process"], "--isolation needs --handler"],
    [["--grant", "a:net"], "--grant needs --handler"],
    [["--watch"], "--watch needs --handler"],
    [["--set", "a.b=1"], "--set needs --handler"],
    [["--handler", "a.ts", "--set", "a.b"], "--set must be NAME.KEY=VALUE as "],
    [["--handler", "a.ts", "--set", "b=1"], "--set must be NAME.KEY=VALUE as "],
    [["--handler", "store.ts", "--set", "stor.b=1"], "--set names no handler: stor, did you mean"],
    [["--handler", ""], "--handler needs a value"],
    [
      ["--handler", "a.ts", "--handler", "x/a.js"],
      "--handler a is there twice, name them as NAME=FILE",
    ],
    [["--handler", "a.ts", "--handler", "b c.ts"], "--handler needs a name of 1 to 64 letters"],
    [["--handler", "a.ts", "--partition", "all"], "--partition needs several handlers"],
    [["--handler", "a.ts", "--isolation", "jail"], "--isolation must be one of inline, "],
    [["--handler", "a.ts", "--grant", "a:net"], "--grant needs --isolation worker or process"],
    [["--handler", "a.ts", "--memory-limit", "1GiB"], "--memory-limit needs --isolation process"],
    [["--handler", "a.ts", "--deno", "x"], "--deno needs --isolation process"],
    [["--handler", "a.ts", "--dead-letter", "x"], "--dead-letter needs --on-failure skip"],
    [
      ["--handler", "a.ts", "--on-failure", "ignore"],
      "--on-failure must be one of stop, skip, retry",
    ],
    [[...process, "--grant", "stroe:net"], "--grant names no handler: stroe, did you mean store?"],
    [[...process, "--grant", "net=a:1"], "--grant must be NAME:RIGHT=VALUE"],
    [[...process, "--grant", "store:"], "--grant must be NAME:RIGHT=VALUE"],
    [[...process, "--grant", "store:net=a:1,"], "--grant must be NAME:RIGHT=VALUE"],
    [[...process, "--grant", "store:wirte=a"], "names no right: wirte, did you mean write?"],
    [[...process, "--grant", "store:ffi=a"], "names no right: ffi, there is net, read"],
  ];
  for (const [args, message] of cases) assertThrows(() => plans(...args), UsageError, message);
});
