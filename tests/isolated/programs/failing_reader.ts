/** In place of the reader: is ready, and dies of what it is to write to the server, or never ends. */
const scope = globalThis as unknown as {
  postMessage(message: unknown): void;
  onmessage: (event: { data: { type: string; bytes: Uint8Array } }) => void;
};

/** Does as it is told. */
export function serve(): void {
  scope.onmessage = ({ data: { type, bytes } }) => {
    if (type === "start") scope.postMessage({ type: "ready" });
    if (type === "write") throw new Error(new TextDecoder().decode(bytes));
  };
}
