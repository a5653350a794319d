import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formats } from '../../../src/lib/meter/formats.ts';
import { suppliers } from '../../../src/lib/meter/suppliers.ts';
import { offsetMsAt } from '../../../src/lib/series/local-day.ts';
import { summarize } from '../../../src/lib/series/summary.ts';
import type { MeterFile } from '../../../src/lib/meter/meter-file.ts';
import { read } from './reading.ts';

/** Sections of docs/formats.md: each has an id, a sample, and what the sample reads as. */
const sections = [
  ...readFileSync(join(import.meta.dirname, '../../../docs/formats.md'), 'utf8').matchAll(
    /^## [^\n]*\(`([^`]+)`\)\n[\s\S]*?```\w+\n([\s\S]*?)```\n\nReads as: ([\s\S]*?)\.\n(?=\n##|$)/gm,
  ),
].map(([, id = '', sample = '', reads = '']) => ({ id, sample, reads: reads.replace(/\s+/g, ' ') }));

const stamp = (ms: number, zone: string): string => {
  const minutes = offsetMsAt(ms, zone) / 60_000;
  const two = (value: number) => String(value).padStart(2, '0');
  return `${new Date(ms + minutes * 60_000).toISOString().slice(0, 19)}${minutes < 0 ? '-' : '+'}${two(Math.floor(Math.abs(minutes) / 60))}:${two(Math.abs(minutes) % 60)}`;
};

const words = ({ series, timeZone }: MeterFile): string =>
  series
    .map((one) => {
      const { readings, stepSeconds, firstMs = 0, total, missing, estimated } = summarize(one);
      return [
        `${one.register}${one.label === undefined ? '' : ` (${one.label})`} ${readings} × ${stepSeconds} s from ${stamp(firstMs, timeZone)}`,
        `${total} ${one.unit === 'Wh' ? 'Wh' : 'dm³'}`,
        ...(missing > 0 ? [`${missing} missing`] : []),
        ...(estimated > 0 ? [`${estimated} estimated`] : []),
      ].join(', ');
    })
    .join('; ');

describe('documented formats', () => {
  it('has a section with a sample for every format, and no other', () => {
    expect(sections.map(({ id }) => id).toSorted()).toEqual(formats.map(({ id }) => id).toSorted());
  });

  it.each(sections.map((section) => [section.id, section] as const))('%s', async (id, { sample, reads }) => {
    const file = await read(sample);
    expect(file).toMatchObject({ format: id, ties: [] });
    expect(words(file)).toBe(reads);
  });

  it('says for each supplier how to get the file', () => {
    const ids = new Set(formats.map(({ id }) => id));
    // A data set of researchers, and tables that come from nobody in particular.
    const ofNobody = ['low-carbon-london', 'start-value', 'homes', 'wide', 'stamp-value'];
    // Files that come with another one from the same place: `edf` and `enedis-2025` say how to get them.
    const besideAnother = ['edf-days', 'edf-index', 'enedis-days'];
    expect([...ids].filter((id) => !(id in suppliers)).toSorted()).toEqual([...ofNobody, ...besideAnother].toSorted());
    for (const [id, { name, steps }] of Object.entries(suppliers)) {
      expect(ids).toContain(id);
      expect(name).not.toBe('');
      expect(steps.length).toBeGreaterThan(0);
    }
  });
});
