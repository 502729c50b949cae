import { cpuUsage } from "node:process";

/** What a client was asked on its command line: `HOST PORT len|line sum|discard|echo PAYLOAD`. */
export interface Job {
  hostname: string;
  port: number;
  line: boolean;
  mode: "sum" | "discard" | "echo";
  payload: number;
}

/** Reads the arguments all clients share. */
export function parseJob(args: string[]): Job {
  const [hostname, port, framing, mode, payload] = args;
  if (mode !== "sum" && mode !== "discard" && mode !== "echo" || payload === undefined) {
    throw new TypeError("expected HOST PORT len|line sum|discard|echo PAYLOAD");
  }
  return { hostname, port: Number(port), line: framing === "line", mode, payload: Number(payload) };
}

/** Takes wall and CPU time (user and system, whole process) from the first byte to the report. */
export class Meter {
  /** Bytes received so far. */
  bytes = 0;
  #wall = 0;
  #cpu = { user: 0, system: 0 };

  /** To be told of every chunk as it arrives. */
  add(count: number): void {
    if (this.bytes === 0) this.#start();
    this.bytes += count;
  }

  #start(): void {
    this.#wall = performance.now();
    this.#cpu = cpuUsage();
  }

  /** Prints the line the runner reads. */
  report(frames: number, sum: bigint): void {
    const wall = performance.now() - this.#wall;
    const cpu = cpuUsage(this.#cpu);
    console.log(JSON.stringify({
      frames,
      sum: String(sum),
      bytes: this.bytes,
      wall_ns: Math.round(wall * 1e6),
      cpu_ns: (cpu.user + cpu.system) * 1000,
    }));
  }
}

/** A count and a sum beyond 2^53 at the price of plain numbers. */
export class Sum {
  /** How many fields were added. */
  frames = 0;
  #flushed = 0n;
  #recent = 0;

  /** Adds one field; 2^20 of them stay below 2^53. */
  add(field: number): void {
    this.#recent += field;
    this.frames++;
    if ((this.frames & 0xfffff) === 0) this.#flush();
  }

  #flush(): void {
    this.#flushed += BigInt(this.#recent);
    this.#recent = 0;
  }

  /** The sum so far. */
  get value(): bigint {
    this.#flush();
    return this.#flushed;
  }
}
