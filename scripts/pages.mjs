// SPDX-License-Identifier: PostgreSQL
// pages.mjs FOLDER PAGE…: opens pages in headless Chromium as a phone and a wide screen have them, light and dark, and
// prints what axe-core says of them, what is wider than the screen, what is loaded from elsewhere and what fails.
// Screenshots go to FOLDER, where node_modules has axe-core. Chromium is spoken to through a pipe: no port, no driver.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const screens = [{ width: 390, height: 844, mobile: true }, { width: 1280, height: 900, mobile: false }];
const schemes = ["light", "dark"];

class Browser {
  constructor() {
    this.profile = mkdtempSync(join(tmpdir(), "pages."));
    this.process = spawn("chromium", ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars",
      `--user-data-dir=${this.profile}`, "--remote-debugging-pipe", "about:blank"],
      { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
    this.waiting = new Map();
    this.events = [];
    this.last = 0;
    let rest = "";
    this.process.stdio[4].setEncoding("utf8").on("data", (data) => {
      const messages = (rest + data).split("\0");
      rest = messages.pop();
      messages.forEach((message) => this.took(JSON.parse(message)));
    });
    this.process.on("exit", () => this.waiting.forEach(({ reject }) => reject(new Error("chromium ended"))));
  }

  took(message) {
    const asked = this.waiting.get(message.id);
    this.waiting.delete(message.id);
    if (!asked) this.events.push(message);
    else if (message.error) asked.reject(new Error(message.error.message));
    else asked.resolve(message.result);
  }

  send(method, params = {}, sessionId = undefined) {
    const id = ++this.last;
    this.process.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    return new Promise((resolve, reject) => this.waiting.set(id, { resolve, reject }));
  }

  async event(method, sessionId) {
    for (let tries = 0; tries < 600; ++tries) {
      if (this.events.some((event) => event.method === method && event.sessionId === sessionId)) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`no ${method} within 30 s`);
  }

  async close() {
    const ended = new Promise((resolve) => this.process.once("exit", resolve));
    this.send("Browser.close").catch(() => {});
    const timer = setTimeout(() => this.process.kill("SIGKILL"), 5000);
    await ended;
    clearTimeout(timer);
    rmSync(this.profile, { recursive: true, force: true });
  }
}

// What is in the page's own window; axe-core has been put there before.
const judge = `axe.run().then((r) => JSON.stringify({
  passed: r.passes.length, width: innerWidth, wanted: document.documentElement.scrollWidth,
  dark: matchMedia("(prefers-color-scheme: dark)").matches,
  violated: r.violations.map((v) => v.id + ": " + v.nodes.map((n) => n.html.slice(0, 120)).join(" | ")) }))`;

async function look(browser, page, folder, axe, screen, scheme) {
  const { targetId } = await browser.send("Target.createTarget", { url: "about:blank" });
  const { sessionId } = await browser.send("Target.attachToTarget", { targetId, flatten: true });
  const send = (method, params) => browser.send(method, params, sessionId);
  await send("Emulation.setDeviceMetricsOverride", { ...screen, deviceScaleFactor: 1 });
  await send("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: scheme }] });
  for (const domain of ["Page", "Network", "Log"]) await send(`${domain}.enable`);
  await send("Page.navigate", { url: pathToFileURL(resolve(page)).href });
  await browser.event("Page.loadEventFired", sessionId);
  await send("Runtime.evaluate", { expression: axe });
  const { result, exceptionDetails } = await send("Runtime.evaluate", { expression: judge, awaitPromise: true });
  if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
  const said = JSON.parse(result.value);
  const bad = said.violated;
  if (said.width !== screen.width) bad.push(`the screen was ${said.width} px wide`);
  if (said.wanted > said.width) bad.push(`the page is ${said.wanted} px wide`);
  if (said.dark !== (scheme === "dark")) bad.push(`the page was not shown ${scheme}`);
  if (said.passed === 0) bad.push("axe-core has looked at nothing");
  for (const { method, params, sessionId: of } of browser.events) {
    if (of !== sessionId) continue;
    const url = params.request?.url;
    if (method === "Network.requestWillBeSent" && !/^(file|data):/.test(url)) bad.push(`loads ${url}`);
    if (method === "Log.entryAdded") bad.push(`${params.entry.level}: ${params.entry.text}`);
  }
  const { data } = await send("Page.captureScreenshot", { captureBeyondViewport: true });
  const name = basename(page).replace(/\.\w+$/, "");
  writeFileSync(join(folder, `${name}-${screen.width}-${scheme}.png`), Buffer.from(data, "base64"));
  await browser.send("Target.closeTarget", { targetId });
  console.log(`${basename(page)}, ${screen.width} px, ${scheme}: ${said.passed} rules of axe-core passed, ${bad.length} faults`);
  bad.forEach((what) => console.log(`  ${what}`));
  return bad.length;
}

const [folder, ...pages] = process.argv.slice(2);
const axe = readFileSync(join(folder, "node_modules/axe-core/axe.min.js"), "utf8");
const browser = new Browser();
let faults = 0;
try {
  for (const page of pages)
    for (const screen of screens)
      for (const scheme of schemes) faults += await look(browser, page, folder, axe, screen, scheme);
} finally {
  await browser.close();
}
process.exitCode = faults ? 1 : 0;
