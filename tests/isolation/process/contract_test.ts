/** The contract of handler modules, in a process of their own. */
import { processHandler } from "../../../isolation.ts";
import { contractSuite } from "../contract_suite.ts";
import { PATIENCE_MS } from "../runs.ts";

contractSuite(
  "process",
  (specifier) =>
    processHandler(specifier, { startTimeoutMs: PATIENCE_MS, batchTimeoutMs: PATIENCE_MS }),
);
