/** A headless Chromium of its own, over the DevTools protocol. */
import { linesOf } from "../../servers/lines.ts";

/** What a tab is to look like. */
export interface Screen {
  width: number;
  height: number;
  dark?: boolean;
  /** As on paper. */
  print?: boolean;
}

/** A message of the protocol. */
interface Message {
  id?: number;
  sessionId?: string;
  method?: string;
  // deno-lint-ignore no-explicit-any -- as many shapes as there are methods
  params?: any;
  // deno-lint-ignore no-explicit-any -- as many shapes as there are methods
  result?: any;
  error?: { message: string };
}

const PROGRAMS = ["chromium", "chromium-browser", "google-chrome"];
/** A browser starts slowly on a busy machine, and may hang for good. */
const PATIENCE_MS = 30_000;

/** The program, if there is one that runs; says so if there is none. */
export async function findChromium(): Promise<string | undefined> {
  for (const program of PROGRAMS) {
    try {
      const { success } = await new Deno.Command(program, { args: ["--version"] }).output();
      if (success) return program;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  console.log("skipped: chromium is not installed");
  return undefined;
}

/** The browser. */
export class Browser implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #folder: string;
  #socket: WebSocket | undefined;
  /** Settles when nobody holds its standard error any more. */
  #log: Promise<void> = Promise.resolve();
  readonly #waiting = new Map<number, PromiseWithResolvers<Message>>();
  readonly #listeners = new Set<(message: Message) => void>();
  #lastId = 0;

  private constructor(process: Deno.ChildProcess, folder: string) {
    this.#process = process;
    this.#folder = folder;
  }

  /** Starts one. */
  static async start(program: string): Promise<Browser> {
    const folder = await Deno.makeTempDir({ prefix: "spillway-chromium-" });
    const process = new Deno.Command(program, {
      args: [
        ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
        ...["--no-first-run", "--disable-extensions", "--disable-background-networking"],
        ...["--disable-component-update", "--disable-sync", "--force-color-profile=srgb"],
        ...["--hide-scrollbars", "--remote-debugging-port=0", `--user-data-dir=${folder}`],
        "about:blank",
      ],
      env: { HOME: folder, XDG_CONFIG_HOME: folder, XDG_CACHE_HOME: folder },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const browser = new Browser(process, folder);
    try {
      await browser.#connect();
    } catch (error) {
      await browser[Symbol.asyncDispose]();
      throw error;
    }
    return browser;
  }

  async #connect(): Promise<void> {
    const address = Promise.withResolvers<string>();
    // Read to its end, or the browser would wait for room to complain in.
    this.#log = (async () => {
      for await (const line of linesOf(this.#process.stderr)) {
        const [, url] = line.match(/^DevTools listening on (ws:.*)$/) ?? [];
        if (url !== undefined) address.resolve(url);
      }
      address.reject(new Error("chromium ended before it listened"));
    })();
    this.#log.catch(() => {});
    const socket = new WebSocket(await inTime("chromium starts", address.promise));
    this.#socket = socket;
    socket.onmessage = ({ data }) => this.#take(JSON.parse(data));
    socket.onclose = () => {
      for (const { reject } of this.#waiting.values()) reject(new Error("chromium is gone"));
    };
    const opened = Promise.withResolvers<void>();
    socket.onopen = () => opened.resolve();
    socket.onerror = () => opened.reject(new Error("chromium does not answer"));
    await inTime("chromium answers", opened.promise);
  }

  #take(message: Message): void {
    if (message.id === undefined) {
      for (const listener of this.#listeners) listener(message);
      return;
    }
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.error === undefined) waiting?.resolve(message);
    else waiting?.reject(new Error(message.error.message));
  }

  /** Calls a method of the protocol. */
  // deno-lint-ignore no-explicit-any -- as many shapes as there are methods
  async call(method: string, params: unknown = {}, sessionId?: string): Promise<any> {
    const id = ++this.#lastId;
    const answer = Promise.withResolvers<Message>();
    this.#waiting.set(id, answer);
    this.#socket?.send(JSON.stringify({ id, method, params, sessionId }));
    return (await inTime(method, answer.promise)).result;
  }

  /** Tells `listener` of all events. */
  listen(listener: (message: Message) => void): void {
    this.#listeners.add(listener);
  }

  /** A new tab. */
  async tab(screen: Screen): Promise<Tab> {
    const { targetId } = await this.call("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await this.call("Target.attachToTarget", { targetId, flatten: true });
    const tab = new Tab(this, targetId, sessionId);
    await tab.prepare(screen);
    return tab;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#socket?.readyState === WebSocket.OPEN) {
      const closed = new Promise((resolve) => this.#socket?.addEventListener("close", resolve));
      await this.call("Browser.close").catch(() => {});
      this.#socket.close();
      await closed;
    }
    try {
      this.#process.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await this.#process.status;
    // Processes of its own may outlive it for a moment.
    await inTime("chromium's last process ends", this.#log);
    await removed(this.#folder);
  }
}

/** A tab. */
export class Tab implements AsyncDisposable {
  /** What the page complained of: console messages, exceptions, refusals. */
  readonly complaints: string[] = [];
  /** What it asked the network for. */
  readonly requests: string[] = [];
  readonly #browser: Browser;
  readonly #target: string;
  readonly #session: string;
  #loaded = Promise.withResolvers<void>();

  constructor(browser: Browser, target: string, session: string) {
    this.#browser = browser;
    this.#target = target;
    this.#session = session;
  }

  /** Calls a method of the protocol for this tab. */
  call(method: string, params: unknown = {}) {
    return this.#browser.call(method, params, this.#session);
  }

  /** Listens, and looks as told. */
  async prepare(screen: Screen): Promise<void> {
    this.#browser.listen(({ sessionId, method, params }) => {
      if (sessionId !== this.#session) return;
      if (method === "Page.loadEventFired") this.#loaded.resolve();
      if (method === "Network.requestWillBeSent") this.requests.push(params.request.url);
      if (method === "Log.entryAdded") this.complaints.push(params.entry.text);
      if (method === "Runtime.consoleAPICalled") this.complaints.push(JSON.stringify(params.args));
      if (method === "Runtime.exceptionThrown") {
        this.complaints.push(JSON.stringify(params.exceptionDetails));
      }
    });
    for (const domain of ["Page", "Network", "Log", "Runtime"]) await this.call(`${domain}.enable`);
    await this.look(screen);
  }

  /** Changes what the tab looks like. */
  async look({ width, height, dark = false, print = false }: Screen): Promise<void> {
    const mobile = false;
    await this.call("Emulation.setDeviceMetricsOverride", {
      ...{ width, height, deviceScaleFactor: 1, mobile },
    });
    await this.call("Emulation.setEmulatedMedia", {
      media: print ? "print" : "",
      features: [{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }],
    });
  }

  /** Goes to a page and waits until it is loaded and drawn. */
  async open(url: string): Promise<void> {
    this.#loaded = Promise.withResolvers();
    await this.call("Page.navigate", { url });
    await inTime("the page loads", this.#loaded.promise);
    await this.drawn();
  }

  /** Waits for two frames: what is asked for in one is drawn in the next. */
  async drawn(): Promise<void> {
    await this.evaluate(
      "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())))",
    );
  }

  /** What an expression gives in the page. */
  // deno-lint-ignore no-explicit-any -- whatever it gives
  async evaluate(expression: string): Promise<any> {
    const { result, exceptionDetails } = await this.call("Runtime.evaluate", {
      ...{ expression, returnByValue: true, awaitPromise: true },
    });
    if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
    return result.value;
  }

  /** A picture of the tab, as PNG. */
  async screenshot(): Promise<Uint8Array<ArrayBuffer>> {
    const { data } = await this.call("Page.captureScreenshot", { format: "png" });
    return Uint8Array.fromBase64(data);
  }

  /** Something done with the mouse. */
  async mouse(type: string, x: number, y: number, more: object = {}): Promise<void> {
    await this.call("Input.dispatchMouseEvent", { type, x, y, ...more });
    await this.drawn();
  }

  /** A key pressed and let go. */
  async press(key: string, text?: string): Promise<void> {
    await this.call("Input.dispatchKeyEvent", { type: "keyDown", key, text });
    await this.call("Input.dispatchKeyEvent", { type: "keyUp", key });
    await this.drawn();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.call("Target.closeTarget", { targetId: this.#target });
  }
}

async function inTime<T>(what: string, promise: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`${what}: not within ${PATIENCE_MS} ms`)),
      PATIENCE_MS,
    );
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Processes that end with the browser may still be writing there. */
async function removed(folder: string): Promise<void> {
  for (let left = 50;; left--) {
    try {
      return await Deno.remove(folder, { recursive: true });
    } catch (error) {
      if (left === 0) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
