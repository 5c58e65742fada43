// Answers when there is no network, and only then: with one page that says so. No other page is ever kept, so none can be out of date.
const store = 'offline-1';
const page = '/offline';

const keep = async () => {
  const answer = await fetch(page, { cache: 'no-store', credentials: 'same-origin' });
  if (answer.ok) await (await caches.open(store)).put(page, answer);
};

self.addEventListener('install', event => event.waitUntil(keep().then(() => self.skipWaiting())));
self.addEventListener('activate', event => event.waitUntil((async () => {
  for (const name of await caches.keys()) if (name !== store) await caches.delete(name);
  await self.clients.claim();
})()));

// The page that is kept follows the language of the pages that are read.
self.addEventListener('message', event => {
  if (event.data === 'language') event.waitUntil(keep().catch(() => undefined));
});

self.addEventListener('fetch', event => {
  if (event.request.mode !== 'navigate') return;
  event.respondWith(fetch(event.request).catch(async fault => {
    const kept = await (await caches.open(store)).match(page);
    if (kept) return kept;
    throw fault;
  }));
});
