/** The doctor's page in a browser: what is drawn, what can be done, and that nothing is asked for. */
import { assert, assertEquals, assertNotEquals, assertStringIncludes } from "@std/assert";
import { page } from "../../../cli/doctor/page.ts";
import type { DoctorReport } from "../../../doctor/report.ts";
import { Browser, findChromium, type Screen, type Tab } from "./browser.ts";
import { CUT_MS, FULL_MS, many, recovered, report, slowConsumer } from "./fixtures.ts";
import { hostile } from "./hostile.ts";
import { alike, coloursIn, PlotView, redness, rowsOf, seen } from "./page_view.ts";
import type { Colour } from "./png.ts";

const chromium = await findChromium();
const WIDE: Screen = { width: 1200, height: 1000 };
/** As the style sheet has it, by day. */
const WINDOW: Colour = [0x26, 0x67, 0xb5];

/** Opens a report's page, looks at it with `look`, and has no complaint and no request. */
async function visit(
  browser: Browser,
  what: DoctorReport,
  screen: Screen,
  look: (tab: Tab) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const file = `${folder}/page.html`;
    await Deno.writeTextFile(file, page(what));
    await using tab = await browser.tab(screen);
    await tab.open(`file://${file}`);
    await look(tab);
    assertEquals(tab.complaints, []);
    assertEquals(tab.requests, [`file://${file}`]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The labels of the time axis. */
function ticks(tab: Tab): Promise<string[]> {
  return tab.evaluate(
    `[...document.querySelectorAll("article:not([hidden]) .tick.x")].map((one) => one.textContent)`,
  );
}

function readout(tab: Tab): Promise<string> {
  return tab.evaluate(`document.querySelector("article:not([hidden]) .readout").textContent`);
}

/** Which connections are shown, and of which a plot is drawn. */
function shown(tab: Tab): Promise<{ articles: string[]; drawn: number }> {
  return tab.evaluate(`({
    articles: [...document.querySelectorAll("article:not([hidden])")].map(({ id }) => id),
    drawn: document.querySelectorAll("article svg > *:first-child").length,
  })`);
}

async function drag(tab: Tab, from: number, to: number, y: number, modifiers = 0): Promise<void> {
  const left = { button: "left", buttons: 1, clickCount: 1, modifiers };
  await tab.mouse("mousePressed", from, y, left);
  await tab.mouse("mouseMoved", (from + to) / 2, y, left);
  await tab.mouse("mouseMoved", to, y, left);
  await tab.mouse("mouseReleased", to, y, left);
}

async function drawsTheStall(tab: Tab): Promise<void> {
  const view = await PlotView.find(tab);
  const image = await seen(tab);
  const { window, total } = view.frame;
  const panel: [number, number] = [view.y(window.top - 3), view.y(window.bottom + 3)];
  const open = rowsOf(image, view.x(1000, 0, CUT_MS), panel, WINDOW);
  const shut = rowsOf(image, view.x(5000, 0, CUT_MS), panel, WINDOW);
  // Open: 216 to 256 KiB of 256, so in the upper third. Shut: on the base line.
  assert(open.length > 0 && open.every((y) => y < view.y(window.top + 70)), `open: ${open}`);
  assert(shut.length > 0 && shut.every((y) => y > view.y(window.bottom - 4)), `shut: ${shut}`);
  const free = (ms: number) => image.at(view.x(ms, 0, CUT_MS), view.y(total.bottom - 6));
  assert(redness(free(FULL_MS - 60)) < 4, `before: ${free(FULL_MS - 60)}`);
  for (const ms of [FULL_MS + 60, 5000, CUT_MS - 60]) {
    assert(redness(free(ms)) > 10, `${ms} ms: ${free(ms)}`);
  }
  const end = image.at(view.x(CUT_MS, 0, CUT_MS), view.y(total.top + 20));
  assert(alike(end, [0x1d, 0x1d, 0x1b], 80), `end: ${end}`);
  assert(coloursIn(image) > 50);
}

async function zoomsByWheel(tab: Tab): Promise<void> {
  const view = await PlotView.find(tab);
  const all = await ticks(tab);
  assertEquals(all, ["0 s", "1 s", "2 s", "3 s", "4 s", "5 s", "6 s", "7 s"]);
  const [x, y] = [view.x(FULL_MS, 0, CUT_MS), view.y(view.frame.window.top + 100)];
  for (let i = 0; i < 4; i++) {
    await tab.mouse("mouseWheel", x, y, { deltaX: 0, deltaY: -240 });
  }
  const near = await ticks(tab);
  assertNotEquals(near, all);
  const seconds = near.map(parseFloat);
  assert(seconds[0] > 1.5 && seconds.at(-1)! < 4, near.join());
  // What was under the pointer is there still, but for the pixel it may have been beside it.
  const image = await seen(tab);
  const free = (at: number) => redness(image.at(at, view.y(view.frame.total.bottom - 6)));
  assert(free(x - 10) < 4 && free(x + 10) > 10, `${free(x - 10)}, ${free(x + 10)}`);
  await tab.mouse("mousePressed", x, y, { button: "left", buttons: 1, clickCount: 1 });
  await tab.mouse("mouseReleased", x, y, { button: "left", clickCount: 1 });
  await tab.mouse("mousePressed", x, y, { button: "left", buttons: 1, clickCount: 2 });
  await tab.mouse("mouseReleased", x, y, { button: "left", clickCount: 2 });
  assertEquals(await ticks(tab), all);
}

async function zoomsByDragging(tab: Tab): Promise<void> {
  const view = await PlotView.find(tab);
  const y = view.y(view.frame.window.top + 100);
  await drag(tab, view.x(1990, 0, CUT_MS), view.x(3010, 0, CUT_MS), y);
  const near = await ticks(tab);
  assertEquals([near[0], near.at(-1)], ["2.0 s", "3.0 s"]);
  // Half a second to the left is half a second later.
  const { left, right } = view.frame;
  const half = (right - left) / 2;
  await drag(tab, view.x(2900, 2000, 3000), view.x(2900, 2000, 3000) - half, y, 8);
  assertEquals((await ticks(tab)).at(-1), "3.5 s");
  const below = view.y(view.frame.total.bottom + 12);
  await drag(tab, view.x(2300, 2000, 3000), view.x(2300, 2000, 3000) + half, below);
  assertEquals((await ticks(tab)).at(-1), "3.0 s");
}

async function obeysKeys(tab: Tab): Promise<void> {
  const all = await ticks(tab);
  await tab.evaluate(`document.querySelector(".canvas").focus()`);
  await tab.press("+", "+");
  await tab.press("+", "+");
  const near = await ticks(tab);
  assertNotEquals(near, all);
  await tab.press("ArrowRight");
  const later = await ticks(tab);
  assert(parseFloat(later.at(-1)!) > parseFloat(near.at(-1)!), `${near}, then ${later}`);
  await tab.press("ArrowLeft");
  assertEquals(await ticks(tab), near);
  await tab.press("-", "-");
  await tab.press("0", "0");
  assertEquals(await ticks(tab), all);
  await tab.call("Input.dispatchKeyEvent", { type: "keyDown", key: "ArrowRight", modifiers: 8 });
  await tab.drawn();
  assertStringIncludes(await readout(tab), "window 0 B");
  assertEquals(
    await tab.evaluate(`document.querySelector(".readout").getAttribute("aria-live")`),
    "polite",
  );
}

async function readsValues(tab: Tab): Promise<void> {
  const view = await PlotView.find(tab);
  const hint = await readout(tab);
  const y = view.y(view.frame.window.top + 100);
  await tab.mouse("mouseMoved", view.x(5000, 0, CUT_MS), y);
  assert(/^[45]\.\d+ s {2}window 0 B · in flight .*stall of the client/.test(await readout(tab)));
  await tab.mouse("mouseMoved", view.x(FULL_MS, 0, CUT_MS), y);
  assertStringIncludes(await readout(tab), "frame 1,204: the client's window is zero");
  await tab.mouse("mouseMoved", view.x(1000, 0, CUT_MS), y);
  assert(/window 2\d\d\.\d KiB to 256\.0 KiB · in flight /.test(await readout(tab)));
  await tab.mouse("mouseMoved", 2, 2);
  assertEquals(await readout(tab), hint);
  await tab.evaluate(`document.querySelector("button[data-at='2551']").click()`);
  await tab.drawn();
  assert((await readout(tab)).startsWith("2.551 s  "));
}

async function choosesFromTheList(tab: Tab): Promise<void> {
  assertEquals(await shown(tab), { articles: ["c1"], drawn: 1 });
  await tab.evaluate(`document.querySelector("a[href='#c2']").click()`);
  await tab.drawn();
  assertEquals(await shown(tab), { articles: ["c2"], drawn: 2 });
  await tab.evaluate(`document.querySelector("a[href='#c2']").focus()`);
  await tab.press("ArrowDown");
  assertEquals(await shown(tab), { articles: ["c3"], drawn: 3 });
  const rows = () =>
    tab.evaluate(`[...document.querySelectorAll(".list tbody tr:not([hidden])")].length`);
  assertEquals(await rows(), 500);
  await tab.evaluate(`document.querySelector("[data-verdict='slow consumer, recovered']").click()`);
  assertEquals(await rows(), 1);
  await tab.evaluate(`document.querySelector("[data-verdict='slow consumer, recovered']").click()`);
  await tab.evaluate(`(() => {
    const search = document.querySelector("input");
    search.value = "20123 wrong";
    search.dispatchEvent(new Event("input"));
  })()`);
  assertEquals(await rows(), 1);
  await tab.evaluate(`location.hash = "#c400"`);
  await tab.drawn();
  assertEquals((await shown(tab)).articles, ["c400"]);
}

Deno.test({
  name: "the doctor's page in a browser",
  ignore: chromium === undefined,
  async fn(t) {
    if (chromium === undefined) return;
    await using browser = await Browser.start(chromium);
    const slow = report([slowConsumer()]);
    const see = (name: string, look: (tab: Tab) => Promise<void>, what = slow, screen = WIDE) =>
      t.step(name, () => visit(browser, what, screen, look));

    await see("draws the window open, at zero in the stall, and marks the stall", drawsTheStall);
    await see("zooms by wheel where the pointer is, and a double click shows all", zoomsByWheel);
    await see("zooms by dragging, and moves below the axis or with shift", zoomsByDragging);
    await see("obeys keys", obeysKeys);
    await see("reads values under the pointer, and shows evidence", readsValues);
    await see("shows one of 500 connections, and draws no other", choosesFromTheList, many(500));
    await see("runs nothing that is in a report", async (tab) => {
      assertEquals(
        await tab.evaluate(`[globalThis.hacked, document.querySelector("img")]`),
        [undefined, null].map((nothing) => nothing ?? null),
      );
      assertStringIncludes(
        await tab.evaluate(`document.querySelector("h2").textContent`),
        "</script><img src=x",
      );
    }, hostile());
    for (const dark of [false, true]) {
      for (const width of [360, 1600]) {
        const name = `is as wide as the window, ${width} pixels, ${dark ? "dark" : "light"}`;
        await see(
          name,
          async (tab) => {
            const image = await seen(tab);
            assertEquals(await tab.evaluate("document.documentElement.scrollWidth"), width);
            assertEquals(image.at(3, 3).every((value) => dark ? value < 60 : value > 230), true);
            assert(coloursIn(image) > 50);
          },
          report([recovered(), slowConsumer()]),
          { width, height: 900, dark },
        );
      }
    }
    await see(
      "is light on paper, without what can't be pressed there",
      async (tab) => {
        assert((await seen(tab)).at(3, 3).every((value) => value > 230));
        assertEquals(await tab.evaluate(`document.querySelector(".acts").offsetHeight`), 0);
        assert(await tab.evaluate(`document.querySelector(".canvas").offsetHeight`) > 300);
      },
      slow,
      { ...WIDE, dark: true, print: true },
    );
  },
});
