/** A second reading of docs/backup-format.md that uses none of the app's own code. */
import { createDecipheriv, createHash, hkdfSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { decode, encode, Tagged } from 'cborg';
import { argon2id } from 'hash-wasm';
import * as v from 'valibot';
import { beforeEach, describe, expect, it } from 'vitest';
import { listAnalyses } from '../../../src/lib/vault/analyses.ts';
import { restoreBackup } from '../../../src/lib/vault/backup.ts';
import { listCommunities } from '../../../src/lib/vault/communities.ts';
import { listHomes } from '../../../src/lib/vault/homes.ts';
import { listManualReadings } from '../../../src/lib/vault/manual-readings.ts';
import { readSettings } from '../../../src/lib/vault/settings.ts';
import { readSeries } from '../../../src/lib/vault/readings.ts';
import { readSecret, secretId } from '../../../src/lib/vault/secrets.ts';
import { listStewardships } from '../../../src/lib/vault/stewards.ts';
import { exampleCommunity } from './examples.ts';
import { freshVault } from './fresh-vault.ts';

const file = readFileSync(new URL('../../vectors/backup/v1.peua', import.meta.url));
const passphrase = 'wind over quiet meters';
const recoveryCode = 'RR0K-1YR0-4YGA-ZPRS-5SRA-7J97-F2TN-0Z16';

const bytes = v.instance(Uint8Array);
const box = v.strictTuple([bytes, bytes]);
const outside = v.parse(v.strictTuple([bytes, bytes, bytes]), decode(file.subarray(0, -32)));
const [head, contentNonce, content] = outside;
const headParts = v.parse(
  v.strictTuple([
    v.literal('private-energy backup'),
    v.literal(1),
    v.strictTuple([v.number(), v.number(), v.number(), bytes, box]),
    v.strictTuple([v.number(), bytes, box, box]),
  ]),
  decode(head),
);
const [, , [memorySize, iterations, parallelism, salt, byPassphrase], recovery] = headParts;

function openBox(
  key: Uint8Array,
  [nonce, sealed]: readonly [Uint8Array, Uint8Array],
  place: readonly [string, string, number],
) {
  const decipher = createDecipheriv('aes-256-gcm', key, nonce);
  decipher.setAAD(encode(['private-energy vault v1', ...place]));
  decipher.setAuthTag(sealed.subarray(-16));
  return Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
}

async function keyByPassphrase(): Promise<Uint8Array> {
  const key = await argon2id({
    password: passphrase,
    salt,
    memorySize,
    iterations,
    parallelism,
    hashLength: 32,
    outputType: 'binary',
  });
  return openBox(key, byPassphrase, ['backup', 'passphrase', 1]);
}

function keyByRecoveryCode(): Uint8Array {
  const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
  let number = 0n;
  for (const character of recoveryCode.replaceAll('-', '')) number = number * 32n + BigInt(alphabet.indexOf(character));
  const all = Buffer.from(number.toString(16).padStart(40, '0'), 'hex');
  const secret = all.subarray(0, 16);
  expect(createHash('sha256').update(secret).digest().subarray(0, 4)).toEqual(all.subarray(16));
  const [version, recoverySalt, dataKeyBox, fileKeyBox] = recovery;
  const key = new Uint8Array(hkdfSync('sha256', secret, recoverySalt, 'private-energy recovery v1', 32));
  const dataKey = openBox(key, dataKeyBox, ['wraps', 'recovery', version]);
  return openBox(dataKey, fileKeyBox, ['backup', 'recovery', 1]);
}

describe('the backup of version 1', () => {
  beforeEach(freshVault);

  it('is what its document says', async () => {
    expect(createHash('sha256').update(file.subarray(0, -32)).digest()).toEqual(file.subarray(-32));
    const fileKey = await keyByPassphrase();
    expect(keyByRecoveryCode()).toEqual(fileKey);
    const id = `content ${createHash('sha256').update(head).digest('hex')}`;
    const inside: unknown = decode(gunzipSync(openBox(fileKey, [contentNonce, content], ['backup', id, 1])), {
      tags: Tagged.preserve(86, 70, 78),
    });
    expect(inside).toMatchObject({
      schema: 1,
      homes: [{ name: 'Fixture home', timeZone: 'Europe/Amsterdam', isDemo: false }],
      imports: [{ fileName: 'meter.csv', findings: [{ kind: 'gap' }] }],
      importSeries: [{ register: 'import', unit: 'Wh', label: 'E1', startMs: { tag: 86 }, energyWh: { tag: 78 } }],
      secrets: [{ id: `member/${exampleCommunity.id}`, secret: new Uint8Array(32).fill(7) }],
      settings: [['price', { currency: 'EUR', perKwh: 0.31 }]],
    });
  });

  it('of schema 2 restores, the steward’s seat and key included', async () => {
    await restoreBackup(readFileSync(new URL('../../vectors/backup/schema-2.peua', import.meta.url)), passphrase);
    const [home] = await listHomes();
    const series = await readSeries(home?.id ?? '', 'import');
    expect(Array.from(series?.energyWh ?? [])).toEqual(Array.from({ length: 48 }, (_, i) => 100 + i));
    expect(await readSettings()).toEqual({ price: { currency: 'EUR', perKwh: 0.31 } });
    const [stewardship] = await listStewardships();
    expect(stewardship).toMatchObject({ name: 'Lindenstraße', seat: 1, stewardName: 'Bea' });
    expect(await readSecret(secretId('steward', stewardship?.id ?? ''))).toEqual(new Uint8Array(32).fill(7));
    // Before schema 3 there was no other source.
    const analyses = await listAnalyses(home?.id ?? '');
    expect(analyses).toMatchObject([{ source: 'published', comparison: { month: '2024-03', homes: 41 } }]);
  });

  it('of schema 3 restores, readings by hand included', async () => {
    await restoreBackup(readFileSync(new URL('../../vectors/backup/schema-3.peua', import.meta.url)), passphrase);
    const [home] = await listHomes();
    const series = await readSeries(home?.id ?? '', 'import');
    expect(Array.from(series?.energyWh ?? [])).toEqual(Array.from({ length: 48 }, (_, i) => 100 + i));
    expect(await listManualReadings(home?.id ?? '')).toMatchObject({ counterDigits: 6, readings: [{ value: 1234.5 }] });
    expect(await readSettings()).toEqual({});
  });

  it('restores', async () => {
    await restoreBackup(file, recoveryCode);
    const [home] = await listHomes();
    const series = await readSeries(home?.id ?? '', 'import');
    expect(Array.from(series?.energyWh ?? [])).toEqual(Array.from({ length: 48 }, (_, i) => 100 + i));
    // The member key moves to the device: the one in the file is followed by another.
    const before = new Uint8Array(32).fill(7);
    const seed = await readSecret(secretId('member', exampleCommunity.id));
    expect(seed).toEqual(
      new Uint8Array(hkdfSync('sha256', before, new Uint8Array(32), 'private-energy restored member v1', 32)),
    );
    const [community] = await listCommunities();
    expect(community?.certificates).toHaveLength(2);
  });
});
