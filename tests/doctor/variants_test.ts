/**
 * The same captures as others might have taken or stored them: the verdict stays, or turns to
 * unknown where what would tell is missing. It never turns into another.
 */
import { assert } from "@std/assert";
import { diagnose, type DoctorVerdict } from "../../doctor/mod.ts";
import { random } from "../spill/random.ts";
import { causesOf } from "./causes.ts";
import { readCaptures } from "./support/captures.ts";
import { type Variant, VARIANTS } from "./support/variants.ts";

const SERVER_PORT = 4000;
const SEED = Number(Deno.env.get("SPILLWAY_DOCTOR_SEED") ?? 1);

/** What is said of the connection to the feed's server; nothing if it is not there. */
async function verdictsOf(bytes: Uint8Array): Promise<DoctorVerdict[]> {
  const { connections } = await diagnose(bytes);
  const connection = connections.find(({ client, server }) =>
    [client.port, server.port].includes(SERVER_PORT)
  );
  return connection?.verdicts ?? [];
}

/** A capture that ends before what happened can't tell it: that it was still open is all there is. */
function isOpenEnd({ name }: Variant, [first]: DoctorVerdict[]): boolean {
  const early = name === "ends_early" || name.startsWith("cut_");
  return early && (first.kind === "nothing_wrong" || first.outcome === "slow_to_the_end");
}

const captures = readCaptures();

for (const variant of VARIANTS) {
  Deno.test(`diagnose() is not misled by a capture that is ${variant.name}, seed ${SEED}`, async () => {
    for (const { label, packets } of captures) {
      const verdicts = await verdictsOf(variant.derive(packets, random(SEED)));
      const right = verdicts.some((verdict) => causesOf(verdict).includes(label.cause));
      const open = verdicts.length === 0 || verdicts[0].kind === "unknown" ||
        isOpenEnd(variant, verdicts);
      const allowed = variant.keepsVerdict === "same" ? right : right || open;
      const said = verdicts.map(({ kind, sentence }) => `${kind}: ${sentence}`).join("; ");
      assert(allowed, `${label.file}: ${label.cause} was expected, got ${said || "nothing"}`);
    }
  });
}
