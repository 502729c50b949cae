/**
 * The list of connections: which is shown, and which are listed. As all functions whose text
 * goes into the page, {@linkcode selecting} uses nothing from outside of itself but what it
 * is given.
 *
 * @module
 */

import type { Browser, Element } from "./dom.ts";
import type { Plotting } from "./interact.ts";

/** Shows one connection at a time; its plot is made when it is shown first. */
export function selecting(browser: Browser, plot: Plotting): void {
  const { document } = browser;
  const articles = [...document.querySelectorAll("article")];
  const list = document.querySelector(".list");
  const rows = [...document.querySelectorAll(".list tbody tr")];
  const drawn = new Set<Element>();

  function show(article: Element): void {
    for (const other of articles) other.hidden = other !== article;
    for (const row of rows) {
      const link = row.querySelector("a");
      if (link?.getAttribute("href") === `#${article.id}`) row.setAttribute("aria-current", "true");
      else row.removeAttribute("aria-current");
    }
    if (drawn.has(article)) return;
    drawn.add(article);
    plot(article);
  }

  /** Shows what the address names, else the first. */
  function follow(): void {
    const named = articles.find(({ id }) => `#${id}` === browser.location.hash) ?? articles[0];
    if (named !== undefined) show(named);
  }

  /** Shows a row's connection, which scrolls into sight only if its begin is out of it. */
  function choose(row: Element): void {
    const link = row.querySelector("a");
    const hash = link?.getAttribute("href") ?? "";
    const article = articles.find(({ id }) => `#${id}` === hash);
    if (article === undefined) return;
    browser.history.replaceState(null, "", hash);
    show(article);
    link?.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
    if (article.getBoundingClientRect().top > browser.innerHeight * 0.75) {
      article.scrollIntoView({ block: "start" });
    }
  }

  for (const row of rows) {
    row.addEventListener("click", (event) => {
      event.preventDefault();
      choose(row);
    });
  }
  list?.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const visible = rows.filter(({ hidden }) => !hidden);
    const at = visible.findIndex((row) => row.contains(document.activeElement));
    const next = step === undefined || at === -1 ? undefined : visible[at + step];
    if (next === undefined) return;
    event.preventDefault();
    choose(next);
  });

  const search = document.querySelector("input[type=search]");
  const chips = [...document.querySelectorAll("button[data-verdict]")];
  const none = document.querySelector(".list .none");
  let verdict: string | undefined;

  function filter(): void {
    const words = (search?.value ?? "").toLowerCase().split(" ");
    for (const row of rows) {
      const text = (row.textContent ?? "").toLowerCase();
      row.hidden = !(words.every((word) => text.includes(word)) &&
        (verdict === undefined || row.dataset.verdict === verdict));
    }
    for (const chip of chips) {
      chip.setAttribute("aria-pressed", String(chip.dataset.verdict === verdict));
    }
    if (none !== null) none.hidden = rows.some(({ hidden }) => !hidden);
  }

  search?.addEventListener("input", filter);
  for (const chip of chips) {
    chip.addEventListener("click", () => {
      verdict = verdict === chip.dataset.verdict ? undefined : chip.dataset.verdict;
      filter();
    });
  }
  browser.addEventListener("hashchange", follow);
  document.documentElement.setAttribute("class", "js");
  follow();
}
