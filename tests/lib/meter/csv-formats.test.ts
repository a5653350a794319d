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

describe('NEM12 and NEM13', () => {
  const day = (values: number) => `300,20240101,${Array(values).fill('0.1').join()},A,,,,`;
  const nem12 = (...records: string[]) => ['100,NEM12,202401020000,MDA1,Ret1', ...records, '900'].join('\n');

  it('reads the reads of counters, by their direction', async () => {
    const file = await read(
      [
        '100,NEM13,200401101030,MDA1,Ret1',
        '250,NMI1,11,1,11,11,SER1,E,006342.8,20031005093055,A,,,007654.9,20040107100333,A,,,1312.1,kWh,20040407,20040108100333,20040108091133',
        '250,NMI1,11,2,41,41,SER1,I,000100,20031005093055,A,,,000165,20040107100333,E64,,,65,kWh,20040407,20040108100333,20040108091133',
        '550,N,,E,',
        '900',
      ].join('\n'),
    );
    expect(outlines(file).map(([name, readings, first, , , total]) => [name, readings, first, total])).toEqual([
      ['import NMI1 1 11', 1, '2003-10-04T23:30', 1_312_100],
      ['export NMI1 2 41', 1, '2003-10-04T23:30', 65_000],
    ]);
    expect(file.series[1]?.quality[0]).toBe(1);
  });

  it('keeps channels apart but knows that they are one meter', async () => {
    const channel = (suffix: string) => `200,NMI1,E1E2B1,,${suffix},,SER1,kWh,30,`;
    const file = await read(nem12(channel('E1'), day(48), channel('E2'), day(48), channel('B1'), day(48)));
    expect(file.meters).toEqual([{ name: 'NMI1', series: [0, 1, 2] }]);
    expect(file.series.map(({ register, label }) => [register, label])).toEqual([
      ['import', 'NMI1 E1'],
      ['import', 'NMI1 E2'],
      ['export', 'NMI1 B1'],
    ]);
  });

  it('refuses days whose length does not fit their channel, and says when the end is missing', async () => {
    await expect(read(nem12('200,NMI1,E1,,E1,,SER1,kWh,30,', day(96)))).rejects.toMatchObject({ code: 'no-readings' });
    await expect(read(nem12('200,NMI1,E1,,E1,,SER1,kWh,15,', day(48)))).rejects.toMatchObject({ code: 'no-readings' });
    await expect(read(nem12())).rejects.toMatchObject({ code: 'no-readings' });
    const cut = nem12('200,NMI1,E1,,E1,,SER1,kWh,30,', day(48)).replace('\n900', '');
    expect(kinds(await read(cut))).toEqual(['truncated']);
  });
});

describe('files without any import', () => {
  it('says that a file is gas only or solar only', async () => {
    expect(kinds(await read('time,Gas m3\n2024-01-01 00:00,10\n2024-01-02 00:00,12\n'))).toContain('gas-only');
    expect(kinds(await read('Date/Time,Energy Produced (Wh)\n01/13/2024 00:00,10\n01/13/2024 01:00,12\n'))).toContain(
      'solar-only',
    );
  });
});

describe('Opower', () => {
  const header = 'TYPE,DATE,START TIME,END TIME,USAGE,UNITS,COST,NOTES';
  it('reads a unit column, ends at midnight, and net values', async () => {
    const rows = [
      'Electric usage,2024-06-01,23:00,23:59,1.5,kWh,$0.1,',
      'Electric usage,2024-06-02,00:00,00:59,-0.5,kWh,$0.1,',
    ];
    const file = await read([header, ...rows].join('\n'), { timeZone: 'America/New_York' });
    expect(outlines(file)).toEqual([['other net', 2, '2024-06-02T03:00', '2024-06-02T04:00', 3600, 1000, 0]]);
  });

  it('reads bills, and refuses gas', async () => {
    const bills =
      'TYPE,START DATE,END DATE,USAGE,UNITS,COST,NOTES\nElectric billing,2024-01-01,2024-01-31,310,kWh,$50,\nElectric billing,2024-02-01,2024-02-29,290,kWh,$45,\n';
    const billed = await read(bills, { timeZone: 'America/New_York' });
    expect([...(billed.series[0]?.lengthSeconds ?? [])].map((seconds) => seconds / 86_400)).toEqual([31, 29]);
    expect([outlines(billed)[0]?.[5], kinds(billed)]).toEqual([600_000, []]);
    const gas = `Name,X\nService,Gas service\n\n${header.replace('USAGE,UNITS', 'USAGE (therms)')}\nNatural gas usage,2024-06-01,00:00,23:59,1.5,$1,\n`;
    await expect(read(gas)).rejects.toMatchObject({ code: 'no-electricity' });
  });
});

