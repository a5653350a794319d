import { read } from './open.ts';

/**
 * Whether the vault opens only with the passphrase or the recovery code. Unlike `protection.ts` this handles no key, so
 * the page may ask it.
 */
export async function asksForPassphrase(): Promise<boolean> {
  const kinds = await read(['wraps'], (tx) => tx.store.getAllKeys());
  return kinds.length > 0 && !kinds.includes('device');
}
