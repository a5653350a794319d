/** What every store must do, whatever it keeps things in. */
import { beforeEach, describe, expect, test } from 'vitest';
import { toHex, utf8, type Bytes } from '../../src/protocol/bytes.ts';
import { sha256 } from '../../src/protocol/hash.ts';
import type { Store } from '../../src/endpoint/store.ts';

const bucket = `${'a'.repeat(64)}.2026-01`;
const other = `${'a'.repeat(64)}.2026-02`;
const hex = (hashes: readonly Bytes[]): string[] => hashes.map(toHex).sort();

/**
 * @param open - a store on a fresh place; `reopen` gives another one on the same place, as after a restart, where the
 *   store lives longer than the process
 */
export function storeConformance(
  name: string,
  open: () => Promise<{ readonly store: Store; readonly reopen?: () => Promise<Store> }>,
): void {
  describe(name, () => {
    let store: Store;
    let reopen: (() => Promise<Store>) | undefined;
    beforeEach(async () => ({ store, reopen } = { reopen: undefined, ...(await open()) }));

    test('A blob comes back as it was, under its SHA-256, and only in its bucket', async () => {
      for (const bytes of [utf8('one'), new Uint8Array(), crypto.getRandomValues(new Uint8Array(60_000))]) {
        const hash = await store.putBlob(bucket, bytes);
        expect(hash).toEqual(await sha256(bytes));
        expect(await store.readBlob(bucket, hash)).toEqual(bytes);
        expect(await store.readBlob(other, hash)).toBeUndefined();
      }
      expect(await store.buckets()).toEqual([bucket]);
    });

    test('The same blob twice is one, and can be removed and put again', async () => {
      const [a, b] = [utf8('a'), utf8('b')];
      const hash = await store.putBlob(bucket, a);
      await Promise.all([store.putBlob(bucket, a), store.putBlob(bucket, a), store.putBlob(bucket, b)]);
      expect(hex(await store.blobs(bucket))).toEqual(hex([hash, await sha256(b)]));
      await store.removeBlob(bucket, hash);
      await store.removeBlob(bucket, hash);
      expect(await store.readBlob(bucket, hash)).toBeUndefined();
      await store.putBlob(bucket, a);
      expect(await store.readBlob(bucket, hash)).toEqual(a);
    });

    test('An entry is written once: whoever is first stays', async () => {
      expect(await store.create('rounds/1/list', utf8('first'))).toBe(true);
      expect(await store.create('rounds/1/list', utf8('second'))).toBe(false);
      expect(await store.create('rounds/1/list', utf8('first'))).toBe(false);
      expect(await store.read('rounds/1/list')).toEqual(utf8('first'));
      expect(await store.read('rounds/2/list')).toBeUndefined();
      await store.remove('rounds/1/list');
      await store.remove('rounds/1/list');
      expect(await store.read('rounds/1/list')).toBeUndefined();
      expect(await store.create('rounds/1/list', utf8('third'))).toBe(true);
    });

    test('Of many who create one entry at a time exactly one wins, and all read the winner’s', async () => {
      for (let round = 0; round < 20; round++) {
        const name = `race/${round}`;
        const won = await Promise.all(
          Array.from({ length: 10 }, (_, racer) => store.create(name, utf8(`${racer}`.repeat(3000)))),
        );
        expect(won.filter(Boolean)).toHaveLength(1);
        expect(await store.read(name)).toEqual(utf8(`${won.indexOf(true)}`.repeat(3000)));
      }
    });

    test('Names below a name are listed in order; an entry has none, and a level is no entry', async () => {
      for (const name of ['b/2/x', 'b/10/x', 'b/1/x', 'b/1/y', 'c', 'ba/1']) await store.create(name, utf8(name));
      expect(await store.list('b')).toEqual(['1', '10', '2']);
      expect(await store.list('b/1')).toEqual(['x', 'y']);
      expect(await store.list('c')).toEqual([]);
      expect(await store.list('nothing')).toEqual([]);
      expect(await store.read('b/1')).toBeUndefined();
    });

    test('What was acknowledged is there after a restart', async () => {
      if (reopen === undefined) return;
      const hash = await store.putBlob(bucket, utf8('blob'));
      await store.create('entry', utf8('entry'));
      const again = await reopen();
      expect(await again.readBlob(bucket, hash)).toEqual(utf8('blob'));
      expect(await again.read('entry')).toEqual(utf8('entry'));
      expect(await again.create('entry', utf8('other'))).toBe(false);
    });
  });
}
