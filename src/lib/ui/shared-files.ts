/**
 * Files that another app shared to this one (Web Share Target). The service worker puts them into a cache on this
 * device; the readings screen takes them out.
 * @see https://w3c.github.io/web-share-target/
 */

const cacheName = 'shared-files';

/** Keeps the files of a share until the app takes them. Runs in the service worker. */
export async function keepSharedFiles(request: Request): Promise<void> {
  const form = await request.formData();
  const cache = await caches.open(cacheName);
  const shared = [...form.values()].filter((value) => typeof value !== 'string' || value.includes('\n'));
  for (const [place, value] of shared.entries()) {
    const file = typeof value === 'string' ? new File([value], 'shared text', { type: 'text/plain' }) : value;
    const headers = { 'Content-Type': file.type, 'X-File-Name': encodeURIComponent(file.name) };
    await cache.put(`/shared/${Date.now()}-${place}`, new Response(file, { headers }));
  }
}

/** Takes shared files out of the cache. */
export async function takeSharedFiles(): Promise<File[]> {
  if (!('caches' in globalThis) || !(await caches.has(cacheName))) return [];
  const cache = await caches.open(cacheName);
  const files: File[] = [];
  for (const request of await cache.keys()) {
    const response = await cache.match(request);
    if (response === undefined) continue;
    const name = decodeURIComponent(response.headers.get('X-File-Name') ?? 'shared file');
    files.push(new File([await response.blob()], name));
  }
  await caches.delete(cacheName);
  return files;
}
