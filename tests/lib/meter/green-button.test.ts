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

  it('reads releases 1.0 to 4.0 of the interface alike', async () => {
    const two = (p: string) => interval(start, '2', p) + interval(start + 3600, '3', p);
    const releases = {
      // Nothing but what the first release had.
      '1.0': feed(
        usagePoint(1, 0),
        meterReading(1, 1),
        readingType(1, kWh),
        block(1, two('')),
        entry(
          [['up', '/U/1/UsagePoint/1/ElectricPowerUsageSummary']],
          '<ElectricPowerUsageSummary xmlns="http://naesb.org/espi"><billingPeriod><duration>7200</duration><start>1</start></billingPeriod></ElectricPowerUsageSummary>',
        ),
      ),
      // A block says its span, several blocks share an entry, and lengths stand beside costs.
      '1.1': feed(
        usagePoint(1, 0),
        meterReading(1, 1),
        readingType(1, kWh),
        block(
          1,
          `<interval><duration>7200</duration><start>${start}</start></interval>${interval(start, '2')}</IntervalBlock><IntervalBlock xmlns="http://naesb.org/espi">${interval(start + 3600, '3', '', '<cost>974</cost><tou>1</tou>')}`,
        ),
      ),
      // Default namespace for ESPI, prefixed Atom, customers in a namespace of their own, a version of the schema.
      '3.3': `<?xml version="1.0" encoding="UTF-8"?><atom:feed xmlns:atom="http://www.w3.org/2005/Atom" xmlns="http://naesb.org/espi" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://naesb.org/espi espiDerived.xsd">
        <atom:entry><atom:link rel="self" href="/Customer/1"/><atom:content><cust:Customer xmlns:cust="http://naesb.org/espi/customer"><cust:kind>residential</cust:kind></cust:Customer></atom:content></atom:entry>
        <atom:entry><atom:link rel="self" href="/UsagePoint/a-b"/><atom:content><UsagePoint><ServiceCategory><kind>0</kind></ServiceCategory><roleFlags>00</roleFlags><status>1</status></UsagePoint></atom:content></atom:entry>
        <atom:entry><atom:link rel="self" href="/UsagePoint/a-b/MeterReading/c"/><atom:link rel="related" href="/ReadingType/9"/><atom:content><MeterReading/></atom:content></atom:entry>
        <atom:entry><atom:link rel="self" href="/ReadingType/9"/><atom:content><ReadingType><commodity>1</commodity><flowDirection>1</flowDirection><intervalLength>3600</intervalLength><powerOfTenMultiplier>3</powerOfTenMultiplier><uom>72</uom></ReadingType></atom:content></atom:entry>
        <atom:entry><atom:link rel="self" href="/UsagePoint/a-b/MeterReading/c/IntervalBlock/1"/><atom:content><IntervalBlock>${two('')}</IntervalBlock></atom:content></atom:entry>
      </atom:feed>`,
      // Prefixes throughout, secondary metered electricity, a measuring period, one usage point within a customer's path.
      '4.0': `<ns1:feed xmlns:ns1="http://www.w3.org/2005/Atom" xmlns:ns0="http://naesb.org/espi">
        <ns1:entry><ns1:link href="https://x.example/DataCustodian/espi/1_1/resource/Subscription/5/UsagePoint/7/MeterReading/2" rel="self"/><ns1:link href="https://x.example/DataCustodian/espi/1_1/resource/ReadingType/3" rel="related"/><ns1:content type="application/xml"><ns0:MeterReading/></ns1:content></ns1:entry>
        <ns1:entry><ns1:link href="https://x.example/DataCustodian/espi/1_1/resource/ReadingType/3" rel="self"/><ns1:content type="application/xml"><ns0:ReadingType><ns0:accumulationBehaviour>4</ns0:accumulationBehaviour><ns0:commodity>1</ns0:commodity><ns0:flowDirection>1</ns0:flowDirection><ns0:kind>12</ns0:kind><ns0:measuringPeriod>7</ns0:measuringPeriod><ns0:powerOfTenMultiplier>3</ns0:powerOfTenMultiplier><ns0:uom>72</ns0:uom></ns0:ReadingType></ns1:content></ns1:entry>
        <ns1:entry><ns1:link href="https://x.example/DataCustodian/espi/1_1/resource/Subscription/5/UsagePoint/7/MeterReading/2/IntervalBlock/3" rel="self"/><ns1:content type="application/xml"><ns0:IntervalBlock>${two('ns0')}</ns0:IntervalBlock></ns1:content></ns1:entry>
      </ns1:feed>`,
    };
    for (const [release, text] of Object.entries(releases))
      expect([release, ...outlines(await read(text))]).toEqual([
        release,
        ['import', 2, '2024-01-01T05:00', '2024-01-01T06:00', 3600, 5000, 0],
      ]);
  });

  it.each([
    [-3, '5000000', 5000],
    [0, '5000', 5000],
    [3, '5', 5000],
    [6, '0.005', 5000],
    [-2, '500000', 5000],
  ])('applies the power of ten %i', async (powerOfTenMultiplier, value, expectedWh) => {
    const file = await read(
      feed(meterReading(1, 1), readingType(1, { ...kWh, powerOfTenMultiplier }), block(1, interval(start, value))),
    );
    expect(file.series[0]?.energyWh[0]).toBe(expectedWh);
  });

  it('keeps several usage points apart, in one feed, each with its own unit', async () => {
    const file = await read(
      feed(
        usagePoint(1, 0),
        usagePoint(2, 0),
        usagePoint(3, 1),
        meterReading(1, 1, 1),
        meterReading(1, 2, 2),
        meterReading(1, 3, 3),
        readingType(1, kWh),
        readingType(2, { uom: 72, powerOfTenMultiplier: 0, flowDirection: 1 }),
        readingType(3, { uom: 42, powerOfTenMultiplier: 0, commodity: 7 }),
        block(1, interval(start, '2'), 1),
        block(1, interval(start, '700'), 2),
        block(1, interval(start, '3'), 3),
      ),
    );
    expect(outlines(file)).toEqual([
      ['import Point 1', 1, '2024-01-01T05:00', '2024-01-01T05:00', 3600, 2000, 0],
      ['import Point 2', 1, '2024-01-01T05:00', '2024-01-01T05:00', 3600, 700, 0],
      ['gas Point 3', 1, '2024-01-01T05:00', '2024-01-01T05:00', 3600, 3000, 0],
    ]);
    expect(file.meters).toHaveLength(3);
  });

  it('places readings without a time of their own by the span of their block', async () => {
    const bare = (values: string[]) =>
      values.map((value) => `<IntervalReading><value>${value}</value></IntervalReading>`).join('');
    const span = `<interval><duration>7200</duration><start>${start}</start></interval>`;
    const quarters = bare(['1', '2', '3', '4', '5', '6', '7', '8']);
    const file = await read(
      feed(
        meterReading(1, 1),
        readingType(1, { ...kWh, powerOfTenMultiplier: 0 }),
        block(
          1,
          `${span}${quarters}</IntervalBlock><IntervalBlock><interval><start>${start + 7200}</start><duration>3600</duration></interval>${bare(['9', '8', '7', '6'])}`,
        ),
      ),
    );
    expect(outlines(file)).toEqual([['import', 12, '2024-01-01T05:00', '2024-01-01T07:45', 900, 66, 0]]);
    const mixed = await read(feed(block(1, `${span}${bare(['1'])}${interval(start, '5')}`)));
    expect(outlines(mixed)).toEqual([['import', 1, '2024-01-01T05:00', '2024-01-01T05:00', 3600, 5, 0]]);
    expect(kinds(mixed)).toContain('unreadable-row');
  });

  it('reads instants and lengths in milliseconds, and says so', async () => {
    const inMs = (seconds: number, value: string, duration: string) =>
      interval(start, value)
        .replace('>3600<', `>${duration}<`)
        .replace(String(start), String(seconds * 1000));
    for (const [hour, step] of [
      ['3600', 3600],
      ['3600000', 3600],
      ['900000', 900],
    ] as const) {
      const file = await read(
        feed(
          meterReading(1, 1),
          readingType(1, kWh),
          block(1, inMs(start, '2', hour) + inMs(start + step, '3', hour) + inMs(start + 2 * step, '1', hour)),
        ),
      );
      expect(outlines(file)).toEqual([
        ['import', 3, '2024-01-01T05:00', step === 3600 ? '2024-01-01T07:00' : '2024-01-01T05:30', step, 6000, 0],
      ]);
      expect(file.findings).toContainEqual(expect.objectContaining({ kind: 'time-unit', count: 3 }));
    }
  });

  const bill = (fromDay: number, days: number, value: number, element: string, usage = 1) =>
    entry(
      [
        ['self', `/U/1/UsagePoint/${usage}/UsageSummary/${fromDay}`],
        ['up', `/U/1/UsagePoint/${usage}/UsageSummary`],
      ],
      `<UsageSummary xmlns="http://naesb.org/espi"><billingPeriod><duration>${days * 86_400}</duration><start>${start + fromDay * 86_400}</start></billingPeriod><billLastPeriod>5500000</billLastPeriod><currency>840</currency><${element}><powerOfTenMultiplier>3</powerOfTenMultiplier><timeStamp>${start}</timeStamp><uom>72</uom><value>${value}</value></${element}><qualityOfReading>14</qualityOfReading></UsageSummary>`,
    );

  it.each(['overallConsumptionLastPeriod', 'currentBillingPeriodOverAllConsumption'])(
    'reads bills where there is nothing finer (%s)',
    async (element) => {
      const file = await read(
        feed(usagePoint(1, 0), bill(0, 31, 300, element), bill(31, 29, 280, element), bill(60, 31, 250, element)),
      );
      expect(outlines(file)).toEqual([
        ['import', 3, '2024-01-01T05:00', '2024-03-01T05:00', expect.any(Number), 830_000, 0],
      ]);
      expect([...(file.series[0]?.lengthSeconds ?? [])]).toEqual([31, 29, 31].map((days) => days * 86_400));
      expect(kinds(file)).toContain('bills-only');
      const both = await read(
        feed(
          usagePoint(1, 0),
          meterReading(1, 1),
          readingType(1, kWh),
          block(1, interval(start, '2')),
          bill(0, 31, 300, element),
        ),
      );
      expect(outlines(both)).toEqual([['import', 1, '2024-01-01T05:00', '2024-01-01T05:00', 3600, 2000, 0]]);
      expect(kinds(both)).not.toContain('bills-only');
    },
  );

  it('holds local time parameters against readings that begin at midnight UTC', async () => {
    const midnight = Date.UTC(2024, 0, 1) / 1000;
    const day = (from: number) => Array.from({ length: 24 }, (_, i) => interval(from + i * 3600, '1')).join('');
    const zone = (offset: number) =>
      entry(
        [['self', '/LocalTimeParameters/1']],
        `<LocalTimeParameters xmlns="http://naesb.org/espi"><dstEndRule>B40E2000</dstEndRule><dstOffset>3600</dstOffset><dstStartRule>360E2000</dstStartRule><tzOffset>${offset}</tzOffset></LocalTimeParameters>`,
      );
    const doubts = async (from: number, ...parts: string[]) =>
      (await read(feed(meterReading(1, 1), readingType(1, kWh), block(1, day(from)), ...parts))).findings
        .filter(({ kind }) => kind === 'time-zone')
        .map(({ severity }) => severity);
    expect(await doubts(midnight, zone(-18_000))).toEqual(['warning']);
    expect(await doubts(midnight)).toEqual(['info']);
    expect(await doubts(midnight, zone(0))).toEqual([]);
    expect(await doubts(midnight + 18_000, zone(-18_000))).toEqual([]);
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
