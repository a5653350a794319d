/**
 * Work that only one tab or worker of the app does at a time, through the Web Locks API. Where a browser lacks it, work
 * is one at a time within this tab only; what is stored stays right all the same, because every store decides by its
 * own transaction who was first (`keepSecret`, `saveContribution`).
 */

const queues = new Map<string, Promise<unknown>>();

const hasLocks = (): boolean => typeof navigator !== 'undefined' && 'locks' in navigator;

/** Waits until nobody else holds the name, then runs. The lock ends with the work, or with the tab. */
export function exclusively<T>(name: string, work: () => Promise<T>): Promise<T> {
  if (hasLocks()) return navigator.locks.request(`private-energy ${name}`, work);
  const run = (queues.get(name) ?? Promise.resolve()).then(work, work);
  queues.set(
    name,
    run.catch(() => undefined),
  );
  return run;
}
