/**
 * Handler modules that run apart from the client, with rights of their own.
 *
 * @module
 */

export { type Grants, HandlerModuleError } from "./src/isolation/contract.ts";
export { UnresponsiveHandlerError, WorkerProtocolError } from "./src/isolation/worker/errors.ts";
export {
  workerHandler,
  type WorkerHandlerEvent,
  type WorkerHandlerOptions,
} from "./src/isolation/worker/worker_handler.ts";
