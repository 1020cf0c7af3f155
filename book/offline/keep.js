/**
 * The book without a network: the worker keeps each page that was read, and a button at the end of every page
 * keeps the whole book. A page that was opened from a folder is there already.
 */
(() => {
  const script = /** @type {HTMLScriptElement} */ (document.currentScript);
  const ROOT = new URL("../", script.src).href;
  const ALL = `${ROOT}offline/all`;
  /** Files that are fetched at a time. */
  const AT_ONCE = 4;

  async function store() {
    const ours = `book ${new URL(ROOT).pathname} `;
    const names = (await caches.keys()).filter((name) => name.startsWith(ours));
    return caches.open(names[names.length - 1]);
  }

  /**
   * Fetch files, which the worker then keeps.
   * @param {string[]} addresses
   * @param {(done: number) => void} tell
   * @param {RequestCache} cache
   */
  async function pass(addresses, tell, cache = "default") {
    const rest = [...addresses];
    let done = 0;
    async function one() {
      for (let next = rest.pop(); next; next = rest.pop()) {
        const answer = await fetch(next, { cache });
        if (!answer.ok) throw new Error(`${next}: ${answer.status}`);
        await answer.arrayBuffer();
        tell(++done);
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, one));
  }

  /** The first page came before there was a worker: what it has loaded goes by once more. */
  async function keepThisPage() {
    const loaded = performance.getEntriesByType("resource").map((one) => one.name);
    const own = [location.href.replace(/[?#].*/, ""), ...loaded];
    const kept = await store();
    const missing = [];
    for (const address of new Set(own))
      if (address.startsWith(ROOT) && !(await kept.match(address, { ignoreSearch: true })))
        missing.push(address);
    await pass(missing, () => {}, "force-cache").catch(() => {}); // another visit keeps them
  }

  /** @param {HTMLElement} box */
  function offer(box) {
    const button = /** @type {HTMLButtonElement} */ (box.querySelector("button"));
    const said = /** @type {HTMLElement} */ (box.querySelector("[role=status]"));
    const keep = button.textContent ?? "";
    let all = false;

    /** @param {boolean} now */
    function show(now) {
      all = now;
      button.textContent = all ? "Keep only the pages that I read" : keep;
      said.textContent = all ? "The whole book is kept on this device." : "";
    }

    async function keepAll() {
      const { files } = await (await fetch(`${ROOT}offline/files.json`)).json();
      const addresses = files.map((/** @type {string} */ path) => ROOT + path);
      const tell = (/** @type {number} */ done) => {
        const share = Math.floor((100 * done) / addresses.length);
        if (share % 10 === 0) said.textContent = `${share}% is kept …`;
      };
      await navigator.storage?.persist?.();
      await pass(addresses, tell);
      await (await store()).put(ALL, new Response(""));
    }

    button.addEventListener("click", async () => {
      if (button.getAttribute("aria-disabled") === "true") return;
      button.setAttribute("aria-disabled", "true");
      try {
        if (all) await (await store()).delete(ALL);
        else await keepAll();
        show(!all);
      } catch {
        said.textContent = "The network was lost. What has come is kept: try again later.";
      }
      button.removeAttribute("aria-disabled");
    });
    store().then(async (kept) => {
      show(Boolean(await kept.match(ALL)));
      box.hidden = false;
    });
    // who installs the book wants all of it
    addEventListener("appinstalled", () => all || button.click());
  }

  async function begin() {
    await navigator.serviceWorker.register(`${ROOT}worker.js`, { scope: ROOT });
    await navigator.serviceWorker.ready;
    if (!navigator.serviceWorker.controller)
      await new Promise((done) =>
        navigator.serviceWorker.addEventListener("controllerchange", done, { once: true })
      );
    if (!document.querySelector(".lost")) await keepThisPage(); // that one is no page of the book
    const box = document.querySelector(".keep");
    if (box instanceof HTMLElement) offer(box);
  }

  if (!("serviceWorker" in navigator) || !location.protocol.startsWith("http")) return;
  // from a folder this link would be an error
  const link = document.createElement("link");
  link.rel = "manifest";
  link.href = `${ROOT}offline/book.webmanifest`;
  document.head.append(link);
  // what a reader sees comes first
  const start = () => setTimeout(() => begin().catch(() => {}), 1500);
  if (document.readyState === "complete") start();
  else addEventListener("load", start);
})();
