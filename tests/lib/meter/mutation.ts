import fc from 'fast-check';
import { expect } from 'vitest';
import { MeterFileError } from '../../../src/lib/meter/errors.ts';
import type { MeterFile } from '../../../src/lib/meter/meter-file.ts';
import { readMeterFile } from '../../../src/lib/meter/read-meter-file.ts';

/** Pieces that parsers stumble over. */
export const nasty = [
  '"',
  '""',
  ';',
  ',',
  '\t',
  '\n',
  '\r\n',
  '\u0000',
  '\ufeff',
  '-',
  'NaN',
  'Infinity',
  '1e308',
  '-1e-320',
  '99999999999999999999',
  '0000-00-00',
  '2024-02-30',
  '9999-12-31T23:59:59Z',
  '31/12/2024 24:00',
  '2024-03-31 02:30',
  '__proto__',
  'constructor',
  '<![CDATA[',
  '<!DOCTYPE a [<!ENTITY b "c">]>',
  '&b;',
  '<a>',
  '</a>',
  '{"__proto__":{"polluted":1}}',
  'é',
  '\ud800',
  '😀',
];

const encoder = new TextEncoder();

/** One change of a byte string, at a place and of a size given as shares of its length. */
export const mutation = fc.record({
  kind: fc.constantFrom('flip', 'cut', 'delete', 'repeat', 'insert', 'swap', 'digits'),
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  size: fc.double({ min: 0, max: 1, noNaN: true }),
  byte: fc.integer({ min: 0, max: 255 }),
  piece: fc.constantFrom(...nasty),
});
export type Mutation = typeof mutation extends fc.Arbitrary<infer T> ? T : never;

const most = 1 << 16;

/** Bytes after some changes, never more than 64 KB. */
export const mutate = (bytes: Uint8Array, mutations: readonly Mutation[]): Uint8Array => {
  let result = bytes.slice(0, most);
  for (const { kind, at, size, byte, piece } of mutations) {
    const place = Math.floor(at * result.length);
    const until = Math.min(result.length, place + 1 + Math.floor(size ** 3 * result.length));
    const join = (...parts: Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part])).slice(0, most);
    if (kind === 'flip') result[place] = byte;
    else if (kind === 'cut') result = result.slice(0, place);
    else if (kind === 'delete') result = join(result.subarray(0, place), result.subarray(until));
    else if (kind === 'repeat') result = join(result.subarray(0, until), result.subarray(place));
    else if (kind === 'insert') result = join(result.subarray(0, place), encoder.encode(piece), result.subarray(place));
    else if (kind === 'swap')
      result = join(result.subarray(until), result.subarray(place, until), result.subarray(0, place));
    else
      for (let i = place; i < until; i++)
        if ((result[i] ?? 0) >= 48 && (result[i] ?? 0) <= 57) result[i] = 48 + ((byte + i) % 10);
  }
  return result;
};

/** What must hold of every file that could be read. */
export const expectSound = ({ series, findings }: MeterFile): void => {
  for (const { startMs, lengthSeconds, energyWh, quality } of series) {
    expect(new Set([startMs.length, lengthSeconds.length, energyWh.length, quality.length]).size).toBe(1);
    let untilMs = -Infinity;
    let broken = 0;
    for (let i = 0; i < startMs.length; i++) {
      const start = startMs[i] ?? Number.NaN;
      if (!Number.isFinite(start) || start < untilMs || (quality[i] ?? 3) > 2 || lengthSeconds[i] === 0) broken++;
      if (quality[i] === 2 && energyWh[i] !== 0) broken++;
      untilMs = start + (lengthSeconds[i] ?? 0) * 1000;
    }
    expect(broken).toBe(0);
  }
  for (const { message, count, rows } of findings) {
    expect(message).not.toMatch(/\bundefined\b|Invalid Date|\bNaN (hours|days|minutes|W|kW)\b/);
    expect(rows.length).toBeLessThanOrEqual(Math.min(20, count));
  }
};

/** Processor time of the slowest file so far, per 64 KB of it, and what file that was. */
export class Slowest {
  #ms = 0;
  #firstMs = 0;
  #what = '';

  /** Reads a file; one that seems the slowest is read twice more, as a first time is spent on compiling our code too. */
  async read(bytes: Uint8Array, what: string, timeZone?: string): Promise<void> {
    const parts = Math.max(1, bytes.length / most);
    let ms = (await survive(bytes, timeZone)) / parts;
    this.#firstMs = Math.max(this.#firstMs, ms);
    for (let again = 0; again < 2 && ms > this.#ms; again++)
      ms = Math.min(ms, (await survive(bytes, timeZone)) / parts);
    if (ms <= this.#ms) return;
    this.#ms = ms;
    this.#what = what;
  }

  toString(): string {
    return `slowest: ${this.#ms.toFixed(0)} ms of processor time per 64 KB (${this.#what}); at first reading: ${this.#firstMs.toFixed(0)} ms\n`;
  }
}

/**
 * Reads bytes; anything but a sound file or words for the user is a failure. Gives the milliseconds of processor time it
 * took, which other programs on the machine do not lengthen.
 */
export const survive = async (bytes: Uint8Array, timeZone = 'Europe/Amsterdam'): Promise<number> => {
  const before = process.cpuUsage();
  let file: MeterFile | undefined;
  try {
    file = await readMeterFile(bytes, { name: 'mutated', timeZone });
  } catch (error) {
    if (!(error instanceof MeterFileError)) throw error;
    expect(error.message).not.toMatch(/\bundefined\b|Invalid Date/);
  }
  const { user, system } = process.cpuUsage(before);
  if (file !== undefined) expectSound(file);
  return (user + system) / 1000;
};
