// Opens pages in Firefox and says of each what is wrong with it: one JSON a line.
//
//     node firefox.mjs NODE_MODULES FIREFOX ADDRESS ...  ->  {"address", "found": [...]}
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [folder, executablePath, ...addresses] = process.argv.slice(2);
const path = createRequire(`${folder}/`).resolve("puppeteer-core");
const { default: puppeteer } = await import(pathToFileURL(path));
const browser = await puppeteer.launch({ browser: "firefox", executablePath, headless: true });

/** Brings every living part near, as a reader does who scrolls, until it is ready. */
async function settle(page) {
  const near = (n) => {
    const part = document.querySelectorAll(".live:not([hidden])")[n];
    if (!part?.classList.contains("ready")) part?.scrollIntoView();
    const failed = part?.textContent.includes("could not be loaded");
    return !part || part.classList.contains("ready") || failed;
  };
  const how = { timeout: 60_000, polling: 100 };
  const many = await page.evaluate(() => document.querySelectorAll(".live:not([hidden])").length);
  for (let n = 0; n < many; n++) await page.waitForFunction(near, how, n);
  await page.waitForFunction(() => !document.querySelector(".player:not(.ready)"), how);
}

/** Of formulas that are seen: those without a size, and fractions that are not one above the other. */
function badFormulas() {
  const box = (one) => one.getBoundingClientRect();
  const seen = [...document.querySelectorAll("math")].filter((one) => one.checkVisibility());
  const empty = seen.filter((one) => box(one).width < 3 || box(one).height < 3);
  const fractions = [...document.querySelectorAll("mfrac")].filter((one) => one.checkVisibility());
  const flat = fractions.filter(({ children: [a, b] }) => box(a).bottom > box(b).top + 2);
  const of = (name) => (one) => `${name}: ${one.textContent.slice(0, 60)}`;
  return [...empty.map(of("a formula without a size")), ...flat.map(of("a flat fraction"))];
}

/** The home page's model writes on when it is asked to. */
async function writes(page) {
  const text = () => page.$eval(".live[data-live=writer] .live-field", (field) => field.value);
  await page.evaluate(() => {
    const part = document.querySelector(".live[data-live=writer]");
    const named = (name) => [...part.querySelectorAll("button")].find((b) => b.textContent === name);
    named("Pause")?.click();
    window.before = part.querySelector(".live-field").value;
    named("One word").click();
  });
  const before = await page.evaluate(() => window.before);
  const after = await text();
  return after.length > before.length && after.startsWith(before) ? [] : [`it wrote ${after}`];
}

async function look(address) {
  const page = await browser.newPage();
  const found = [];
  page.on("pageerror", (error) => found.push(`page error: ${error}`));
  page.on("console", (said) => said.type() === "error" && found.push(`console: ${said.text()}`));
  page.on("requestfailed", (request) => found.push(`request failed: ${request.url()}`));
  try {
    await page.setViewport({ width: 1280, height: 800 });
    const answer = await page.goto(address, { waitUntil: "load" });
    if (answer && answer.status() !== 200) found.push(`status ${answer.status()}`);
    await settle(page);
    found.push(...(await page.evaluate(badFormulas)));
    if (await page.$(".live[data-live=writer]")) found.push(...(await writes(page)));
    for (const width of [1280, 360]) {
      await page.setViewport({ width, height: 800 });
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      if (wide > width) found.push(`at ${width} px the page is ${wide} wide`);
    }
  } catch (error) {
    found.push(String(error));
  }
  await page.close();
  return found;
}

for (const address of addresses) {
  console.log(JSON.stringify({ address, found: await look(address) }));
}
await browser.close();
