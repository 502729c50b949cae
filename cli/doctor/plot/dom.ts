/**
 * As much of the browser as the page's script uses. The names are the browser's own;
 * its whole library would be global for all modules of the package.
 *
 * @module
 */

/** An element. */
export interface Element {
  hidden: boolean;
  textContent: string | null;
  readonly id: string;
  readonly dataset: Record<string, string | undefined>;
  readonly clientWidth: number;
  /** Of an input. */
  readonly value?: string;
  append(...children: (Element | string)[]): void;
  replaceChildren(...children: Element[]): void;
  setAttribute(name: string, value: string): void;
  getAttribute(name: string): string | null;
  removeAttribute(name: string): void;
  querySelector(selectors: string): Element | null;
  querySelectorAll(selectors: string): Iterable<Element>;
  closest(selectors: string): Element | null;
  contains(other: Element | null): boolean;
  getBoundingClientRect(): { left: number; top: number; bottom: number; width: number };
  focus(options?: { preventScroll?: boolean }): void;
  scrollIntoView(options?: { block?: "start" | "center" | "nearest" }): void;
  setPointerCapture(id: number): void;
  addEventListener(
    type: string,
    listener: (event: Event) => void,
    options?: { passive?: boolean },
  ): void;
}

/** An event; which fields are there depends on its type. */
export interface Event {
  readonly target: Element;
  readonly key: string;
  readonly shiftKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly button: number;
  readonly pointerId: number;
  readonly clientX: number;
  readonly clientY: number;
  readonly deltaX: number;
  readonly deltaY: number;
  readonly deltaMode: number;
  preventDefault(): void;
}

/** What hangs together under `window`. */
export interface Browser {
  readonly document: Element & {
    readonly documentElement: Element;
    readonly activeElement: Element | null;
    createElementNS(namespace: string, name: string): Element;
    getElementById(id: string): Element | null;
  };
  readonly location: { readonly hash: string };
  readonly history: { replaceState(state: null, unused: string, url: string): void };
  readonly innerHeight: number;
  readonly ResizeObserver: new (callback: () => void) => { observe(element: Element): void };
  addEventListener(type: string, listener: () => void): void;
  requestAnimationFrame(callback: () => void): void;
}
