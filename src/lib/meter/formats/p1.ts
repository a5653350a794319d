/**
 * P1 telegrams of Dutch, Belgian and Luxembourg meters (DSMR 2.2 to 5.0, e-MUCS): from `/` to `!`, OBIS lines with
 * counters. One telegram is one meter reading; a log of them gives intervals. Checksum: CRC-16/ARC from `/` to `!`.
 */

import { plural } from '../../../locales/plural.ts';
import type { Register } from '../../series/types.ts';
import type { CounterReading } from '../counter-reading.ts';
import type { TextFormat } from '../format.ts';

const crc16 = (text: string): number => {
  let crc = 0;
  for (let i = 0; i < text.length; i++) {
    crc ^= text.charCodeAt(i) & 0xff;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >> 1) ^ 0xa001 : crc >> 1;
  }
  return crc;
};

/** `YYMMDDhhmmss` with `W`inter or `S`ummer time of Central Europe; undefined when it is no date. */
const instantOf = (text: string): number | undefined => {
  const match = /^(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})([WS])?$/.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, season] = match.map((part) => part);
  const ms = Date.UTC(
    2000 + Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
  );
  if (new Date(ms).getUTCMonth() !== Number(month) - 1 || Number(hour) > 23) return undefined;
  return ms - (season === 'S' ? 2 : 1) * 3_600_000;
};

/** Counters by OBIS code C.D.E: 1 taken, 2 delivered; E 1 and 2 tariffs, 0 or none the total. */
const counters: readonly { readonly code: RegExp; readonly register: Register }[] = [
  { code: /^1-\d:1\.8\.[0-4]/, register: 'import' },
  { code: /^1-\d:2\.8\.[0-4]/, register: 'export' },
];

/** Counter readings of one telegram. */
export const readTelegram = (telegram: string): CounterReading[] => {
  // A gas value may stand on a line of its own (DSMR 2.2 and 3.0).
  const lines = telegram.replace(/(?:\r\n?|\n)\(/g, '(').split(/\r\n?|\n/);
  const stamp = /^0-0:1\.0\.0\(([^)]*)\)/m.exec(telegram)?.[1];
  const atMs = stamp === undefined ? undefined : instantOf(stamp);
  const readings: CounterReading[] = [];
  // Device type 3 is gas (DSMR 5.0.2 §6.4); 7 is water, 4 heat.
  const otherDevices = new Set(
    [...telegram.matchAll(/^0-(\d):24\.1\.0\((\d+)\)/gm)]
      .filter(([, , type]) => Number(type) !== 3)
      .map(([, channel]) => channel),
  );
  for (const line of lines) {
    const electricity = counters.find(({ code }) => code.test(line));
    const value = /\((\d+(?:\.\d+)?)\*kWh\)/i.exec(line)?.[1];
    if (electricity !== undefined && value !== undefined) {
      const tariff = /\.8\.(\d)/.exec(line)?.[1] ?? '0';
      readings.push({ register: electricity.register, unit: 'Wh', tariff, atMs, value: Number(value) * 1000 });
      continue;
    }
    const gas = /^0-(\d):24\.(?:2\.[13]|3\.0)\((\d{12}[WS]?)\).*?\((\d+(?:\.\d+)?)(?:\*m3)?\)$/.exec(line.trim());
    if (gas !== null && !otherDevices.has(gas[1]))
      readings.push({ register: 'gas', unit: 'dm3', atMs: instantOf(gas[2] ?? ''), value: Number(gas[3]) * 1000 });
  }
  return readings;
};

const complete = /\/[^\r\n]*(?:\r\n?|\n)[^!/]*!([0-9A-F]{4})?/g;

export const p1: TextFormat = {
  id: 'dsmr-p1',
  name: () => 'P1 telegrams of a smart meter',
  timeZone: 'Europe/Amsterdam',
  input: 'text',
  detect: ({ text }) =>
    /^\/\S+.*$/m.test(text) && /^[01]-\d:[12]\.8\.\d\(/m.test(text)
      ? { confidence: 0.97, reason: /* @wc-include */ 'OBIS codes such as 1-0:1.8.1' }
      : undefined,
  open({ collector, findings }) {
    let rest = '';
    let line = 1;
    let telegrams = 0;
    const dated = new Set<string>();
    /** Without a time only the last reading of each register is worth keeping. */
    const undated = new Map<string, () => void>();

    const take = (telegram: string, checksum: string | undefined) => {
      telegrams++;
      const body = telegram.slice(0, telegram.indexOf('!') + 1);
      // Saved telegrams often have lost one half of their line breaks, with both of which the checksum was made.
      const given = checksum === undefined ? undefined : Number.parseInt(checksum, 16);
      if (given !== undefined && crc16(body) !== given && crc16(body.replace(/\r\n?|\n/g, '\r\n')) !== given)
        findings.note(
          'checksum',
          'warning',
          (count) =>
            plural(count, [
              'A telegram’s checksum does not fit. Its values were read all the same.',
              'The checksums of # telegrams do not fit. Their values were read all the same.',
            ]),
          line,
        );
      const readings = readTelegram(body);
      const hasTariffs = (register: Register) =>
        readings.some((one) => one.register === register && one.tariff !== '0');
      for (const { register, unit, tariff, atMs, value } of readings) {
        if (tariff === '0' && hasTariffs(register)) continue;
        const rows = collector.open({
          register,
          unit,
          clock: 'utc',
          kind: 'counter',
          ...(tariff === undefined ? {} : { tariff }),
        });
        const key = `${register} ${tariff ?? ''}`;
        const add = () => rows.add(atMs ?? Number.NaN, 0, value, telegrams);
        if (atMs === undefined) {
          undated.set(key, add);
          continue;
        }
        dated.add(key);
        add();
      }
    };

    return {
      write(text) {
        rest += text;
        let until = 0;
        for (const match of rest.matchAll(complete)) {
          // The checksum of a telegram at the very end may still be cut.
          if (match.index + match[0].length + 4 > rest.length) break;
          take(match[0], match[1]);
          until = match.index + match[0].length;
        }
        line += rest.slice(0, until).split(/\r\n?|\n/).length - 1;
        rest = rest.slice(until);
      },
      end() {
        for (const match of rest.matchAll(complete)) take(match[0], match[1]);
        for (const [key, add] of undated) if (!dated.has(key)) add();
      },
    };
  },
};