describe('Octopus', () => {
  it('fills nothing in the older layout, and not in a file that tells zeros', async () => {
    const older =
      'Consumption (kwh), Start, End\n0.2, 2024-10-27T00:30:00+01:00, 2024-10-27T01:00:00+01:00\n0.3, 2024-10-27T01:30:00Z, 2024-10-27T02:00:00Z\n';
    expect(outlines(await read(older))[0]?.[1]).toBe(2);
    const zeros =
      'Consumption (kwh), Estimated Cost Inc. Tax (p), Start, End\n0E-20, 0, 2026-01-15T00:00:00Z, 2026-01-15T00:30:00Z\n0.3, 1, 2026-01-15T01:00:00Z, 2026-01-15T01:30:00Z\n';
    expect(outlines(await read(zeros))[0]?.[1]).toBe(2);
  });
});

it('knows a total that stands in another column than the date', async () => {
  const file = await read(
    'Meter Number,Date,Start Time,Duration,Consumption\n0001,11/1/2022,12:00 AM,60,0.22\n0001,11/1/2022,1:00 AM,60,0.3\nTotal,,,,0.52\n',
  );
  expect(outlines(file)[0]?.slice(1, 2)).toEqual([2]);
  expect(file.findings).toMatchObject([{ kind: 'totals-row', rows: [4] }]);
});

describe('SMA', () => {
  it('reads what Sunny Explorer writes, and dates laid out in German', async () => {
    const rows = (layout: string, unit: string) =>
      [
        'sep=;',
        'Version CSV1|Tool SE|Linebreaks CR/LF|Delimiter semicolon|Decimalpoint comma|Precision 3',
        '',
        ';SN: 2130;SN: 2130',
        ';SB 5000;SB 5000',
        ';2130;2130',
        ';Total yield;Power',
        ';Counter;Analog',
        `${layout} HH:mm;${unit};kW`,
        '01.06.2020 05:00;1000,100;0,000',
        '01.06.2020 05:05;1000,200;1,200',
        '01.06.2020 05:10;1000,350;1,800',
      ].join('\n');
    for (const text of [rows('dd.MM.yyyy', 'kWh'), rows('TT.MM.JJJJ', 'kWh')]) {
      const file = await read(text);
      expect(file.format).toBe('sma');
      expect(outlines(file)).toEqual([['generation', 2, '2020-06-01T05:00', '2020-06-01T05:05', 300, 250, 0]]);
    }
  });
});

describe('Enedis', () => {
  const facts = (unit: string, kind = 'Consommation', quantity = 'Energie active') =>
    `Identifiant PRM;Type de donnees;Grandeur physique;Grandeur metier;Unite\n1;Courbe de charge;${quantity};${kind};${unit}\n`;
  it('follows a change of step, takes a lone hole for a hole, and a valueless row for missing', async () => {
    const rows = ['00:30', '01:00', '02:00', '02:30', '03:00'].map((time) => `2024-01-10T${time}:00+01:00;1000`);
    const hole = await read(`${facts('W')}Horodate;Valeur\n${rows.join('\n')}\n`);
    expect([...(hole.series[0]?.lengthSeconds ?? [])]).toEqual([1800, 1800, 1800, 1800, 1800]);
    const hourly = ['00:00', '01:00', '02:00', '02:30', '03:00', '03:30'].map(
      (time) => `2024-01-11T${time}:00+01:00;1000`,
    );
    const mixed = await read(`${facts('W')}Horodate;Valeur\n${hourly.join('\n')}\n2024-01-11T04:00:00+01:00;\n`);
    expect([...(mixed.series[0]?.energyWh ?? [])]).toEqual([1000, 1000, 1000, 500, 500, 500, 0]);
    expect(mixed.series[0]?.quality[6]).toBe(2);
  });

  it('tells production and refuses reactive energy', async () => {
    const rows = 'Horodate;Valeur\n2024-01-10T00:30:00+01:00;1000\n2024-01-10T01:00:00+01:00;1000\n';
    expect(outlines(await read(facts('W', 'Production') + rows))[0]?.[0]).toBe('export');
    await expect(read(facts('VAr', 'Consommation', 'Energie réactive') + rows)).rejects.toMatchObject({
      code: 'no-electricity',
    });
  });
});

