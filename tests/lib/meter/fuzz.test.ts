import { gzipSync, zipSync } from 'fflate';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { mutate, mutation, nasty, Slowest, survive } from './mutation.ts';

const soak = process.env.SOAK === '1';
const runs = (normal: number) => (soak ? normal * 10 : normal);
const timeout = soak ? 6 * 3_600_000 : 600_000;

const encoder = new TextEncoder();
const samples = [
  ...readFileSync(join(import.meta.dirname, '../../../docs/formats.md'), 'utf8').matchAll(/```\w+\n([\s\S]*?)```/g),
].map(([, sample = '']) => encoder.encode(sample));

/** A sample's rows again and again, towards 64 KB. */
const repeated = (bytes: Uint8Array, times: number): Uint8Array =>
  encoder.encode(new TextDecoder().decode(bytes).repeat(times)).slice(0, 1 << 16);

describe('damaged and hostile files', () => {
  it('knows all samples', () => expect(samples.length).toBeGreaterThan(35));

  it(
    'survives changes of every format’s sample',
    async () => {
      const slowest = new Slowest();
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom(...samples),
          fc.array(mutation, { minLength: 1, maxLength: 8 }),
          fc.constantFrom(1, 1, 1, 20),
          fc.constantFrom('Europe/Amsterdam', 'America/New_York', 'UTC'),
          async (sample, mutations, times, zone) => {
            const bytes = mutate(repeated(sample, times), mutations);
            await slowest.read(bytes, new TextDecoder().decode(sample.slice(0, 40)), zone);
          },
        ),
        { numRuns: runs(8000) },
      );
      if (soak) process.stdout.write(slowest.toString());
    },
    timeout,
  );

  it(
    'survives changed archives',
    async () => {
      const packed = samples.slice(0, 6).flatMap((sample) => [gzipSync(sample), zipSync({ 'a.csv': sample })]);
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom(...packed),
          fc.array(mutation, { minLength: 1, maxLength: 4 }),
          async (bytes, mutations) => {
            await survive(mutate(bytes, mutations));
          },
        ),
        { numRuns: runs(500) },
      );
    },
    timeout,
  );

  it(
    'survives any bytes and any text',
    async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.oneof(
            fc.uint8Array({ maxLength: 4096 }),
            fc.string({ unit: 'binary', maxLength: 2000 }).map((text) => encoder.encode(text)),
          ),
          async (bytes) => {
            await survive(bytes);
          },
        ),
        { numRuns: runs(500) },
      );
    },
    timeout,
  );

  it(
    'survives one thing over and over',
    async () => {
      const slowest = new Slowest();
      for (const piece of [
        ...nasty,
        'a',
        '1',
        ' ',
        '/',
        '|',
        '[',
        '1,',
        '2024-01-01;1\n',
        'a"\n',
        '<a b="c">',
        '100,NEM12\n',
      ])
        for (const head of [
          '',
          'Hour Start,Electricity 1,Electricity 2\n',
          '<feed xmlns="http://naesb.org/espi">',
          '{"energy":',
        ])
          await slowest.read(
            encoder.encode(head + piece.repeat((1 << 16) / piece.length)),
            JSON.stringify(head + piece),
          );
      if (soak) process.stdout.write(slowest.toString());
    },
    timeout,
  );

  it('survives a date of another week in every row', async () => {
    const slowest = new Slowest();
    const dayMs = 86_400_000;
    const rows = Array.from({ length: 5900 }, (_, i) =>
      new Date(((i * 7919) % 83_000) * dayMs).toISOString().slice(0, 10).replaceAll('-', ''),
    );
    for (const zone of ['Europe/Amsterdam', 'America/New_York', 'Australia/Sydney'])
      await slowest.read(encoder.encode(`${rows.join(',5\n')},5\n`), zone, zone);
    if (soak) process.stdout.write(slowest.toString());
  });

  it('does not let a file reach object prototypes', () => {
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });
});
