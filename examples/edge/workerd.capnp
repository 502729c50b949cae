# Runs worker.ts on this machine, with its feed at the address in FEED:
#
#   deno bundle --external=cloudflare:sockets --external=./core.wasm worker.ts -o worker.js
#   cp ../../core.wasm .
#   FEED=127.0.0.1:9000 npx workerd serve workerd.capnp
#   curl http://127.0.0.1:8080/

using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    # What the worker may connect to; without "private" not even loopback.
    (name = "internet", network = (allow = ["private"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:8080", http = (), service = "main")],
);

const worker :Workerd.Worker = (
  modules = [
    (name = "worker.js", esModule = embed "worker.js"),
    (name = "core.wasm", wasm = embed "core.wasm"),
  ],
  bindings = [(name = "FEED", fromEnvironment = "FEED")],
  compatibilityDate = "2026-11-01",
);
