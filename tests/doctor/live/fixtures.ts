/** Texts as Linux 6.18 and iproute2 6.1 gave them, of one moment of one program with four clients. */

/** A text of `fixtures/`. */
export function fixture(name: string): string {
  return Deno.readTextFileSync(new URL(`fixtures/${name}.txt`, import.meta.url));
}
