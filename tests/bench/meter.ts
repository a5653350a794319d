/**
 * Reading speed a format, in MB/s of file, beside `JSON.parse` of as many bytes; and one large Green Button file with
 * time and memory. The commonest formats are files of 4 MB made here; the others are the samples of docs/formats.md, their
 * rows once for each of 100 years, which makes files of tens of kilobytes.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { MeterFileError } from '../../src/lib/meter/errors.ts';
import { readMeterFile } from '../../src/lib/meter/read-meter-file.ts';
import { summarize } from '../../src/lib/series/summary.ts';

const encoder = new TextEncoder();
const hour = 3600;
const megabyte = 2 ** 20;

const two = (value: number): string => String(value).padStart(2, '0');

/** Text of about `bytes` bytes: a head, then rows made of their number, then a tail. */
const textOf = (bytes: number, head: string, row: (n: number) => string, tail = ''): string => {
  const rows: string[] = [head];
  let length = head.length;
  for (let n = 0; length < bytes; n++) {
    const next = row(n);
    rows.push(next);
    length += next.length;
  }
  rows.push(tail);
  return rows.join('');
};

const isoOf = (seconds: number): string => new Date(seconds * 1000).toISOString();
const start = Date.UTC(2015, 0, 1) / 1000;

const espiReading = (n: number): string => `                <IntervalReading>
                    <cost>${(n * 37) % 10_000}</cost>
                    <ReadingQuality>
                        <quality>0</quality>
                    </ReadingQuality>
                    <timePeriod>
                        <duration>900</duration>
                        <start>${start + n * 900}</start>
                    </timePeriod>
                    <value>${(n * n) % 977}</value>
                </IntervalReading>
`;
const espiHead = `<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><entry><content><ReadingType xmlns="http://naesb.org/espi"><uom>72</uom><flowDirection>1</flowDirection></ReadingType></content></entry><entry><content><IntervalBlock xmlns="http://naesb.org/espi">\n`;
const espiTail = '</IntervalBlock></content></entry></feed>';

const dayRow = (n: number, separator: string, values: number): string => {
  const date = isoOf(start + n * 24 * hour).slice(0, 10);
  return `${date}${Array.from({ length: values }, (_, i) => `${separator}${((n + i) % 97) / 100}`).join('')}\n`;
};

const samples: Readonly<Record<string, (bytes: number) => string>> = {
  'green-button': (bytes) => textOf(bytes, espiHead, espiReading, espiTail),
  'dsmr-reader': (bytes) =>
    textOf(
      bytes,
      'Hour Start,Electricity 1,Electricity 2,Electricity 1 Returned,Electricity 2 Returned,Gas\n',
      (n) => `${isoOf(start + n * hour)},0.${n % 997},0.1,0,0,0.02\n`,
    ),
  ameren: (bytes) =>
    textOf(
      bytes,
      'Commodity,Electric,,,,,,\nStart Interval Date/Time,Meter Id,Usage,Units,Interval,Usage,Units,Interval\n',
      (n) => {
        const date = new Date((start + n * 900) * 1000);
        return `${two(date.getUTCMonth() + 1)}/${two(date.getUTCDate())}/${date.getUTCFullYear()} ${two(date.getUTCHours())}:${two(date.getUTCMinutes())},1,-,-,-,0.${n % 97},kwh,15min\n`;
      },
    ),
  enedis: (bytes) =>
    textOf(
      bytes,
      'Identifiant PRM;Type de donnees;Grandeur physique;Grandeur metier;Unite\n1;Courbe de charge;Energie active;Consommation;W\nHorodate;Valeur\n',
      (n) => `${isoOf(start + n * 1800)};${n % 3000}\n`,
    ),
  fluvius: (bytes) =>
    textOf(bytes, 'From (date);From (time);To (date);To (time);EAN;Register;Volume;Unit;Validation status\n', (n) => {
      const [from = '', to = ''] = [n, n + 1].map((at) => {
        const date = new Date((start + at * 900) * 1000);
        return `${two(date.getUTCDate())}-${two(date.getUTCMonth() + 1)}-${date.getUTCFullYear()};${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:00`;
      });
      return `${from};${to};="1";Offtake Day;0,${100 + (n % 800)};kWh;Read\n`;
    }),
  wide: (bytes) =>
    textOf(bytes, `Date,${Array.from({ length: 24 }, (_, i) => `${two(i)}:00`).join()}\n`, (n) =>
      dayRow(n % 20_000, ',', 24),
    ),
  nem12: (bytes) =>
    textOf(
      bytes,
      '100,NEM12,202401020000,MDA1,Ret1\n200,NMI1,E1,1,E1,N1,SER1,kWh,30,\n',
      (n) =>
        `300,${isoOf(start + (n % 20_000) * 24 * hour)
          .slice(0, 10)
          .replaceAll('-', '')}${',0.123'.repeat(48)},A,,,,\n`,
      '900\n',
    ),
  shelly: (bytes) =>
    textOf(
      bytes,
      'Date/time UTC,Active energy Wh (A),Returned energy Wh (A)\n',
      (n) =>
        `${isoOf(start + n * 600)
          .slice(0, 16)
          .replace('T', ' ')},${n % 97}.70,0.00\n`,
    ),
  solaredge: (bytes) =>
    textOf(
      bytes,
      '{"energy":{"timeUnit":"HOUR","unit":"Wh","values":[{"date":"2014-12-31 23:00:00","value":1}',
      (n) =>
        `,{"date":"${isoOf(start + n * hour)
          .slice(0, 19)
          .replace('T', ' ')}","value":${n % 900}.0}`,
      ']}}',
    ),
};

