/**
 * All sockets that are asked for, over time.
 *
 * @module
 */

import { type Activity, ActivityMeter } from "./activity.ts";
import type { Endpoint } from "../address.ts";
import type { Look } from "./look.ts";
import type { Sample } from "./sample.ts";
import { pairOf, type TcpSocket } from "./socket.ts";
import type { Program, SsSocket, TcpInfo } from "./ss.ts";
import { isTarget, type LiveTarget } from "./target.ts";
import { type LiveVerdict, liveVerdict } from "./verdict.ts";
import { SocketWatch, type WatchOptions, type WatchTotals } from "./watch.ts";
import type { LiveState, LiveStatus } from "./status.ts";

/** A socket that is or was watched. */
export interface LiveSocket {
  /** Its own end. */
  local: Endpoint;
  /** The server's. */
  remote: Endpoint;
  /** Its number. */
  inode: number;
  /** Who has it open, if that is known. */
  program: Program | undefined;
  /** What that program does, or did when it last did not read. */
  activity: Activity | undefined;
  /** How it is doing. */
  status: LiveStatus;
  /** What it went through. */
  totals: WatchTotals;
  /** What the kernel counts for it, from `ss`. */
  info: TcpInfo | undefined;
  /** And for the server's socket, if that is on this machine. */
  serverInfo: TcpInfo | undefined;
  /** What it came to so far. */
  verdict: LiveVerdict;
}

/** A socket that is in another state than before; `before` is `undefined` of one that is new. */
export interface LiveChange {
  before: LiveState | undefined;
  socket: LiveSocket;
}

interface Watched {
  socket: TcpSocket;
  watch: SocketWatch;
  program: Program | undefined;
  activity: Activity | undefined;
  info: TcpInfo | undefined;
  serverInfo: TcpInfo | undefined;
  /** When a look did not show it. */
  missingSince: number | undefined;
}

/** Sockets that are gone and kept for the summary; a program that connects a thousand times has enough. */
const GONE_KEPT = 100;

/** Watches them. */
export class LiveWatcher {
  /** Which are asked for; may be set anew as a process opens others. */
  target: LiveTarget;
  /** Looks taken. */
  looks = 0;
  /** Sockets of which nothing is kept. */
  forgotten = 0;
  readonly #options: WatchOptions;
  /** By the pair of their ends and their numbers, as ports come again. */
  readonly #watched = new Map<string, Watched>();
  readonly #gone: LiveSocket[] = [];
  readonly #meters = new Map<number, ActivityMeter>();
  #nowMs = -Infinity;

  /** See {@linkcode LiveTarget} and {@linkcode WatchOptions}. */
  constructor(target: LiveTarget, options: WatchOptions = {}) {
    this.target = target;
    this.#options = options;
  }

  /** Takes a look; gives the sockets whose state is another now. */
  look(look: Look): LiveChange[] {
    this.looks++;
    // A clock that was set back must not make times negative.
    const atMs = this.#nowMs = Math.max(this.#nowMs, look.atMs);
    const seen = this.#find(look);
    const changes = this.#endMissing(seen, atMs);
    const activities = this.#activities(look, atMs);
    for (const [key, { socket, details, server, serverDetails }] of seen) {
      const watched = this.#watched.get(key) ?? this.#begin(key, socket);
      const before = watched.watch.status?.state;
      watched.missingSince = undefined;
      const status = watched.watch.look(sampleOf(atMs, socket, details, server));
      watched.program ??= details?.program ?? this.#programOf(look);
      watched.info = details?.info ?? watched.info;
      watched.serverInfo = serverDetails?.info ?? watched.serverInfo;
      const activity = activities.get(watched.program?.pid ?? -1);
      // Of a stall that is over, it stays known what was done in it.
      if (status.state === "not_reading" || watched.watch.totals.stalls === 0) {
        watched.activity = activity ?? watched.activity;
      }
      if (before !== status.state) changes.push({ before, socket: liveSocket(watched) });
    }
    return changes;
  }

