/**
 * Home Assistant: the history download (`entity_id,state,last_changed`, UTC) and long-term statistics
 * (`statistic_id,unit,start,…`). Both hold many entities of all kinds; only counters of energy are taken.
 */

import { plural } from '../../../locales/plural.ts';
import type { Register } from '../../series/types.ts';
import type { RegisterRows } from '../collector.ts';
import type { ReadContext, TableFormat } from '../format.ts';
import { registerName, type FindingLog } from '../finding-log.ts';
import { columnOf, findHeader } from '../header.ts';
import { guessDecimalMark, parseNumber } from '../number.ts';
import { guessDateOrder, parseStamp } from '../stamp.ts';

/** What an entity's name says it counts; undefined where it says nothing. */
const registerOf = (name: string): Register | undefined => {
  if (/gas/i.test(name)) return 'gas';
  if (/export|return|feed_?in_?grid|teruglever|injec|to_grid|feed_out|exporte|produced_tariff/i.test(name))
    return 'export';
  if (/solar|pv_|_pv|production|generat|yield|produced|inverter|ac_energy/i.test(name)) return 'generation';
  if (
    /import|consum|usage|verbruik|afname|from_grid|feed_in_tariff|grid|electricity|energy|power_meter|meter/i.test(name)
  )
    return 'import';
  return undefined;
};

const noteGuess = (findings: FindingLog, name: string, register: Register | undefined) =>
  findings.note(
    'register-doubt',
    register === undefined ? 'warning' : 'info',
    register === undefined
      ? `The name “${name}” does not say what it counts. Its readings were kept apart; say whether they are what you took from the grid.`
      : `By its name “${name}” was taken as ${registerName(register)}.`,
    0,
    name,
  );

const energyFactors: Readonly<Record<string, number>> = { wh: 1, kwh: 1000, mwh: 1_000_000 };

const statisticsHeader = [/^statistic id$/, /^start$/] as const;

/** Long-term statistics: `sum` at the end of the hour that begins at `start`; `delta` where it is given. */
export const homeAssistantStatistics: TableFormat = {
  id: 'home-assistant-statistics',
  name: () => 'Home Assistant long-term statistics',
  timeZone: 'UTC',
  input: 'rows',
  detect: ({ rows }) =>
    findHeader(rows, statisticsHeader) === undefined
      ? undefined
      : { confidence: 0.98, reason: /* @wc-include */ 'the columns “statistic_id” and “start”' },
  open({ sample, collector, findings }) {
    const header = findHeader(sample.rows, statisticsHeader);
    if (header === undefined) throw new RangeError('sample: no statistics table');
    const column = (name: RegExp) => columnOf(header, name);
    const id = column(/^statistic id$/);
    const unit = column(/^unit/);
    const start = column(/^start$/);
    const sum = column(/^sum$/);
    const delta = column(/^delta$/);
    const data = sample.rows.slice(header.index + 1);
    const order = guessDateOrder(data.map((row) => row[start] ?? ''));
    const decimal = sample.decimal ?? guessDecimalMark(data.flatMap((row) => [row[sum] ?? '', row[delta] ?? '']));
    const entities = new Map<
      string,
      {
        readonly stamps: number[];
        readonly sums: number[];
        readonly deltas: number[];
        readonly lines: number[];
        local: boolean;
        unit: string;
      }
    >();
    let passed = 0;
    return {
      row(cells, line) {
        if (passed++ <= header.index) return;
        const name = (cells[id] ?? '').trim();
        const stamp = parseStamp(cells[start] ?? '', order.order);
        if (name === '' || stamp === undefined) {
          findings.note(
            'unreadable-row',
            'warning',
            (count) =>
              plural(count, [
                '# row could not be read and was left out.',
                '# rows could not be read and were left out.',
              ]),
            line,
          );
          return;
        }
        let entity = entities.get(name);
        if (entity === undefined) {
          entity = {
            stamps: [],
            sums: [],
            deltas: [],
            lines: [],
            local: stamp.offsetMs === undefined,
            unit: (cells[unit] ?? '').trim(),
          };
          entities.set(name, entity);
        }
        entity.stamps.push(stamp.wallMs - (stamp.offsetMs ?? 0));
        entity.sums.push(parseNumber((cells[sum] ?? '').trim(), decimal));
        entity.deltas.push(parseNumber((cells[delta] ?? '').trim(), decimal));
        entity.lines.push(line);
      },
      end() {
        for (const [name, entity] of entities) {
          const factor = energyFactors[entity.unit.toLowerCase()];
          const cubic = /^m(3|³)$/i.test(entity.unit) && /gas/i.test(name);
          if (factor === undefined && !cubic) {
            findings.note(
              'other-quantity',
              'info',
              `The entity “${name}” (${entity.unit || /* @wc-include */ 'no unit'}) was left out: it is not energy.`,
              entity.lines[0] ?? 0,
              name,
            );
            continue;
          }
          if (entity.sums.every(Number.isNaN) && entity.deltas.every(Number.isNaN)) {
            findings.note(
              'other-quantity',
              'info',
              `The entity “${name}” was left out: it has no sums.`,
              entity.lines[0] ?? 0,
              name,
            );
            continue;
          }
          const register = registerOf(name);
          noteGuess(findings, name, register);
          const rows = collector.open({
            register: cubic ? 'gas' : (register ?? 'other'),
            unit: cubic ? 'dm3' : 'Wh',
            clock: entity.local ? 'local' : 'utc',
            label: name,
          });
          addStatistics(rows, entity, factor ?? 1000, findings);
        }
      },
    };
  },
};

