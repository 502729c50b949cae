/** The reader's program, which dies of what it is to write to the server. */
import { serve as serveReader } from "../../../src/isolated/reader_runtime.ts";

/** Serves until then. */
export function serve(): void {
  serveReader();
  const scope = globalThis as unknown as {
    onmessage: (event: { data: { type: string } }) => void;
  };
  const follow = scope.onmessage;
  scope.onmessage = (event) => {
    if (event.data.type === "write") throw new Error("oops");
    follow(event);
  };
}
