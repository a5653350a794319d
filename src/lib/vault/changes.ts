/** Word of changes to the vault, to every tab and worker of the app, so that screens show what is stored now. */

import type { StoreNames } from 'idb';
import type { VaultSchema } from './schema.ts';

export type StoreName = StoreNames<VaultSchema>;
type Listener = (stores: readonly string[]) => void;

const listeners = new Set<Listener>();
let channel: BroadcastChannel | undefined;

const tell = (stores: readonly string[]) => {
  for (const listener of listeners) listener(stores);
};

const isNames = (data: unknown): data is string[] =>
  Array.isArray(data) && data.every((name) => typeof name === 'string');

function opened(): BroadcastChannel | undefined {
  if (channel === undefined && typeof BroadcastChannel !== 'undefined') {
    channel = new BroadcastChannel('vault');
    channel.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (isNames(data)) tell(data);
    };
  }
  return channel;
}

/** Says that these stores have changed. A channel does not hear itself, so listeners here are told directly. */
export function announceChange(stores: readonly StoreName[]): void {
  opened()?.postMessage([...stores]);
  tell(stores);
}

/** Calls the listener with the names of changed stores, whoever changed them. Gives the function that ends it. */
export function onVaultChange(listener: Listener): () => void {
  opened();
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    channel?.close();
    channel = undefined;
  };
}
