/**
 * Keeps pages of the book for the times without a network. With one, everything comes from the network, so
 * that nobody reads an old page; what comes is kept, page by page. The build writes, in front of this script,
 * which files the book has and a mark of the content of each (`self.book`): when they change, the browser
 * sees another worker, and this one brings all that was kept up to date, fetching what has changed only.
 */

/** @typedef {{ version: string, shell: string[], files: Record<string, string> }} Book */

const worker = /** @type {any} */ (self);
/** @type {Book} */
const { version, shell, files } = worker.book;
const ROOT = new URL("./", location.href).href;
/** Other books may live at the same origin, beneath other folders. */
const OURS = `book ${new URL(ROOT).pathname} `;
const NAME = OURS + version;
/** Stands in the store: the files that were known when it was filled, and whether all are to be kept. */
const KNOWN = `${ROOT}offline/known`;
const ALL = `${ROOT}offline/all`;
/** A network that does not answer for so long is none, if the page is kept (milliseconds). */
const PATIENCE = 4000;
const NOT_KEPT = "offline.html";

/** @param {string} address */
function pathOf(address) {
  const path = address.replace(/[?#].*/, "").slice(ROOT.length);
  return path === "" || path.endsWith("/") ? `${path}index.html` : path;
}

async function install() {
  const before = (await caches.keys()).filter((name) => name.startsWith(OURS) && name !== NAME);
  const old = before.length ? await caches.open(before[before.length - 1]) : null;
  const known = (await (await old?.match(KNOWN))?.json()) ?? {};
  const all = await old?.match(ALL);
  const held = old ? (await old.keys()).map((one) => pathOf(one.url)) : [];
  const now = await caches.open(NAME);
  if (all) await now.put(ALL, all);
  await now.put(KNOWN, new Response(JSON.stringify(files)));

  /** @param {string} path */
  async function bring(path) {
    const same = known[path] === files[path] && (await old?.match(ROOT + path));
    if (same) return now.put(ROOT + path, same);
    const fresh = await fetch(ROOT + path, { cache: old ? "no-cache" : "default" });
    if (!fresh.ok) throw new Error(`${path}: ${fresh.status}`);
    return now.put(ROOT + path, fresh);
  }

  await Promise.all(shell.map(bring)); // without these no page works: if one fails, the old worker stays
  const others = (all ? Object.keys(files) : held).filter((path) => path in files);
  await Promise.allSettled(others.filter((path) => !shell.includes(path)).map(bring));
  await worker.skipWaiting();
}

async function activate() {
  for (const name of await caches.keys())
    if (name.startsWith(OURS) && name !== NAME) await caches.delete(name);
  await worker.clients.claim();
}

/**
 * A file of the book: from the network, or as kept.
 * @param {any} event
 * @param {string} path
 */
async function answer(event, path) {
  const store = await caches.open(NAME);
  const kept = await store.match(ROOT + path);
  const asked = fetch(event.request).then((fresh) => {
    if (fresh.status === 200 && fresh.type === "basic" && !fresh.redirected)
      event.waitUntil(store.put(ROOT + path, fresh.clone()));
    return fresh;
  });
  try {
    if (!kept) return await asked;
    const late = new Promise((resolve) => setTimeout(resolve, PATIENCE, kept));
    return await Promise.race([asked, late]);
  } catch {
    if (kept) return kept;
    const instead = event.request.mode === "navigate" && (await store.match(ROOT + NOT_KEPT));
    return instead || Response.error();
  }
}

worker.addEventListener("install", (/** @type {any} */ event) => event.waitUntil(install()));
worker.addEventListener("activate", (/** @type {any} */ event) => event.waitUntil(activate()));
worker.addEventListener("fetch", (/** @type {any} */ event) => {
  const { method, url, headers, mode } = event.request;
  if (method !== "GET" || !url.startsWith(ROOT) || headers.has("range")) return;
  const path = pathOf(url);
  if (path in files || mode === "navigate") event.respondWith(answer(event, path));
});