describe('time zones', () => {
  const ameren =
    'Start Interval Date/Time,Meter Id,Usage,Units,Interval\n03/30/2024 00:00,1,2.1,kwh,60min\n03/30/2024 01:00,1,2.1,kwh,60min\n';

  it('points out a format from elsewhere, but not where the clock is the same or the times are absolute', async () => {
    expect(kinds(await read(ameren, { timeZone: 'Europe/Amsterdam' }))).toContain('time-zone');
    expect(kinds(await read(ameren, { timeZone: 'America/Winnipeg' }))).toEqual([]);
    const absolute =
      'Hour Start,Electricity 1,Electricity 2\n2024-01-01T00:00:00+01:00,1,0\n2024-01-01T01:00:00+01:00,1,0\n';
    expect(kinds(await read(absolute, { timeZone: 'America/New_York' }))).toEqual([]);
  });
});

describe('Fluvius', () => {
  it('reads gas once, though each hour stands in m³ and kWh', async () => {
    const header =
      'Van datum;Van tijdstip;Tot datum;Tot tijdstip;EAN-code;Meter;Metertype;Register;Volume;Eenheid;Validatiestatus;Calorische Bovenwaarde';
    const row = (hour: number, volume: string, unit: string) =>
      `10-01-2022;0${hour}:00:00;10-01-2022;0${hour + 1}:00:00;="1";7FLO1;Digitale Meter;Afname;${volume};${unit};Gevalideerd;`;
    const file = await read(
      [header, row(6, '5,445', 'kWh'), row(6, '0,495', 'm³'), row(7, '5,005', 'kWh'), row(7, '0,455', 'm³')].join('\n'),
    );
    expect(outlines(file)).toEqual([['gas', 2, '2022-01-10T05:00', '2022-01-10T06:00', 3600, 950, 0]]);
    expect(kinds(file)).toEqual(['gas-only', 'other-quantity']);
  });
});

describe('Enphase', () => {
  it('reads kilowatt-hours too', async () => {
    const file = await read(
      'Date/Time,Energy Produced (kWh),Imported from Grid (kWh)\n01/13/2026 12:00,0.1,0.05\n01/13/2026 12:15,0.2,0.05\n',
    );
    expect(outlines(file).map(([name, , , , , total]) => [name, total])).toEqual([
      ['generation', 300],
      ['import', 100],
    ]);
  });

  it('reads days with thousands marks and leaves the total out', async () => {
    const file = await read(
      'Date/Time,Energy Produced (Wh)\n07/11/2024,"28,435"\n07/12/2024,"9,106"\n07/13/2024,950\nTotal,"38,491"\n',
    );
    expect(outlines(file)).toEqual([['generation', 3, '2024-07-11T00:00', '2024-07-13T00:00', 86_400, 38_491, 0]]);
    expect(kinds(file)).toContain('totals-row');
  });
});

describe('Engie', () => {
  it('leaves out rows of other quantities and names them', async () => {
    const rows = ['Elektriciteit', 'Warmte', 'Warmte', 'Warmte'].map(
      (type, i) => `"2024-04-15T0${i}:00:00+02:00","1","0.5","${type}","false"`,
    );
    const file = await read(['"Datum","EAN","Verbruik","Type","Piek"', ...rows].join('\n'));
    expect(file.series).toHaveLength(1);
    expect(file.findings).toMatchObject([{ kind: 'other-quantity', count: 3, rows: [3, 4, 5] }]);
  });
});

it('reads a report of ranges with seconds, its unit in the header alone', async () => {
  const file = await read(
    [
      'Energy Usage Information',
      '"For location: 1 Main St"',
      '',
      'Meter Reading Information',
      '"Type of readings: Electricity"',
      '',
      'Energy consumption time period,Usage(Real energy in kilowatt-hours)',
      '"2024-03-01 00:00:00 to 2024-03-01 01:00:00",0.500',
      '"2024-03-01 01:00:00 to 2024-03-01 02:00:00",0.250',
    ].join('\n'),
  );
  expect(file.format).toBe('united-power');
  expect(outlines(file)).toEqual([['import', 2, '2024-03-01T07:00', '2024-03-01T08:00', 3600, 750, 0]]);
});

