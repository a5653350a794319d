import { read } from './open.ts';
import type { WrapKind } from './schema.ts';

/** What opens the vault. Unlike `protection.ts` this handles no key, so the page may ask it; empty before the first key. */
export const listWrapKinds = (): Promise<WrapKind[]> => read(['wraps'], (tx) => tx.store.getAllKeys());

/** Whether the vault opens only with the passphrase or the recovery code. */
export async function asksForPassphrase(): Promise<boolean> {
  const kinds = await listWrapKinds();
  return kinds.length > 0 && !kinds.includes('device');
}
