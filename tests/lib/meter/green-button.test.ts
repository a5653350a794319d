import { describe, expect, it } from 'vitest';
import { kinds, outlines, read } from './reading.ts';

const interval = (start: number, value: string, prefix = '', extra = '') => {
  const p = prefix === '' ? '' : `${prefix}:`;
  return `<${p}IntervalReading>${extra}<${p}timePeriod><${p}duration>3600</${p}duration><${p}start>${start}</${p}start></${p}timePeriod><${p}value>${value}</${p}value></${p}IntervalReading>`;
};

const entry = (links: readonly (readonly [string, string])[], content: string, title = '') =>
  `<entry>${links.map(([rel, href]) => `<link rel="${rel}" href="${href}"/>`).join('')}<title>${title}</title><content>${content}</content></entry>`;

const feed = (...entries: string[]) =>
  `<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" xmlns:espi="http://naesb.org/espi">${entries.join('')}</feed>`;

const usagePoint = (id: number, kind: number) =>
  entry(
    [['self', `/U/1/UsagePoint/${id}`]],
    `<UsagePoint xmlns="http://naesb.org/espi"><ServiceCategory><kind>${kind}</kind></ServiceCategory></UsagePoint>`,
    `Point ${id}`,
  );
const meterReading = (id: number, type: number, usage = 1) =>
  entry(
    [
      ['self', `/U/1/UsagePoint/${usage}/MeterReading/${id}`],
      ['related', `/ReadingType/${type}`],
    ],
    '<MeterReading xmlns="http://naesb.org/espi"/>',
  );
const readingType = (id: number, fields: Record<string, number>) =>
  entry(
    [['self', `https://example.org/espi/ReadingType/${id}`]],
    `<ReadingType xmlns="http://naesb.org/espi">${Object.entries(fields)
      .map(([name, value]) => `<${name}> ${value} </${name}>`)
      .join('')}</ReadingType>`,
  );
const block = (id: number, readings: string, usage = 1) =>
  entry(
    [
      ['up', `/U/1/UsagePoint/${usage}/MeterReading/${id}/IntervalBlock`],
      ['self', `/x/${id}`],
    ],
    `<IntervalBlock xmlns="http://naesb.org/espi">${readings}</IntervalBlock>`,
  );

const start = Date.UTC(2024, 0, 1, 5) / 1000;
const kWh = { uom: 72, powerOfTenMultiplier: 3, flowDirection: 1, commodity: 1 };

describe('Green Button', () => {
  it('keeps directions apart and applies unit and power of ten, wherever the reading type stands', async () => {
    const file = await read(
      feed(
        block(1, interval(start, '2') + interval(start + 3600, '3')),
        block(2, interval(start, '700')),
        usagePoint(1, 0),
        meterReading(1, 7),
        meterReading(2, 8),
        readingType(7, kWh),
        readingType(8, { uom: 72, powerOfTenMultiplier: 0, flowDirection: 19 }),
      ),
    );
    expect(file).toMatchObject({ format: 'green-button', timeZone: 'UTC', ties: [] });
    expect(outlines(file)).toEqual([
      ['import', 2, '2024-01-01T05:00', '2024-01-01T06:00', 3600, 5000, 0],
      ['export', 1, '2024-01-01T05:00', '2024-01-01T05:00', 3600, 700, 0],
    ]);
  });

  it('reads prefixes, quality, mean power and bare files without Atom', async () => {
    const bare = `<n:UsagePoint xmlns:n="http://naesb.org/espi"><n:MeterReading/><n:ReadingType><n:uom>38</n:uom><n:kind>37</n:kind></n:ReadingType><n:IntervalBlock>${interval(start, '500', 'n', '<n:ReadingQuality><n:quality>8</n:quality></n:ReadingQuality>')}</n:IntervalBlock></n:UsagePoint>`;
    const file = await read(bare);
    expect(outlines(file)).toEqual([['import', 1, '2024-01-01T05:00', '2024-01-01T05:00', 3600, 500, 0]]);
    expect([...(file.series[0]?.quality ?? [])]).toEqual([1]);
  });

  it('takes counters as counters and sets gas and reactive energy apart', async () => {
    const file = await read(
      feed(
        usagePoint(1, 0),
        usagePoint(2, 1),
        meterReading(1, 1),
        meterReading(3, 3),
        meterReading(2, 2, 2),
        readingType(1, { ...kWh, accumulationBehaviour: 3 }),
        readingType(2, { uom: 169, powerOfTenMultiplier: -1, commodity: 7 }),
        readingType(3, { uom: 73, powerOfTenMultiplier: 0 }),
        block(1, interval(start, '100') + interval(start + 3600, '102') + interval(start + 7200, '105')),
        block(2, interval(start, '10'), 2),
        block(3, interval(start, '99')),
      ),
    );
    expect(outlines(file)).toEqual([
      ['import Point 1', 2, '2024-01-01T06:00', '2024-01-01T07:00', 3600, 5000, 0],
      ['gas Point 2', 1, '2024-01-01T05:00', '2024-01-01T05:00', 3600, 29_307, 0],
    ]);
    expect(kinds(file)).toContain('other-quantity');
  });

  it('doubts a missing reading type and leaves out a coarser copy of the same readings', async () => {
    expect(kinds(await read(feed(block(1, interval(start, '5')))))).toContain('unit-doubt');
    const day = interval(start, '9').replace('>3600<', '>86400<');
    const both = await read(
      feed(
        meterReading(1, 1),
        meterReading(2, 1),
        readingType(1, kWh),
        block(1, day),
        block(2, interval(start, '4') + interval(start + 3600, '5')),
      ),
    );
    expect(outlines(both)).toEqual([['import', 2, '2024-01-01T05:00', '2024-01-01T06:00', 3600, 9000, 0]]);
    expect(kinds(both)).toContain('coarser-copy');
  });

  it('accepts links that stand behind the content', async () => {
    const late = (content: string, ...links: string[]) =>
      `<entry><content>${content}</content>${links.join('')}</entry>`;
    const file = await read(
      feed(
        late(
          `<espi:IntervalBlock>${interval(start, '5', 'espi')}</espi:IntervalBlock>`,
          '<link rel="up" href="/UsagePoint/1/MeterReading/1/IntervalBlock"/>',
        ),
        late(
          '<espi:MeterReading/>',
          '<link rel="self" href="/UsagePoint/1/MeterReading/1"/>',
          '<link rel="related" href="/ReadingType/2"/>',
        ),
        readingType(1, { uom: 72, flowDirection: 19 }),
        readingType(2, kWh),
      ),
    );
    expect(outlines(file)[0]).toEqual(['import', 1, '2024-01-01T05:00', '2024-01-01T05:00', 3600, 5000, 0]);
  });

  it.each([
    ['cut off', feed(block(1, interval(start, '5'))).slice(0, -60), 'truncated'],
    ['broken', feed('<a></b>'), 'damaged'],
    ['entities', `<!DOCTYPE feed [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>${feed('&b;')}`, 'damaged'],
    ['an undeclared entity', feed('<title>&xxe;</title>'), 'damaged'],
    ['nested too deep', feed('<a>'.repeat(100) + '</a>'.repeat(100)), 'damaged'],
    ['without readings', feed(usagePoint(1, 0)), 'no-readings'],
    [
      'one instant for all',
      feed(block(1, interval(start, '5') + interval(start, '6') + interval(start, '7'))),
      'no-readings',
    ],
  ])('refuses a file that is %s', async (_what, text, code) => {
    await expect(read(text)).rejects.toMatchObject({ name: 'MeterFileError', code });
  });
});
