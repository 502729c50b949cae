/**
 * What is seen while a scene plays: a table that is drawn over itself on a
 * terminal, a line now and then elsewhere.
 *
 * @module
 */

import type { Claim } from "./acts.ts";
import { QUEUE_LIMIT_BYTES } from "./load.ts";
import { type Player, unreadBytes } from "./scene.ts";
import { bytes, coloured, seconds, whole } from "../words.ts";

const DRAW_EVERY_MS = 100;
const LOG_EVERY_MS = 500;
/** Rates are means over this time. */
const RATE_MS = 500;
const LABEL_WIDTH = 16;
const CELL_WIDTH = 30;
/** A terminal that is narrower gets the log: a line that wraps can't be drawn over. */
const TABLE_WIDTH = 80;
const BAR_WIDTH = 12;

/** Writes to standard output. */
export class Screen {
  readonly #live: boolean = Deno.stdout.isTerminal() && Deno.consoleSize().columns >= TABLE_WIDTH;

  /** Writes a line. */
  line(text = ""): void {
    console.log(text);
  }

  /** Writes a title. */
  title(text: string): void {
    this.line(`\n${styled("bold", text)}`);
  }

  /** Writes what has happened. */
  claim({ holds, text, details }: Claim): void {
    this.line(`  ${holds ? styled("green", "✓") : styled("red", "✗ not so:")} ${text}`);
    for (const detail of details) this.line(`    ${styled("dim", detail)}`);
  }

  /** Shows the players until disposed. */
  watch(players: Player[]): Disposable {
    const rates = players.map((player) => new Rate(player));
    const started = performance.now();
    const elapsed = () => seconds(performance.now() - started);
    if (!this.#live) {
      const timer = setInterval(() => {
        this.line(`  ${[elapsed(), ...players.map((p, i) => logged(p, rates[i]))].join(" · ")}`);
      }, LOG_EVERY_MS);
      return { [Symbol.dispose]: () => clearInterval(timer) };
    }
    let lines = this.#draw(players, rates, 0);
    const timer = setInterval(() => lines = this.#draw(players, rates, lines), DRAW_EVERY_MS);
    return {
      [Symbol.dispose]: () => {
        clearInterval(timer);
        this.#draw(players, rates, lines);
      },
    };
  }

  /** Draws the table over the last one; gives its number of lines. */
  #draw(players: Player[], rates: Rate[], linesBefore: number): number {
    const row = (label: string, cell: (player: Player, i: number) => string): string =>
      `  ${styled("dim", label.padEnd(LABEL_WIDTH))}${
        players.map((player, i) => cell(player, i)).join("")
      }`;
    const table = [
      row("", (player) => styled("bold", player.name.padEnd(CELL_WIDTH))),
      row("state", (player) => this.#state(player)),
      row(
        "handled",
        ({ progress }, i) =>
          `${whole(rates[i].now())} frames/s, ${whole(progress.handled)}`.padEnd(CELL_WIDTH),
      ),
      row(
        "buffered",
        ({ name, progress }) =>
          (name === "naive" ? "–" : `${whole(progress.waiting)} frames`).padEnd(CELL_WIDTH),
      ),
      row("unread", (player) => bytes(unreadBytes(player)).padEnd(CELL_WIDTH)),
      row("server's queue", (player) => this.#queue(player)),
    ];
    const up = linesBefore > 0 ? `\x1b[${linesBefore}A` : "";
    const text = up + table.map((line) => `${line}\x1b[K\n`).join("");
    Deno.stdout.writeSync(new TextEncoder().encode(text));
    return table.length;
  }

  #state(player: Player): string {
    const text = stateOf(player).padEnd(CELL_WIDTH);
    return player.serverEnding?.type === "cut" ? styled("red", text) : text;
  }

  #queue(player: Player): string {
    const queued = player.server?.queueBytes ?? 0;
    const filled = Math.min(BAR_WIDTH, Math.ceil(queued / QUEUE_LIMIT_BYTES * BAR_WIDTH));
    const bar = "█".repeat(filled) + "░".repeat(BAR_WIDTH - filled);
    const rest = ` ${bytes(queued)}`.padEnd(CELL_WIDTH - BAR_WIDTH);
    return styled(filled * 2 > BAR_WIDTH ? "red" : "green", bar) + rest;
  }
}

function styled(style: Parameters<typeof coloured>[0], text: string): string {
  return coloured(style, text, Deno.stdout);
}

/** The state in a few words. */
function stateOf({ progress, ending, serverEnding }: Player): string {
  if (ending?.code !== undefined) return `cut off: ${ending.code}`;
  if (serverEnding?.type === "cut") return "cut off, handling what came";
  if (ending !== undefined) return "got everything";
  if (progress.paused) return "paused: no slab is free";
  if (progress.bytesRead === 0) return "connecting";
  return progress.waiting > 0 ? "reading and handling" : "reading";
}

function logged(player: Player, rate: Rate): string {
  const parts = [
    stateOf(player),
    `${whole(rate.now())} frames/s`,
    `${bytes(unreadBytes(player))} unread`,
    `queue ${bytes(player.server?.queueBytes ?? 0)}`,
  ];
  return `${player.name}: ${parts.join(", ")}`;
}

/** Frames handled a second, over the last while. */
class Rate {
  readonly #player: Player;
  #samples: { at: number; handled: number }[] = [];

  constructor(player: Player) {
    this.#player = player;
  }

  /** The rate now; to be asked at intervals. */
  now(): number {
    const sample = { at: performance.now(), handled: this.#player.progress.handled };
    while (this.#samples.length > 1 && this.#samples[1].at <= sample.at - RATE_MS) {
      this.#samples.shift();
    }
    this.#samples.push(sample);
    const [first] = this.#samples;
    const ms = sample.at - first.at;
    return ms > 0 ? (sample.handled - first.handled) * 1000 / ms : 0;
  }
}