describe('Enedis', () => {
  const facts = (kind: string, quantity: string, unit: string) =>
    `Identifiant PRM;Type de donnees;Grandeur physique;Grandeur metier;Unite\n1;${kind};${quantity};Consommation;${unit}\n`;

  it('refuses the highest power of each day', async () => {
    const text = `${facts('Puissance maximale quotidienne', 'Puissance maximale atteinte', 'VA')}Horodate;Valeur\n2023-07-15T00:30:00+02:00;4960\n`;
    await expect(read(text)).rejects.toMatchObject({ code: 'no-electricity' });
  });

  it('places daily use on its own day and marks estimates', async () => {
    const file = await read(
      `${facts('Consommation quotidienne', 'Energie active', 'Wh')}Horodate;Valeur;Nature\n2023-07-15T00:00:00+02:00;14960;R\n2023-07-16T00:00:00+02:00;14160;E\n`,
    );
    expect(outlines(file)).toEqual([['import', 2, '2023-07-14T22:00', '2023-07-15T22:00', 86_400, 29_120, 0]]);
    expect(file.findings).toMatchObject([{ kind: 'estimated', rows: [5] }]);
  });

  it('reads the unit beside the values', async () => {
    const file = await read(
      'Identifiant PRM;1;Type de donnees;Courbe de charge;\nhorodate ISO fin de pas;puissance moyenne (W)\n2026-01-05T00:30:00+01:00;1200\n2026-01-05T01:00:00+01:00;800\n',
    );
    expect(outlines(file)).toEqual([['import', 2, '2026-01-04T23:00', '2026-01-04T23:30', 1800, 1000, 0]]);
  });

  it('reads days delivered to the grid as export', async () => {
    const file = await read(
      'Type de comptage : ;Production Quotidienne\nDate;Valeur (en kWh)\n01/01/2026;6,5\n02/01/2026;3,5\n',
    );
    expect(outlines(file)).toEqual([['export', 2, '2025-12-31T23:00', '2026-01-01T23:00', 86_400, 10_000, 0]]);
  });
});

it('reads EDF’s months without the totals of years', async () => {
  const file = await read(
    'Récapitulatif de ma consommation\n\nPériode de consommation;Consommation (kWh);Nature de la donnée\n\nAnnée 2024;500;\n02/2024;200;Réelle\n01/2024;300;Estimée\n',
  );
  expect(outlines(file)[0]?.slice(0, 4)).toEqual(['import', 2, '2023-12-31T23:00', '2024-01-31T23:00']);
  expect(outlines(file)[0]?.[5]).toBe(500_000);
});

it('takes readings by the hour for no bills, though their columns are named alike', async () => {
  await expect(
    read('Read Date,Read Time,Usage (kWh)\n03/01/2024,00:00,0.5\n03/01/2024,00:30,0.6\n'),
  ).rejects.toMatchObject({ code: 'unknown-table' });
});

it('takes what a series of Grafana counts from its name', async () => {
  const file = await read(
    '"Time","import","export"\n2026-02-13 12:00:00,1,5\n2026-02-13 13:00:00,2,5\n2026-02-13 14:00:00,4,6\n2026-02-13 15:00:00,7,6\n',
  );
  expect(outlines(file).map(([name]) => name)).toEqual(['import import', 'export export']);
  expect(file.findings.find(({ kind }) => kind === 'register-doubt')?.message).toContain(
    '“export” was taken as Export',
  );
});

describe('a table that fits two formats', () => {
  // As somebody makes it who puts the columns of two exports side by side.
  const both = [
    'time,Import T1 kWh,Import T2 kWh,OpnameDatum,StandNormaal,StandDal,TerugleveringNormaal,TerugleveringDal',
    '2025-01-01 00:00,100.000,200.000,2025-01-01,300,200,10,20',
    '2025-01-01 00:15,100.100,200.200,2025-01-02,310,205,10,20',
    '2025-01-01 00:30,100.200,200.300,2025-01-03,320,210,11,22',
  ].join('\n');

  it('is read as one, names the other, and can be read as either', async () => {
    const first = await read(both);
    expect(first.format).toBe('greenchoice');
    expect(first.ties.map(({ id }) => id)).toEqual(['homewizard']);
    const other = await read(both, { format: 'homewizard' });
    expect(other.format).toBe('homewizard');
    expect(other.ties.map(({ id }) => id)).toEqual(['greenchoice']);
    expect(outlines(other)[0]?.slice(0, 2)).toEqual(['import', 2]);
  });
});
