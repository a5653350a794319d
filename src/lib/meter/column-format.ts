/** A CSV or Excel format described by the names of its columns. */

import type { Register } from '../series/types.ts';
import type { FileSample, TableFormat } from './format.ts';
import { columnOf, findHeader, type Header } from './header.ts';
import { openMappedTable, type ColumnMapping, type ColumnUnit, type ValueColumn } from './mapped-table.ts';
import { settledDecimalMark, type DecimalMark } from './number.ts';
import { guessDateOrder, type DateOrder } from './stamp.ts';

/** A value column by name. */
export interface NamedValue {
  /** Matched against the column's name as {@link headerKey} gives it. */
  readonly name: RegExp;
  readonly register: Register;
  readonly unit: ColumnUnit;
  readonly kind?: 'interval' | 'counter';
  readonly negated?: boolean;
  readonly tariff?: string;
  readonly label?: string;
  /** Only rows whose cell in the named column matches have this value. */
  readonly when?: { readonly column: RegExp; readonly pattern: RegExp };
}

export interface ColumnFormatFacts {
  readonly id: string;
  readonly name: () => string;
  readonly timeZone: string;
  readonly fixedTimeZone?: boolean;
  /** Names that one row must hold for the file to be of this format. */
  readonly header: readonly RegExp[];
  /** The row must hold nothing that matches this. */
  readonly without?: RegExp;
  readonly confidence: number;
  readonly stamp: RegExp;
  readonly timeOfDay?: RegExp;
  readonly end?: RegExp;
  readonly endTimeOfDay?: RegExp;
  /** A column of end dates alone names the last day that belongs to the interval. */
  readonly endIsLastDay?: boolean;
  /** Order of dates where the sample's dates do not settle it. */
  readonly order: DateOrder;
  readonly clock?: 'home' | 'utc';
  readonly edge?: 'start' | 'end';
  readonly minutes?: RegExp;
  readonly lengthSeconds?: number;
  /** Decimal mark where the sample's numbers do not settle it. */
  readonly decimal: DecimalMark;
  readonly values: readonly NamedValue[];
  readonly label?: RegExp;
  readonly tariff?: RegExp;
  readonly estimated?: { readonly column: RegExp; readonly pattern: RegExp };
  readonly only?: { readonly column: RegExp; readonly pattern: RegExp };
  /** Column of a factor that the row's values are to be multiplied by. */
  readonly factor?: RegExp;
  readonly fallbackSeconds?: number;
}

const optional = (header: Header, pattern: RegExp | undefined): number | undefined => {
  if (pattern === undefined) return undefined;
  const column = columnOf(header, pattern);
  return column < 0 ? undefined : column;
};

/** All columns that match one of the names; a column belongs to the first name that matches, or to all with a `when`. */
const valueColumns = (header: Header, values: readonly NamedValue[]): ValueColumn[] =>
  header.keys.flatMap((key, column) => {
    const matching = values.filter(({ name }) => name.test(key));
    const conditional = matching.filter(({ when }) => when !== undefined);
    return (conditional.length > 0 ? conditional : matching.slice(0, 1)).flatMap((value) => {
      const { register, unit, kind = 'interval', negated, tariff = key, label, when } = value;
      const whenColumn = when === undefined ? -1 : columnOf(header, when.column);
      if (when !== undefined && whenColumn < 0) return [];
      return [
        {
          column,
          register,
          unit,
          kind,
          tariff,
          ...(negated === undefined ? {} : { negated }),
          ...(label === undefined ? {} : { label }),
          ...(when === undefined ? {} : { when: { column: whenColumn, pattern: when.pattern } }),
        },
      ];
    });
  });

const mappingOf = (facts: ColumnFormatFacts, sample: FileSample): ColumnMapping | undefined => {
  const header = findHeader(sample.rows, facts.header);
  if (header === undefined || (facts.without !== undefined && header.keys.some((key) => facts.without?.test(key))))
    return undefined;
  const stamp = columnOf(header, facts.stamp);
  const values = valueColumns(header, facts.values);
  if (stamp < 0 || values.length === 0) return undefined;
  const data = sample.rows.slice(header.index + 1);
  const dates = data.map((row) => row[stamp] ?? '');
  const guessed = guessDateOrder(dates);
  const timeOfDay = optional(header, facts.timeOfDay);
  const end = optional(header, facts.end);
  const endTimeOfDay = optional(header, facts.endTimeOfDay);
  const label = optional(header, facts.label);
  const minutes = optional(header, facts.minutes);
  const tariff = optional(header, facts.tariff);
  const estimated = optional(header, facts.estimated?.column);
  const factor = optional(header, facts.factor);
  const only = optional(header, facts.only?.column);
  return {
    skipRows: header.index + 1,
    stamp,
    order: guessed.doubtful ? facts.order : guessed.order,
    clock: facts.clock ?? 'home',
    edge: facts.edge ?? 'start',
    // A file saved once more by a spreadsheet program may have the marks of another country.
    decimal: settledDecimalMark(data.flatMap((row) => values.map(({ column }) => row[column] ?? ''))) ?? facts.decimal,
    values,
    ...(timeOfDay === undefined ? {} : { timeOfDay }),
    ...(end === undefined ? {} : { end }),
    ...(endTimeOfDay === undefined ? {} : { endTimeOfDay }),
    ...(facts.lengthSeconds === undefined ? {} : { lengthSeconds: facts.lengthSeconds }),
    ...(facts.endIsLastDay === true && end !== undefined && endTimeOfDay === undefined ? { endIsLastDay: true } : {}),
    ...(minutes === undefined ? {} : { minutes }),
    ...(label === undefined ? {} : { label }),
    ...(tariff === undefined ? {} : { tariff }),
    ...(factor === undefined ? {} : { factor }),
    ...(estimated === undefined || facts.estimated === undefined
      ? {}
      : { estimated: { column: estimated, pattern: facts.estimated.pattern } }),
    ...(only === undefined || facts.only === undefined ? {} : { only: { column: only, pattern: facts.only.pattern } }),
  };
};

/** The format that such facts describe. */
export const columnFormat = (facts: ColumnFormatFacts): TableFormat => ({
  id: facts.id,
  name: facts.name,
  timeZone: facts.timeZone,
  ...(facts.fixedTimeZone === undefined ? {} : { fixedTimeZone: facts.fixedTimeZone }),
  ...(facts.fallbackSeconds === undefined ? {} : { fallbackSeconds: facts.fallbackSeconds }),
  input: 'rows',
  detect(sample) {
    const mapping = mappingOf(facts, sample);
    if (mapping === undefined) return undefined;
    const header = sample.rows[mapping.skipRows - 1] ?? [];
    const names = [mapping.stamp, ...mapping.values.slice(0, 2).map(({ column }) => column)]
      .map((column) => `“${(header[column] ?? '').trim()}”`)
      .join(', ');
    return { confidence: facts.confidence, reason: /* @wc-include */ `the columns ${names}` };
  },
  open(context) {
    const mapping = mappingOf(facts, context.sample);
    if (mapping === undefined) throw new RangeError(`sample: no ${facts.id} table`);
    return openMappedTable(mapping, context);
  },
});