/** Hours whose energy is the rise of the sum since the hour before; across a hole the rise is spread over nothing. */
const addStatistics = (
  rows: RegisterRows,
  {
    stamps,
    sums,
    deltas,
    lines,
  }: {
    readonly stamps: readonly number[];
    readonly sums: readonly number[];
    readonly deltas: readonly number[];
    readonly lines: readonly number[];
  },
  factor: number,
  findings: FindingLog,
) => {
  const order = [...stamps.keys()].sort((a, b) => (stamps[a] ?? 0) - (stamps[b] ?? 0));
  const hourMs = 3_600_000;
  order.forEach((place, n) => {
    const before = order[n - 1];
    const stamp = stamps[place] ?? 0;
    const line = lines[place] ?? 0;
    const beforeStamp = before === undefined ? undefined : stamps[before];
    if (beforeStamp === stamp) return;
    const rise = before === undefined ? deltas[place] : (sums[place] ?? 0) - (sums[before] ?? 0);
    const value = rise === undefined || Number.isNaN(rise) ? (deltas[place] ?? Number.NaN) : rise;
    if (Number.isNaN(value)) return;
    if (value < 0) {
      findings.note(
        'meter-change',
        'warning',
        (count) =>
          plural(count, [
            '# sum falls from one hour to the next: the meter was changed or set back. Those hours were marked as missing.',
            '# sums fall from one hour to the next: the meter was changed or set back. Those hours were marked as missing.',
          ]),
        line,
      );
      rows.add(stamp, 3600, Number.NaN, line);
      return;
    }
    // A rise over several hours is known only as a whole.
    const from = beforeStamp === undefined || stamp - beforeStamp <= hourMs ? stamp : beforeStamp + hourMs;
    rows.add(from, (stamp + hourMs - from) / 1000, value * factor, line);
  });
};

const historyHeader = [/^entity id$/, /^state$/, /^last (changed|updated)$/] as const;

/** History download: every change of a state; `unavailable` and `unknown` are no values. */
export const homeAssistantHistory: TableFormat = {
  id: 'home-assistant-history',
  name: () => 'Home Assistant history',
  timeZone: 'UTC',
  input: 'rows',
  detect: ({ rows }) =>
    findHeader(rows, historyHeader) === undefined
      ? undefined
      : { confidence: 0.98, reason: /* @wc-include */ 'the columns “entity_id”, “state” and “last_changed”' },
  open({ sample, collector, findings }: ReadContext) {
    const header = findHeader(sample.rows, historyHeader);
    if (header === undefined) throw new RangeError('sample: no history table');
    const id = columnOf(header, /^entity id$/);
    const state = columnOf(header, /^state$/);
    const changed = columnOf(header, /^last (changed|updated)$/);
    const entities = new Map<
      string,
      {
        readonly stamps: number[];
        readonly values: number[];
        readonly lines: number[];
        falls: number;
        /** Falls to about zero, as a counter makes that begins anew each day. */
        resets: number;
        blanks: number;
        local: boolean;
      }
    >();
    let passed = 0;
    return {
      row(cells, line) {
        if (passed++ <= header.index) return;
        const name = (cells[id] ?? '').trim();
        const stamp = parseStamp(cells[changed] ?? '', 'ymd');
        if (name === '' || stamp === undefined) {
          findings.note(
            'unreadable-row',
            'warning',
            (count) =>
              plural(count, [
                '# row could not be read and was left out.',
                '# rows could not be read and were left out.',
              ]),
            line,
          );
          return;
        }
        let entity = entities.get(name);
        if (entity === undefined) {
          entity = {
            stamps: [],
            values: [],
            lines: [],
            falls: 0,
            resets: 0,
            blanks: 0,
            local: stamp.offsetMs === undefined,
          };
          entities.set(name, entity);
        }
        const value = parseNumber((cells[state] ?? '').trim(), '.');
        if (Number.isNaN(value)) {
          entity.blanks++;
          return;
        }
        const before = entity.values[entity.values.length - 1] ?? value;
        if (value < before * 0.1) entity.resets++;
        else if (value < before) entity.falls++;
        entity.stamps.push(stamp.wallMs - (stamp.offsetMs ?? 0));
        entity.values.push(value);
        entity.lines.push(line);
      },
      end() {
        for (const [name, entity] of entities) {
          const count = entity.values.length;
          if (entity.blanks > 0)
            findings.note(
              'missing',
              'info',
              `“${name}”: ${plural(entity.blanks, ['# row has no number (unavailable or unknown) and was passed over.', '# rows have no number (unavailable or unknown) and were passed over.'])}`,
              0,
              name,
            );
          // A power or temperature sensor falls as often as it rises; a counter hardly ever.
          if (count < 2 || entity.falls > count * 0.05 || entity.resets > Math.max(1, count * 0.1)) {
            findings.note(
              'other-quantity',
              'info',
              `The entity “${name}” was left out: its values rise and fall, so it is no meter’s counter.`,
              entity.lines[0] ?? 0,
              name,
            );
            continue;
          }
          const register = registerOf(name);
          noteGuess(findings, name, register);
          const rows = collector.open({
            register: register ?? 'other',
            unit: register === 'gas' ? 'dm3' : 'Wh',
            clock: entity.local ? 'local' : 'utc',
            kind: 'counter',
            label: name,
          });
          const factor = /(^|_)wh$/i.test(name) ? 1 : 1000;
          entity.stamps.forEach((stamp, i) =>
            rows.add(stamp, 0, (entity.values[i] ?? 0) * factor, entity.lines[i] ?? 0),
          );
        }
      },
    };
  },
};
