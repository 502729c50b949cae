/** What a handler module can rely on of its options; a part of the contract suite. */
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { type Handler, HandlerError, type OptionValues } from "../../mod.ts";
import { HandlerModuleError } from "../../src/isolation/contract.ts";
import type { MakeHandler } from "./contract_suite.ts";
import { moduleOf, type Outcome } from "./runs.ts";

/** How the suite runs in one mode. */
interface Mode {
  test: (what: string, body: () => Promise<void>) => void;
  run: (handler: Handler) => Promise<Outcome>;
  make: MakeHandler;
}

/** The tests. */
export function optionsSuite({ test, run, make }: Mode): void {
  const handler = (source: string, options?: OptionValues) => make(moduleOf(source), options);

  test("options has what is given, and defaults, of the types that schema says", async () => {
    const { said } = await run(
      await handler(
        `
        export const schema = {
          url: { type: "string" }, depth: { type: "number", default: 10 },
          factor: { type: "number" }, exact: { type: "boolean" }, all: { type: "boolean" },
          name: { type: "string", default: "" },
        };
        let opened;
        export default {
          open({ options }) { opened = options },
          async batch(batch, { write, options }) {
            if (batch.u32(batch.count - 1, 0) < 9) return;
            const same = opened === options && Object.isFrozen(options);
            await write([...Object.entries(options).flat(), same].map(String).join() + "|");
            const types = Object.values(options).map((value) => typeof value);
            await write(types.join() + "!");
          },
        };`,
        // As a command line gives them, and as a file does.
        { url: "17", factor: "-1.5e3", exact: "false", all: true },
      ),
    );
    const [values, types] = said.split("|");
    assertEquals(values, "url,17,depth,10,factor,-1500,exact,false,all,true,name,,true");
    assertEquals(types, "string,number,number,boolean,boolean,string!");
  });

  test("options is empty for a module without schema", async () => {
    const { said } = await run(
      await handler(`
        export default { async batch(batch, { write, options }) {
          if (batch.u32(batch.count - 1, 0) === 9) await write(JSON.stringify(options) + "!");
        } };`),
    );
    assertEquals(said, "{}!");
  });

  const SCHEMA = `
    export const schema = {
      depth: { type: "number", description: "levels kept" }, all: { type: "boolean", default: true },
    };`;
  const unfit: [source: string, options: OptionValues | undefined, messages: string[]][] = [
    [SCHEMA, undefined, ["options.depth: expected a number (levels kept), got nothing"]],
    [SCHEMA, { depth: "ten", all: 1, al: true }, [
      "options.al: expected no such option, there is depth, all",
      'options.depth: expected a number (levels kept), got "ten"',
      "options.all: expected true or false, got 1",
    ]],
    [SCHEMA, { depth: "" }, ['options.depth: expected a number (levels kept), got ""']],
    ["", { depth: 1 }, ["options.depth: expected no such option, there is none"]],
    ['export const schema = "depth";', undefined, ["expected schema to be an object, got"]],
    ['export const schema = { depth: { type: "float" } };', undefined, [
      'expected schema.depth.type to be one of string, number, boolean, got "float"',
    ]],
    ['export const schema = { depth: { type: "number", default: "1" } };', undefined, [
      'expected schema.depth.default to be a number, got "1"',
    ]],
  ];
  for (const [source, options, messages] of unfit) {
    const given = JSON.stringify(options) ?? "no options";
    test(`a module with ${source.trim() || "no schema"} and ${given} is a HandlerModuleError`, async () => {
      const error = await assertRejects(async () => {
        const { error } = await run(
          await handler(`${source} export default { batch() {} };`, options),
        );
        throw error instanceof HandlerError ? error.cause : error;
      }, HandlerModuleError);
      for (const message of messages) assertStringIncludes(error.message, message);
    });
  }
}
