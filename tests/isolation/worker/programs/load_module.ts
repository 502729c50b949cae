/** Loads the handler MODULE in a worker; says what came of it. */
import { workerHandler } from "../../../../isolation.ts";

const [module] = Deno.args;
await using handler = workerHandler(import.meta.resolve(`../modules/${module}.ts`));
try {
  await handler.load();
  console.log("loaded");
} catch (error) {
  console.log((error as Error).message);
}