/** The documented samples of all other formats, with their dated rows in each of 100 years. */
const documented = (): (readonly [string, Uint8Array])[] =>
  [
    ...readFileSync(join(process.cwd(), 'docs', 'formats.md'), 'utf8').matchAll(
      /^## [^\n]*\(`([^`]+)`\)\n[\s\S]*?```\w+\n([\s\S]*?)```/gm,
    ),
  ]
    .filter(([, id = '']) => !(id in samples))
    .map(([, id = '', sample = '']) => {
      const lines = sample.split('\n').filter((line) => line !== '');
      const first = lines.findIndex((line) => /\b(19|20)\d\d/.test(line));
      const rows = lines.slice(Math.max(0, first));
      const years = Array.from({ length: 100 }, (_, n) =>
        rows.map((row) => row.replace(/\b(?:19|20)\d\d(?=\d{4}\b|\b)/g, String(1971 + n))).join('\n'),
      );
      return [id, encoder.encode([...lines.slice(0, Math.max(0, first)), ...years, ''].join('\n'))] as const;
    });

const collectGarbage = (): void => {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc()');
};

/** Best of some runs, in ms. */
const fastest = async (work: () => Promise<unknown>, runs = 3): Promise<number> => {
  let bestMs = Infinity;
  for (let run = 0; run < runs; run++) {
    const startedMs = performance.now();
    await work();
    bestMs = Math.min(bestMs, performance.now() - startedMs);
  }
  return bestMs;
};

/** A Green Button file of `megabytes` as a stream of pieces, never held as a whole. */
async function* espiStream(megabytes: number): AsyncGenerator<Uint8Array> {
  yield encoder.encode(espiHead);
  let length = 0;
  for (let n = 0; length < megabytes * megabyte;) {
    const piece = encoder.encode(Array.from({ length: 500 }, () => espiReading(n++)).join(''));
    length += piece.length;
    yield piece;
    // A real source waits for its disk, which lets the rest of the process have a turn.
    await new Promise((resolve) => setImmediate(resolve));
  }
  yield encoder.encode(espiTail);
}

const largeFile = async (megabytes: number) => {
  collectGarbage();
  const before = process.memoryUsage();
  let peakBytes = 0;
  let longestMs = 0;
  let lastMs = performance.now();
  const timer = setInterval(() => {
    const { rss } = process.memoryUsage();
    peakBytes = Math.max(peakBytes, rss);
    const nowMs = performance.now();
    longestMs = Math.max(longestMs, nowMs - lastMs - 5);
    lastMs = nowMs;
  }, 5);
  const startedMs = performance.now();
  const { series } = await readMeterFile(espiStream(megabytes), { name: 'large.xml' });
  const tookMs = performance.now() - startedMs;
  clearInterval(timer);
  return {
    megabytes,
    readings: series.reduce((sum, one) => sum + summarize(one).readings, 0),
    seconds: Number((tookMs / 1000).toFixed(2)),
    memoryOverBaselineMb: Math.round((peakBytes - before.rss) / megabyte),
    longestTurnMs: Math.round(longestMs),
  };
};

/** Figures by format: MB/s, and how many times the time of `JSON.parse` it takes. */
export const bench = async (): Promise<Record<string, unknown>> => {
  // First, while the process is still small.
  const large = await largeFile(100);
  const bytes = 4 * megabyte;
  const json = JSON.stringify(
    Array.from({ length: bytes / 32 }, (_, n) => ({ start: start + n * 900, value: (n % 977) / 10 })),
  );
  const jsonMs = (await fastest(() => Promise.resolve(JSON.parse(json)))) * (bytes / json.length);
  const figures: Record<string, unknown> = {
    'large file': large,
    'JSON.parse': `${(bytes / megabyte / (jsonMs / 1000)).toFixed(0)} MB/s`,
  };
  const measure = async (id: string, file: Uint8Array, runs?: number) => {
    const tookMs = await fastest(async () => {
      const format = await readMeterFile(file, { name: id }).then(
        (read) => read.format,
        (error: unknown) => {
          // A counter that starts anew every year has nothing to tell, but was read all the same.
          if (error instanceof MeterFileError && error.code === 'no-readings') return id;
          throw error;
        },
      );
      if (format !== id) throw new Error(`${id} was read as ${format}`);
    }, runs);
    figures[id] =
      `${(file.length / megabyte / (tookMs / 1000)).toFixed(1)} MB/s, ${((tookMs * bytes) / file.length / jsonMs).toFixed(1)} times JSON.parse`;
  };
  for (const [id, sample] of Object.entries(samples)) await measure(id, encoder.encode(sample(bytes)));
  for (const [id, file] of documented()) await measure(id, file, 20);
  return figures;
};
