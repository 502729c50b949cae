/** The contract of handler modules, in a worker. */
import { workerHandler } from "../../../isolation.ts";
import { contractSuite } from "../contract_suite.ts";
import { PATIENCE_MS } from "../runs.ts";

contractSuite(
  "worker",
  (specifier, options) =>
    workerHandler(specifier, {
      options,
      startTimeoutMs: PATIENCE_MS,
      batchTimeoutMs: PATIENCE_MS,
      heartbeatTimeoutMs: PATIENCE_MS,
    }),
  { connect: { sharedMemory: true }, sharedViews: true, statsLagMs: 10 },
);
