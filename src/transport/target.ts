/**
 * Reads targets.
 *
 * @module
 */

import { OptionError } from "../errors.ts";
import type { Duplex, Target, TlsOptions, Transport } from "./transport.ts";

/** A target in one of four shapes. */
export type Endpoint =
  | { kind: "tcp"; hostname: string; port: number }
  | { kind: "tls"; hostname: string; port: number; tls: TlsOptions }
  | { kind: "unix"; path: string }
  | { kind: "open"; transport: Transport | Duplex };

const EXPECTED =
  '"host:port", "tls://host:port", "unix:/path", an address object or an open connection';

/** Throws an `OptionError` for what is no target, or can't be opened here. */
export function parseTarget(target: Target, tls: TlsOptions = {}): Endpoint {
  const endpoint = parse(target, tls);
  if (endpoint.kind !== "open" && typeof Deno === "undefined") {
    throw new OptionError("target", "a pair { readable, writable } where there is no Deno", target);
  }
  return endpoint;
}

function parse(target: Target, tls: TlsOptions): Endpoint {
  if (typeof target === "string") return parseText(target, tls);
  if (typeof target !== "object" || target === null) {
    throw new OptionError("target", EXPECTED, target);
  }
  if ("readable" in target || "read" in target) return { kind: "open", transport: target };
  if ("path" in target) return { kind: "unix", path: target.path };
  const { hostname = "127.0.0.1", port } = target;
  checkPort(port);
  if (!target.tls) return { kind: "tcp", hostname, port };
  return { kind: "tls", hostname, port, tls: target.tls === true ? tls : target.tls };
}

/** What a person would call the endpoint, and what `--allow-net` must name. */
export function endpointName(endpoint: Endpoint): string {
  switch (endpoint.kind) {
    case "tcp":
    case "tls":
      return `${
        endpoint.hostname.includes(":") ? `[${endpoint.hostname}]` : endpoint.hostname
      }:${endpoint.port}`;
    case "unix":
      return `unix:${endpoint.path}`;
    case "open":
      return "an open connection";
  }
}

function parseText(text: string, tls: TlsOptions): Endpoint {
  if (text.startsWith("unix:")) {
    const path = text.slice("unix:".length);
    if (path === "") throw new OptionError("target", "unix:/path", text);
    return { kind: "unix", path };
  }
  const match =
    /^(?:(?<scheme>tcp|tls):\/\/)?(?:\[(?<v6>[^\]]+)\]|(?<host>[^:/\s[\]]*)):(?<port>\d+)\/?$/.exec(
      text,
    );
  if (match?.groups === undefined) throw new OptionError("target", EXPECTED, text);
  const { scheme, v6, host, port } = match.groups;
  const hostname = v6 ?? (host || "127.0.0.1");
  checkPort(Number(port));
  const address = { hostname, port: Number(port) };
  return scheme === "tls" ? { kind: "tls", ...address, tls } : { kind: "tcp", ...address };
}

function checkPort(port: number): void {
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    throw new OptionError("target port", "an integer from 1 to 65535", port);
  }
}
