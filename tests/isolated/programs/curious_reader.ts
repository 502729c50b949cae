/** In place of the reader: tells what it may do. */
const post = (message: unknown) =>
  (globalThis as unknown as { postMessage(message: unknown): void }).postMessage(message);

/** Tries all it should not be able to do; the files and ports are those of the test. */
export function serve(): void {
  const scope = globalThis as unknown as { onmessage: (event: { data: unknown }) => void };
  scope.onmessage = async ({ data }) => {
    const { type, plan } = data as { type: string; plan: { target: string } };
    if (type !== "start") return post({ type: "ended", end: { type: -1, message: "", stack: "" } });
    const [hostname, port] = plan.target.split(":");
    const attempts: Record<string, () => unknown> = {
      own: async () => (await Deno.connect({ hostname, port: Number(port) })).close(),
      otherPort: () => Deno.connect({ hostname, port: 9 }),
      otherHost: () => Deno.connect({ hostname: "localhost", port: Number(port) }),
      listen: () => Deno.listen({ hostname, port: 0 }),
      read: () => Deno.readTextFile(new URL(import.meta.url)),
      write: () => Deno.writeTextFile("escaped.txt", ""),
      env: () => Deno.env.get("HOME"),
      run: () => new Deno.Command("true").output(),
      sys: () => Deno.hostname(),
      ffi: () => Deno.dlopen("libc.so.6", {}),
      import: () => import(`${import.meta.url}?again`),
    };
    for (const [attempt, act] of Object.entries(attempts)) {
      let outcome = "done";
      try {
        await act();
      } catch (error) {
        outcome = (error as Error).name;
      }
      post({ type: "event", event: { type: "attempt", attempt, outcome } });
    }
    post({ type: "ready" });
  };
}
