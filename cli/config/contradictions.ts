/**
 * What does not go together in a config file, though each for itself is right.
 *
 * @module
 */

import { checkColumns } from "../../src/columns.ts";
import { framerConfig } from "../../src/core/configure.ts";
import { OptionError } from "../../src/errors.ts";
import { SEGMENT_BYTES } from "../../src/spill/options.ts";
import type { HandlerPlan } from "../handlers/plan.ts";
import { type Path, pathText, problem } from "./problems.ts";
import type { PartialConfig, PartialHandler } from "./schema.ts";
import type { Understood } from "./understood.ts";

/** A line for each. What rests on something that is wrong itself is left out. */
export function contradictions(understood: Understood): string[] {
  return [
    ...ofTls(understood),
    ...ofFrames(understood),
    ...ofPartition(understood),
    ...ofReconnect(understood),
    ...ofOverflow(understood),
  ];
}

/** One handler at a time can have a dead-letter directory. */
export function sharedDirectories(handlers: readonly HandlerPlan[]): string[] {
  return handlers.flatMap(({ name, deadLetter }, i) => {
    const other = handlers.slice(0, i).find((one) =>
      deadLetter !== undefined && one.deadLetter === deadLetter
    );
    if (other === undefined) return [];
    return [`handlers.${name}.deadLetter: expected a directory of its own, ${other.name} has it`];
  });
}

function ofTls({ config: { target, tls }, unclear }: Understood): string[] {
  const problems: string[] = [];
  if (tls !== undefined && target !== undefined && !target.startsWith("tls://")) {
    problems.push(`tls: expected a target that begins with tls://, got ${target}`);
  }
  if ((tls?.cert === undefined) !== (tls?.key === undefined) && !unclear("tls")) {
    problems.push("tls: expected cert and key, got one of them");
  }
  return problems;
}

function ofFrames({ config: { framing, columns = [] } }: Understood): string[] {
  return [
    ...refusal(() => framing && framerConfig(framing)),
    ...refusal(() => checkColumns(columns)),
  ];
}

/** What the library says of options that are called the same here. */
function refusal(check: () => unknown): string[] {
  try {
    check();
    return [];
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    return [`${error.option}: expected ${error.expected}, got ${error.actual}`];
  }
}

function ofPartition({ config, unclear }: Understood): string[] {
  const { partition, columns = [], handlers = {}, watch } = config;
  const problems: string[] = [];
  const names = Object.keys(handlers);
  if (partition !== undefined && names.length < 2 && !unclear("handlers")) {
    problems.push("partition: expected several handlers");
  }
  if (typeof partition === "object" && !unclear("columns")) {
    const key = columns.find(({ name }) => name === partition.key);
    if (key === undefined) {
      problems.push(`partition.key: expected the name of one of columns, got ${partition.key}`);
    } else if (key.type === "f32" || key.type === "f64") {
      problems.push(`partition.key: expected a column of integers, ${key.name} is ${key.type}`);
    }
  }
  if (watch && names.length === 0 && !unclear("handlers")) {
    problems.push("watch: expected handlers");
  }
  return problems;
}

function ofReconnect({ config: { reconnect }, unclear }: Understood): string[] {
  if (typeof reconnect !== "object" || unclear("reconnect")) return [];
  const { initialDelay = 0, maxDelay = Infinity } = reconnect;
  if (maxDelay >= initialDelay) return [];
  return [`reconnect.maxDelay: expected at least ${initialDelay}ms, got ${maxDelay}ms`];
}

/** What is said of the buffer, for all handlers and for each. */
function ofOverflow({ config, unclear }: Understood): string[] {
  const { handlers = {} } = config;
  const places: [Path, PartialConfig | PartialHandler][] = [
    [[], config],
    ...Object.entries(handlers).map(([name, own]): [Path, PartialHandler] => [
      ["handlers", name],
      own,
    ]),
  ];
  return places.flatMap(([path, said]) => ofBuffer(path, said, unclear));
}

function ofBuffer(
  path: Path,
  { whenFull, spill, highWater, lowWater }: PartialConfig | PartialHandler,
  unclear: Understood["unclear"],
): string[] {
  const problems: string[] = [];
  const at = (...keys: string[]) => pathText([...path, ...keys]);
  if (whenFull !== undefined && spill !== undefined) {
    problems.push(problem([...path, "whenFull"], `expected this or ${at("spill")}, got both`));
  }
  if (spill?.syncEvery !== undefined && !spill.durable && !unclear(...path, "spill")) {
    problems.push(`${at("spill", "syncEvery")} needs ${at("spill", "durable")} true`);
  }
  const { maxSize, segmentSize = SEGMENT_BYTES } = spill ?? {};
  if (maxSize !== undefined && maxSize < segmentSize && !unclear(...path, "spill")) {
    const expected = `at least ${at("spill", "segmentSize")}, ${segmentSize} bytes`;
    problems.push(problem([...path, "spill", "maxSize"], `expected ${expected}, got ${maxSize}`));
  }
  if (highWater !== undefined && lowWater !== undefined && lowWater >= highWater) {
    const expected = `less than ${at("highWater")}, ${highWater} bytes`;
    problems.push(problem([...path, "lowWater"], `expected ${expected}, got ${lowWater}`));
  }
  return problems;
}
