import { cpuUsage, hrtime } from "node:process";

/** Wall and CPU time (user and system, whole process) from the first byte to the report. */
export class Meter {
  bytes = 0;
  #wall = 0n;
  #cpu;

  /** To be told of every chunk as it arrives. */
  add(count) {
    if (this.bytes === 0) {
      this.#wall = hrtime.bigint();
      this.#cpu = cpuUsage();
    }
    this.bytes += count;
  }

  report(frames, sum) {
    const wall = hrtime.bigint() - this.#wall;
    const cpu = cpuUsage(this.#cpu);
    console.log(JSON.stringify({
      frames,
      sum: String(sum),
      bytes: this.bytes,
      wall_ns: Number(wall),
      cpu_ns: (cpu.user + cpu.system) * 1000,
    }));
  }
}

/** A sum beyond 2^53 at the price of plain numbers: exact for 2^20 additions between two flushes. */
export class Sum {
  frames = 0;
  #flushed = 0n;
  #recent = 0;

  add(field) {
    this.#recent += field;
    this.frames++;
    if ((this.frames & 0xfffff) === 0) this.#flush();
  }

  #flush() {
    this.#flushed += BigInt(this.#recent);
    this.#recent = 0;
  }

  get value() {
    this.#flush();
    return this.#flushed;
  }
}

/** `[host, port, framing, mode]` of `HOST PORT len|line sum|echo PAYLOAD`. */
export function parseArgs(argv) {
  if (argv.length !== 7) {
    console.error(`usage: ${argv[1]} HOST PORT len|line sum|echo PAYLOAD`);
    process.exit(2);
  }
  return [argv[2], Number(argv[3]), argv[4], argv[5]];
}
