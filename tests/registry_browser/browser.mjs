// A headless Chromium, and what is asked of every page: axe in both languages, no sideways scrolling at 320 px, pictures.
import { createRequire } from "node:module";
import { mkdirSync, readFileSync } from "node:fs";
import path from "node:path";

const require = createRequire(path.join(process.env.PEERS_NODE, "package.json"));
const puppeteer = require("puppeteer-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

export class Browser {
  faults = [];
  looked = new Set();

  constructor(origin, shots) {
    this.origin = origin;
    this.shots = shots;
    mkdirSync(shots, { recursive: true });
  }

  async start() {
    this.chromium = await puppeteer.launch({
      executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
      args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--lang=ja"],
      protocolTimeout: 60_000,
    });
    return this;
  }

  async stop() {
    await this.chromium.close();
  }

  // Somebody with cookies of their own; without scripts unless told otherwise.
  async person({ scripts = false } = {}) {
    const context = await this.chromium.createBrowserContext();
    const page = await context.newPage();
    await page.setJavaScriptEnabled(scripts);
    await page.setExtraHTTPHeaders({ "accept-language": "ja" });
    await page.setViewport({ width: 1280, height: 900 });
    page.setDefaultTimeout(120_000);
    return new Person(this, page, scripts);
  }

  fault(text) {
    this.faults.push(text);
    console.log(`FAULT ${text}`);
  }
}

class Person {
  constructor(browser, page, scripts) {
    this.browser = browser;
    this.page = page;
    this.scripts = scripts;
  }

  async go(address) {
    const answer = await this.page.goto(new URL(address, this.browser.origin).href, { waitUntil: "load" });
    if (answer.status() >= 400) throw new Error(`${address}: ${answer.status()}\n${await this.text()}`);
    return this;
  }

  text() {
    return this.page.evaluate(() => document.body.innerText);
  }

  path() {
    return new URL(this.page.url()).pathname;
  }

  async fill(form, values) {
    for (const [name, value] of Object.entries(values)) {
      const at = `form[action="${form}"] [name="${name}"]`;
      const kind = await this.page.$eval(at, (e) => (e.tagName === "INPUT" ? e.type : e.tagName));
      if (kind === "checkbox") await this.page.click(`${at}[value="${value}"]`);
      else if (kind === "file") await (await this.page.$(at)).uploadFile(value);
      else if (kind === "SELECT") await this.page.select(at, value);
      // Typing a date depends on the locale of the browser, and long texts take long to type.
      else await this.page.$eval(at, (e, text) => (e.value = text), value);
    }
    return this;
  }

  async send(form, button = "button") {
    const [answer] = await Promise.all([
      this.page.waitForNavigation({ waitUntil: "load" }),
      this.page.click(`form[action="${form}"] ${button}`),
    ]);
    return answer;
  }

  async does(form, values = {}, button = "button") {
    await this.page.waitForSelector(`form[action="${form}"]`);
    await this.fill(form, values);
    const answer = await this.send(form, button);
    if (answer && answer.status() >= 400) throw new Error(`${form}: ${answer.status()}\n${await this.text()}`);
    return this;
  }

  // Everything that is asked of a page. Pages that answered a form are looked at as they are, in one language.
  async look(name, { answered = false, wide = false } = {}) {
    const { page, browser } = this;
    const here = page.url();
    // axe itself is a script.
    await page.setJavaScriptEnabled(true);
    for (const lang of answered ? [""] : ["ja", "en"]) {
      if (lang) {
        const address = new URL(here);
        address.searchParams.set("lang", lang);
        await page.goto(address.href, { waitUntil: "load" });
      }
      const label = lang ? `${name}-${lang}` : name;
      const shown = await page.evaluate(() => document.documentElement.lang);
      if (lang && shown !== lang) browser.fault(`${label}: lang is ${shown}`);
      await page.evaluate(axe);
      const { violations } = await page.evaluate(
        (tags) => window.axe.run(document, { runOnly: tags, resultTypes: ["violations"] }),
        TAGS,
      );
      for (const one of violations) {
        const where = one.nodes.slice(0, 3).map((node) => `${node.target.join(" ")} ${node.failureSummary?.split("\n")[1] ?? ""}`);
        browser.fault(`${label}: axe ${one.id} (${one.impact}) ${one.nodes.length}x: ${where.join(" | ")}`);
      }
      if (!wide) {
        await page.setViewport({ width: 320, height: 800 });
        const width = await page.evaluate(() => document.documentElement.scrollWidth);
        if (width > 320) {
          const which = await page.evaluate(() =>
            [...document.querySelectorAll("main *, header *")]
              .filter((e) => e.getBoundingClientRect().right > 321)
              .slice(0, 3)
              .map((e) => `${e.tagName}.${e.className}: ${(e.textContent || "").trim().slice(0, 40)}`),
          );
          browser.fault(`${label}: ${width} px wide at 320 px: ${which.join(" | ")}`);
        }
        await page.screenshot({ path: path.join(browser.shots, `${label}-320.png`), fullPage: true });
        if (lang === "ja" || answered) {
          await page.setViewport({ width: 768, height: 1000 });
          await page.screenshot({ path: path.join(browser.shots, `${label}-768.png`), fullPage: true });
        }
        await page.setViewport({ width: 1280, height: 900 });
      }
      await page.screenshot({ path: path.join(browser.shots, `${label}-1280.png`), fullPage: true });
      browser.looked.add(name);
    }
    await page.setJavaScriptEnabled(this.scripts);
    if (!answered) {
      const address = new URL(here);
      address.searchParams.set("lang", "ja");
      await page.goto(address.href, { waitUntil: "load" });
    }
    return this;
  }
}

export function expect(holds, text) {
  if (!holds) throw new Error(text);
}
