/** Builds the push server and the peers into bench/build; what has no toolchain is skipped. */
import { buildAll } from "./lib/builds.ts";

if (import.meta.main) {
  for (const { name, skipped } of await buildAll()) {
    console.log(skipped === undefined ? `built    ${name}` : `skipped  ${name}: ${skipped}`);
  }
}
