import type { StewardStore } from '../protocol/steward.ts';

/** A steward's store that lasts as long as the process, over these records. */
export function memoryStore(records = new Map<string, Uint8Array>()): StewardStore {
  return {
    read: (name) => Promise.resolve(records.get(name)),
    create: (name, bytes) => {
      if (records.has(name)) return Promise.resolve(false);
      records.set(name, bytes);
      return Promise.resolve(true);
    },
    remove: (name) => {
      records.delete(name);
      return Promise.resolve();
    },
  };
}
