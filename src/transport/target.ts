/**
 * Reads targets.
 *
 * @module
 */

import { OptionError } from "../errors.ts";
import type { Dialer, Duplex, Target, TlsOptions, Transport } from "./transport.ts";

/** A target in one of five shapes. */
export type Endpoint =
  | { kind: "tcp"; hostname: string; port: number }
  | { kind: "tls"; hostname: string; port: number; tls: TlsOptions }
  | { kind: "unix"; path: string }
  | { kind: "dialer"; dialer: Dialer }
  | { kind: "open"; transport: Transport | Duplex };

const TEXTS = "localhost:9000, tls://feed.example:9443 or unix:/path";

/** Throws an `OptionError` for what is no target, or can't be opened here. */
export function parseTarget(target: Target, tls?: TlsOptions): Endpoint {
  const endpoint = parse(target, tls);
  const needsDeno = endpoint.kind !== "open" && endpoint.kind !== "dialer";
  if (needsDeno && typeof Deno === "undefined") {
    throw new OptionError("target", "a pair { readable, writable } where there is no Deno", target);
  }
  if (endpoint.kind === "tls") checkTls(endpoint.tls, endpoint.hostname);
  // Else what was meant to be secret would go out in plain text.
  else if (tls !== undefined) {
    throw new OptionError(
      "tls",
      "a tls:// target beside it, or to be given to a handshake's startTls()",
      target,
    );
  }
  if (tls !== undefined && ownTls(target)) {
    throw new OptionError("tls", "none beside those of the target", tls);
  }
  return endpoint;
}

/** Whether the target has TLS options of its own. */
function ownTls(target: Target): boolean {
  return typeof target === "object" && "tls" in target && typeof target.tls === "object";
}

function parse(target: Target, tls: TlsOptions = {}): Endpoint {
  if (typeof target === "string") return parseText(target, tls);
  if (typeof target !== "object" || target === null) {
    const expected = `${TEXTS} as text, an address object, a dialer or an open connection`;
    throw new OptionError("target", expected, target);
  }
  if ("dial" in target) return { kind: "dialer", dialer: target };
  if ("readable" in target || "read" in target) {
    if (!("writable" in target || "write" in target)) {
      throw new OptionError("target", "a connection that can be written to as well", target);
    }
    return { kind: "open", transport: target };
  }
  if ("path" in target) {
    checkText("target path", target.path);
    return { kind: "unix", path: target.path };
  }
  const { hostname = "127.0.0.1", port } = target;
  checkText("target hostname", hostname);
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
    case "dialer":
      return endpoint.dialer.name ?? "a dialed connection";
    case "open":
      return "an open connection";
  }
}

function checkText(option: string, value: string): void {
  if (typeof value !== "string" || value === "") throw new OptionError(option, "a text", value);
}

/** Throws for options that Deno would ignore or can't honour. */
function checkTls(tls: TlsOptions, hostname: string): void {
  const { cert, key, serverName } = tls;
  if ((cert === undefined) !== (key === undefined)) {
    const missing = cert === undefined ? "cert" : "key";
    throw new OptionError(`tls.${missing}`, "a PEM text when its counterpart is given", undefined);
  }
  if (cert !== undefined && serverName !== undefined && serverName !== hostname) {
    throw new OptionError(
      "tls.serverName",
      "the host name connected to when a client certificate is given",
      serverName,
    );
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
  if (match?.groups === undefined) throw new OptionError("target", TEXTS, text);
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
