import fc from 'fast-check';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { mutate, mutation, Slowest } from '../lib/meter/mutation.ts';
import { dataFile, dataFolder, haveData } from './data.ts';

const soak = process.env.SOAK === '1';
const files = haveData
  ? [
      'dev/greenbutton',
      'dev/csv',
      'dev/csv/xlsx',
      'dev/nem12',
      'dev/dsmr_p1',
      'dev/household',
      'dev/homeassistant',
    ].flatMap((folder) =>
      readdirSync(join(dataFolder, folder), { withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => ({ name: entry.name, bytes: dataFile(`${folder}/${entry.name}`) })),
    )
  : [];

describe.skipIf(!haveData)('damaged real files', () => {
  it(
    'survives changes of their first 64 KB',
    async () => {
      const slowest = new Slowest();
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom(...files),
          fc.array(mutation, { minLength: 1, maxLength: 6 }),
          async ({ name, bytes }, mutations) => {
            await slowest.read(mutate(bytes, mutations), name);
          },
        ),
        { numRuns: soak ? 20_000 : 1000 },
      );
      if (soak) process.stdout.write(slowest.toString());
    },
    soak ? 6 * 3_600_000 : 600_000,
  );

  if (soak)
    it(
      'survives whole files cut at any place',
      async () => {
        const slowest = new Slowest();
        for (const { name, bytes } of files)
          for (let part = 0; part < 20; part++) {
            await slowest.read(bytes.subarray(0, Math.floor((bytes.length * part) / 20)), name);
          }
        process.stdout.write(slowest.toString());
        expect(files.length).toBeGreaterThan(0);
      },
      6 * 3_600_000,
    );
});
