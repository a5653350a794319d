import { read } from './open.ts';
import { checked, wrapSchema, type WrapKind } from './schema.ts';
import type { PrfCredential } from './screen-lock.ts';

/** What opens the vault. Unlike `protection.ts` this handles no key, so the page may ask it; empty before the first key. */
export const listWrapKinds = (): Promise<WrapKind[]> => read(['wraps'], (tx) => tx.store.getAllKeys());

/** Whether the vault does not open by itself. */
export async function asksForPassphrase(): Promise<boolean> {
  const kinds = await listWrapKinds();
  return kinds.length > 0 && !kinds.includes('device');
}

/** The credential whose PRF opens the vault, if one does. @throws {VaultError} `damaged` */
export async function readPrfCredential(): Promise<PrfCredential | undefined> {
  const stored = await read(['wraps'], (tx) => tx.store.get('prf'));
  if (stored === undefined) return undefined;
  const wrap = checked(wrapSchema, stored, 'The screen lock’s key');
  return wrap.kind === 'prf' ? { credentialId: wrap.credentialId, salt: wrap.salt } : undefined;
}
