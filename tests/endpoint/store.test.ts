import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { nodeDisk, type Disk } from '../../src/endpoint/disk.ts';
import { FileStore } from '../../src/endpoint/file-store.ts';
import { fromHex, toHex, utf8 } from '../../src/protocol/bytes.ts';
import { MemoryStore } from './memory-store.ts';
import { storeConformance } from './store-conformance.ts';
import { SimDisk, type Fault } from '../faults/sim-disk.ts';
import { exampleEndpoint, temporaryFolder } from './support.ts';

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

test('On a disk that has become read-only nothing is acknowledged, what is there is read, and later it goes on', async () => {
  const state = { readOnly: false };
  const refuse =
    <A extends unknown[], R>(work: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      if (state.readOnly) throw Object.assign(new Error('EROFS'), { code: 'EROFS' });
      return work(...args);
    };
  const disk: Disk = {
    ...nodeDisk,
    create: refuse((path) => nodeDisk.create(path)),
    rename: refuse((from, to) => nodeDisk.rename(from, to)),
    link: refuse((from, to) => nodeDisk.link(from, to)),
    unlink: refuse((path) => nodeDisk.unlink(path)),
    makeFolder: refuse((path) => nodeDisk.makeFolder(path)),
  };
  const folder = await temporaryFolder();
  const store = await FileStore.open(folder, disk);
  const endpoint = await exampleEndpoint({ store });
  const health = async () => {
    const response = await endpoint.fetch(new Request('http://endpoint.test/health'));
    const body: unknown = await response.json();
    return [response.status, body];
  };
  expect(await health()).toEqual([200, { status: 'ok' }]);
  const bytes = utf8('before');
  const hash = await store.putBlob(bucket, bytes);
  await store.create('entry', bytes);
  state.readOnly = true;
  // Also before anybody has sent anything.
  expect(await health()).toEqual([503, { status: 'storage-failed', reason: 'The disk is read-only' }]);
  await expect(store.putBlob(bucket, utf8('after'))).rejects.toMatchObject({ code: 'failed' });
  await expect(store.create('other', bytes)).rejects.toMatchObject({ code: 'failed' });
  await expect(store.remove('entry')).rejects.toMatchObject({ code: 'failed' });
  expect(await store.readBlob(bucket, hash)).toEqual(bytes);
  expect(await store.read('entry')).toEqual(bytes);
  expect(await store.list('other')).toEqual([]);
  state.readOnly = false;
  expect(await health()).toEqual([200, { status: 'ok' }]);
  expect(await readdir(join(folder, 'temp'))).toEqual([]);
  expect(await store.create('other', bytes)).toBe(true);
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

test('What was read once stays, also if whoever wrote it died or failed before it was durable', async () => {
  const bytes = utf8('second');
  const faults: Fault[] = ['die-after', { errorAfter: 'EIO' }];
  let seen = 0;
  for (const fault of faults) {
    for (let at = 0; at < 20; at++) {
      const disk = new SimDisk();
      await (await FileStore.open('/data', disk.session().disk)).create('rounds/first', utf8('first'));
      const session = disk.session((_, index) => (index === at ? fault : undefined));
      const store = await Promise.race([FileStore.open('/data', session.disk).catch(() => undefined), session.death]);
      await Promise.race([store?.create('rounds/second', bytes).catch(() => undefined), session.death]);
      // One that failed is asked again itself, and one that died is started anew.
      const next = store && fault !== 'die-after' ? store : await FileStore.open('/data', disk.session().disk);
      const names = await next.list('rounds').catch(() => []);
      const read = await next.read('rounds/second').catch(() => undefined);
      // Everything that may be lost is.
      disk.powerCut(() => 0);
      const after = await FileStore.open('/data', disk.session().disk);
      expect(await after.list('rounds'), `${JSON.stringify(fault)} at ${at}`).toEqual(expect.arrayContaining(names));
      if (read === undefined) continue;
      seen++;
      expect(await after.read('rounds/second')).toEqual(bytes);
    }
  }
  expect(seen).toBeGreaterThan(3);
});
