/** The contract of handler modules, within the client's own isolate. */
import { HandlerModuleError } from "../../src/isolation/contract.ts";
import { configuredHandler } from "../../src/isolation/schema.ts";
import { contractSuite } from "./contract_suite.ts";

let loads = 0;

contractSuite("inline", async (specifier, options) => {
  try {
    // Each test has a module of its own, though the source be the same.
    return configuredHandler(await import(`${specifier}#${++loads}`), specifier, options);
  } catch (error) {
    if (error instanceof HandlerModuleError) throw error;
    throw new HandlerModuleError(`the module cannot be loaded: ${(error as Error).message}`);
  }
});
