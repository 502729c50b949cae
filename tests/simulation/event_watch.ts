/** Events come in pairs, and not out of turn. */
import { assert, assertEquals } from "@std/assert";
import type { ClientEvent } from "../../mod.ts";
import { SpillIoError } from "../../src/spill/errors.ts";
import type { Scenario } from "./scenario.ts";

type EventType = ClientEvent["type"];

/** What opens a pair, and what closes it. */
const PAIRS: readonly { open: EventType; close: EventType }[] = [
  { open: "paused", close: "resumed" },
  { open: "high_water", close: "low_water" },
  { open: "spill_started", close: "spill_ended" },
];
/** Opens without being asked for. */
const ALSO_OPENS: Partial<Record<EventType, EventType>> = { spill_recovered: "spill_started" };

/** Listens to one client. */
export class EventWatch {
  readonly #options: Scenario["options"];
  /** Handlers by name, and what was told of them. */
  readonly #readFailed = new Set<string>();
  readonly #open = new Set<string>();

  constructor(options: Scenario["options"]) {
    this.#options = options;
  }

  /** An event came, while slabs of `heldBytes` were not free. */
  told(event: ClientEvent, heldBytes: number): void {
    const type = ALSO_OPENS[event.type] ?? event.type;
    const handler = "handler" in event ? event.handler ?? "" : "";
    for (const { open, close } of PAIRS) {
      const pair = `${open} ${handler}`;
      if (type === open) {
        assert(!this.#open.has(pair), `${type} was told twice`);
        this.#open.add(pair);
      }
      if (type === close) assert(this.#open.delete(pair), `${type} was told without ${open}`);
    }
    if ("bufferedBytes" in event) {
      assert(event.bufferedBytes <= heldBytes, "more is buffered than is held");
    }
    if (
      event.type === "spill_failed" && event.error instanceof SpillIoError &&
      event.error.operation === "read"
    ) {
      assert(!this.#readFailed.has(handler), "that the disk does not read was told twice");
      this.#readFailed.add(handler);
    }
    if (type.startsWith("spill")) assertEquals(this.#options.whenFull, "spill", type);
  }

  /** A record was read back, whoever it is for. */
  readBack(): void {
    this.#readFailed.clear();
  }

  /** The client has ended. */
  ended(): void {
    assert(!this.#open.has("paused "), "reading is paused, and the client has ended");
  }
}
