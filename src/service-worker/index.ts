/**
 * Offline use. The app's own files are put into the precache at install. Worker code and WebAssembly (megabytes) are
 * not: they are cached when first fetched, in a cache of their own whose hashed names survive app updates.
 * @see https://developer.chrome.com/docs/workbox/modules/workbox-precaching
 */
import type { WorkboxPlugin } from 'workbox-core/types.js';
import { addPlugins, cleanupOutdatedCaches, createHandlerBoundToURL, precacheAndRoute } from 'workbox-precaching';
import { NavigationRoute, registerRoute } from 'workbox-routing';
import { CacheFirst } from 'workbox-strategies';
import { sendAllWaiting, sendingTag } from '../lib/community/send-contribution.ts';
import { keepSharedFiles } from '../lib/ui/shared-files.ts';

declare const self: ServiceWorkerGlobalScope & {
  /** The precache list, written into this file after the build (svelte.config.js). */
  __WB_MANIFEST: { url: string; revision: string | null }[];
  /** The files that are kept apart, written in the same step. */
  __KEPT_APART: string[];
};

const workerCache = 'workers-and-wasm';
const keptApart = new Set(self.__KEPT_APART);

/**
 * Cross-origin isolation, which `tfhe` needs for shared memory, on hosts that cannot send headers: from the second load
 * on, every answer from here carries them.
 */
const isolating: WorkboxPlugin = {
  handlerWillRespond: ({ response }) => {
    if (response.type === 'opaque' || response.headers.has('Cross-Origin-Embedder-Policy'))
      return Promise.resolve(response);
    const headers = new Headers(response.headers);
    headers.set('Cross-Origin-Opener-Policy', 'same-origin');
    headers.set('Cross-Origin-Embedder-Policy', 'require-corp');
    headers.set('Cross-Origin-Resource-Policy', 'same-origin');
    const { body, status, statusText } = response;
    return Promise.resolve(new Response(body, { status, statusText, headers }));
  },
};

addPlugins([isolating]);
precacheAndRoute(self.__WB_MANIFEST);
cleanupOutdatedCaches();

registerRoute(
  ({ url, sameOrigin }) => sameOrigin && keptApart.has(url.pathname.slice(1)),
  new CacheFirst({ cacheName: workerCache, plugins: [isolating] }),
);
// A file that another app shares comes as a form. It is kept here and goes to no server.
registerRoute(
  ({ url, sameOrigin }) => sameOrigin && url.pathname === '/readings/',
  async ({ request }) => {
    await keepSharedFiles(request);
    return Response.redirect('/readings/', 303);
  },
  'POST',
);
// A path that is no file of the app still opens the app; /demo/ belongs to the server.
registerRoute(new NavigationRoute(createHandlerBoundToURL('/'), { denylist: [/^\/demo\//] }));

self.addEventListener('message', (event: ExtendableMessageEvent) => {
  const message: unknown = event.data;
  if (typeof message === 'object' && message !== null && 'type' in message && message.type === 'SKIP_WAITING') {
    void self.skipWaiting();
  }
});

self.addEventListener('activate', (event) => {
  event.waitUntil(
    (async () => {
      const cache = await caches.open(workerCache);
      const stale = (await cache.keys()).filter(({ url }) => !keptApart.has(new URL(url).pathname.slice(1)));
      await Promise.all(stale.map((request) => cache.delete(request)));
      await self.clients.claim();
    })(),
  );
});

// Woken once there is a network, also with the app closed: what was encrypted and kept goes out.
interface SyncEvent extends ExtendableEvent {
  readonly tag: string;
}
const isSync = (event: Event): event is SyncEvent => 'tag' in event && 'waitUntil' in event;
self.addEventListener('sync', (event: Event) => {
  if (isSync(event) && event.tag === sendingTag) event.waitUntil(sendAllWaiting());
});
