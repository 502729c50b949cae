/** The contract of handler modules, in a process of their own. */
import { processHandler, type RemoteError } from "../../../isolation.ts";
import { contractSuite } from "../contract_suite.ts";
import { PATIENCE_MS } from "../runs.ts";

contractSuite(
  "process",
  (specifier, options) =>
    processHandler(specifier, {
      options,
      startTimeoutMs: PATIENCE_MS,
      batchTimeoutMs: PATIENCE_MS,
    }),
  {
    shown(cause) {
      const { remoteName: name, remoteStack: stack } = cause as RemoteError;
      return { name, stack };
    },
  },
);
