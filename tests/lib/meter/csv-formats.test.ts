import { describe, expect, it } from 'vitest';
import { kinds, outlines, read } from './reading.ts';

describe('DSMR-reader', () => {
  it('adds tariffs, keeps export and gas apart and the repeated hour by its offset', async () => {
    const file = await read(
      [
        'Hour Start,Electricity 1 (Dutch Users: Low Tariff),Electricity 2 (Dutch Users: Normal Tariff),Electricity 1 Returned (Dutch Users: Low Tariff),Electricity 2 Returned (Dutch Users: Normal Tariff),Gas',
        '2024-10-27T01:00:00+02:00,0.1,0.2,0,0.05,0.3',
        '2024-10-27T02:00:00+02:00,0.3,0,0,0,0',
        '2024-10-27T02:00:00+01:00,0.4,0,0,0,0',
        '2024-10-27T03:00:00+01:00,0.5,0,0,0,0.001',
      ].join('\n'),
    );
    expect(file.format).toBe('dsmr-reader');
    expect(outlines(file)).toEqual([
      ['import', 4, '2024-10-26T23:00', '2024-10-27T02:00', 3600, 1500, 0],
      ['export', 4, '2024-10-26T23:00', '2024-10-27T02:00', 3600, 50, 0],
      ['gas', 4, '2024-10-26T23:00', '2024-10-27T02:00', 3600, 301, 0],
    ]);
    expect(kinds(file)).toEqual([]);
  });
});

describe('Ameren', () => {
  const text = (rows: string[]) =>
    [
      'Name,X,,,,,,',
      'Commodity,Electric,,,,,,',
      ',,,,,,,',
      'Start Interval Date/Time,Meter Id,Usage,Units,Interval,Usage,Units,Interval',
      ...rows,
    ].join('\r\n');

  it('reads the finest of two usage columns, in Chicago time unless told otherwise', async () => {
    const rows = [
      '03/30/2024 00:00,1,2.1,kwh,60min,0.5,kwh,15min',
      '03/30/2024 00:15,1,-,-,-,0.6,kwh,15min',
      '03/30/2024 00:30,1,-,-,-,-,-,-',
      '03/30/2024 00:45,1,-,-,-,1,kwh,15min',
    ];
    expect(outlines(await read(text(rows)))).toEqual([
      ['import', 4, '2024-03-30T05:00', '2024-03-30T05:45', 900, 2100, 1],
    ]);
    expect(outlines(await read(text(rows), { timeZone: 'America/New_York' }))[0]?.[2]).toBe('2024-03-30T04:00');
  });

  it('moves a reading of the skipped spring hour on, where the next hour leaves room', async () => {
    const file = await read(
      text([
        '03/09/2025 01:45,1,-,-,-,0.4,kwh,15min',
        '03/09/2025 02:00,1,0.6,kwh,60min,0.6,kwh,15min',
        '03/09/2025 03:00,1,1,kwh,60min,-,-,-',
        '03/09/2025 03:15,1,-,-,-,0.5,kwh,15min',
      ]),
    );
    expect(outlines(file)).toEqual([['import', 3, '2025-03-09T07:45', '2025-03-09T08:15', 900, 1500, 0]]);
    expect(kinds(file)).toContain('spring-hour');
  });
});
