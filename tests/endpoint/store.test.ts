import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { nodeDisk, type Disk } from '../../src/endpoint/disk.ts';
import { FileStore } from '../../src/endpoint/file-store.ts';
import { fromHex, toHex, utf8 } from '../../src/protocol/bytes.ts';
import { MemoryStore } from './memory-store.ts';
import { storeConformance } from './store-conformance.ts';
import { temporaryFolder } from './support.ts';

storeConformance('memory', () => Promise.resolve({ store: new MemoryStore() }));
storeConformance('files', async () => {
  const folder = await temporaryFolder();
  return { store: await FileStore.open(folder), reopen: () => FileStore.open(folder) };
});

const bucket = `${'a'.repeat(64)}.2026-01`;

test('Any flipped byte of a blob or an entry is seen when it is read, and the same blob mends it', async () => {
  const folder = await temporaryFolder();
  const store = await FileStore.open(folder);
  const bytes = utf8('some bytes');
  const hash = await store.putBlob(bucket, bytes);
  await store.create('entry', bytes);
  const files = [join(folder, 'blobs', bucket, toHex(hash)), join(folder, 'ledger', 'entry')] as const;
  for (const file of files) {
    const whole = await readFile(file);
    for (let at = 0; at < whole.length; at++) {
      const flipped = Buffer.from(whole);
      flipped[at] = (flipped[at] ?? 0) ^ 4;
      await writeFile(file, flipped);
      const reading = file === files[0] ? store.readBlob(bucket, hash) : store.read('entry');
      await expect(reading).rejects.toMatchObject({ code: 'damaged' });
    }
    await writeFile(file, whole.subarray(0, 5));
    const reading = file === files[0] ? store.readBlob(bucket, hash) : store.read('entry');
    await expect(reading).rejects.toMatchObject({ code: 'damaged' });
  }
  await store.putBlob(bucket, bytes);
  expect(await store.readBlob(bucket, hash)).toEqual(bytes);
});

test('Leftovers of a process that died are cleared at the next start', async () => {
  const folder = await temporaryFolder();
  await FileStore.open(folder);
  await writeFile(join(folder, 'temp', 'half'), 'half');
  await FileStore.open(folder);
  expect(await readdir(join(folder, 'temp'))).toEqual([]);
});

test('Only the owner can read what is kept', async () => {
  const folder = await temporaryFolder();
  const store = await FileStore.open(folder);
  await store.create('communities/a', utf8('entry'));
  for (const path of ['temp', 'blobs', 'ledger', 'ledger/communities']) {
    expect((await stat(join(folder, path))).mode & 0o777).toBe(0o700);
  }
  expect((await stat(join(folder, 'ledger/communities/a'))).mode & 0o777).toBe(0o600);
});

test('No name leads out of the data folder', async () => {
  const store = await FileStore.open(await temporaryFolder());
  for (const name of ['', '..', '../key', 'a/../../key', '/etc/passwd', 'a//b', 'A', 'a.b', 'a\\b', 'a\0', 'ä']) {
    await expect(store.read(name)).rejects.toThrow(RangeError);
    await expect(store.create(name, utf8('x'))).rejects.toThrow(RangeError);
    await expect(store.putBlob(name, utf8('x'))).rejects.toThrow(RangeError);
  }
  await expect(store.readBlob(bucket, fromHex('00') ?? utf8(''))).rejects.toThrow(RangeError);
});

test('A disk that writes only a part of what it is given still gets all of it', async () => {
  const slow: Disk = {
    ...nodeDisk,
    async create(path) {
      const file = await nodeDisk.create(path);
      return { ...file, write: (bytes, offset) => file.write(bytes.subarray(0, offset + 7), offset) };
    },
  };
  const store = await FileStore.open(await temporaryFolder(), slow);
  const bytes = crypto.getRandomValues(new Uint8Array(1000));
  expect(await store.readBlob(bucket, await store.putBlob(bucket, bytes))).toEqual(bytes);
});
