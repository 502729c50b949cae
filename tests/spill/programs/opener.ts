/** Opens the directory it is given, says what came of it, and keeps it until its input ends. */
import { openSpill } from "../../../src/spill/open.ts";

try {
  await using _ = await openSpill(Deno.args[0]);
  console.log("open");
  await new Response(Deno.stdin.readable).bytes();
} catch (error) {
  const { name, message } = error as Error;
  console.log(`${name}: ${message}`);
}