  /** Sockets that are there, in the order they came. */
  sockets(): LiveSocket[] {
    return Array.from(this.#watched.values(), liveSocket);
  }

  /** The last ones that were there and are not any more. */
  goneSockets(): readonly LiveSocket[] {
    return this.#gone;
  }

  /** Processes whose doings matter. */
  pids(): number[] {
    const pids = Array.from(this.#watched.values(), ({ program }) => program?.pid ?? 0);
    return [...new Set(pids)].filter((pid) => pid > 0);
  }

  /** Whether the program of a socket is still to be found out. */
  get anyUnnamed(): boolean {
    return this.#watched.values().some(({ program }) => program === undefined);
  }

  #begin(key: string, socket: TcpSocket): Watched {
    const nothing = { program: undefined, activity: undefined, info: undefined };
    const watch = new SocketWatch(this.#options);
    const watched = { socket, watch, ...nothing, serverInfo: undefined, missingSince: undefined };
    this.#watched.set(key, watched);
    return watched;
  }

  #endMissing(seen: ReadonlyMap<string, Found>, atMs: number): LiveChange[] {
    const changes: LiveChange[] = [];
    for (const [key, watched] of this.#watched) {
      if (seen.has(key)) continue;
      // A table that changes while it is read may lack a socket once.
      if (watched.missingSince === undefined) watched.missingSince = atMs;
      else changes.push(this.#end(key, watched, watched.missingSince));
    }
    return changes;
  }

  #end(key: string, watched: Watched, atMs: number): LiveChange {
    const before = watched.watch.status?.state;
    watched.watch.gone(atMs);
    this.#watched.delete(key);
    const socket = liveSocket(watched);
    this.#gone.push(socket);
    if (this.#gone.length > GONE_KEPT) {
      this.#gone.shift();
      this.forgotten++;
    }
    return { before, socket };
  }

  /** The sockets that are asked for, with all that the look has of them. */
  #find(look: Look): Map<string, Found> {
    const found = new Map<string, Found>();
    // A listing tells more, and its two numbers are nearly of one instant.
    for (const socket of [...look.sockets, ...look.details]) {
      if (isTarget(this.target, socket)) found.set(keyOf(socket), { socket });
    }
    const byServerPair = new Map<string, Found>();
    for (const one of found.values()) {
      byServerPair.set(pairOf({ local: one.socket.remote, remote: one.socket.local }), one);
    }
    for (const socket of look.sockets) {
      const one = byServerPair.get(pairOf(socket));
      if (one !== undefined) one.server = socket;
    }
    for (const socket of look.details) {
      const own = found.get(keyOf(socket));
      if (own !== undefined) own.details = socket;
      const one = byServerPair.get(pairOf(socket));
      if (one !== undefined) one.server = one.serverDetails = socket;
    }
    return found;
  }

  #activities(look: Look, atMs: number): Map<number, Activity> {
    return new Map(look.processes.map((stat) => {
      const meter = this.#meters.get(stat.pid) ?? new ActivityMeter();
      this.#meters.set(stat.pid, meter);
      return [stat.pid, meter.look(atMs, stat)];
    }));
  }

  #programOf(look: Look): Program | undefined {
    const { target } = this;
    if (target.kind !== "process") return undefined;
    const name = look.processes.find(({ pid }) => pid === target.pid)?.name;
    return name === undefined ? undefined : { pid: target.pid, name };
  }
}

interface Found {
  socket: TcpSocket;
  details?: SsSocket;
  /** The other end, if it is on this machine. */
  server?: TcpSocket;
  serverDetails?: SsSocket;
}

function keyOf(socket: TcpSocket): string {
  return `${pairOf(socket)} ${socket.inode}`;
}

function sampleOf(
  atMs: number,
  socket: TcpSocket,
  details: SsSocket | undefined,
  server: TcpSocket | undefined,
): Sample {
  const { state, receiveQueue } = details ?? socket;
  return {
    ...{ atMs, state, receiveQueue },
    received: details?.info.bytesReceived,
    lastReceivedMs: details?.info.lastReceivedMs,
    memory: details?.info.memory,
    serverQueue: server?.sendQueue,
    serverProbing: server?.probing,
  };
}

function liveSocket(watched: Watched): LiveSocket {
  const { socket, watch, program, activity, info, serverInfo } = watched;
  // INVARIANT: a socket is watched from a look on, and that gives it a status.
  const status = watch.status!;
  const { totals } = watch;
  const { local, remote, inode } = socket;
  const verdict = liveVerdict({ totals, status, activity, pid: program?.pid });
  return {
    ...{ local, remote, inode, program, activity, status, info, serverInfo, verdict },
    // Counting goes on; what is given out stays.
    totals: { ...totals },
  };
}
