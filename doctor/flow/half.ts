/**
 * One direction of a connection: what one side sent, and the window the other side
 * left it.
 *
 * @module
 */

import { Duplicates } from "./duplicates.ts";
import { OneWayDelays, RoundTrips } from "./delays.ts";
import type { Mark } from "./ending.ts";
import { Origin } from "./origin.ts";
import { SenderView } from "./sender_view.ts";
import { Sequence } from "./sequence.ts";
import { Silence } from "./silence.ts";
import type { Recording } from "./timeline.ts";
import { Unanswered } from "./unanswered.ts";
import { Window } from "./window.ts";

/** As many show what the others do. */
const LOSSES_MAX = 3;

/** What is known of the data one side sends. */
export class Half {
  /** Packets it sent, as captured. */
  packets = 0;
  readonly origin: Origin = new Origin();
  readonly duplicates: Duplicates = new Duplicates();
  readonly sequence: Sequence = new Sequence();
  /** The window the other side advertised for this data. */
  readonly window: Window = new Window();
  /** That window as this side knew it. */
  readonly view: SenderView = new SenderView();
  /** From its data to the acknowledgement. */
  readonly roundTrips: RoundTrips = new RoundTrips();
  readonly oneWay: OneWayDelays = new OneWayDelays();
  readonly silence: Silence = new Silence();
  readonly unanswered: Unanswered = new Unanswered();
  /** What is drawn; only of connections with more than a few packets. */
  recording: Recording | undefined;
  /** The window was closed since it last sent data. */
  stalledSinceData = false;
  /** It has sent something again since its last new data. */
  sentAgainSinceData = false;
  /** Packets it sent since its last data that were not captured, by their numbers; NaN if not known. */
  missingSinceData = 0;
  /** The first packets that were sent again, seen twice or not. */
  readonly losses: Mark[] = [];

  /** A packet was sent again. */
  lost(frame: number, timeMs: number): void {
    if (this.losses.length < LOSSES_MAX) this.losses.push({ frame, timeMs });
  }
}
