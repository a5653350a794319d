/** What a format is: how its files are recognised, and how they are read. */

import type { Collector } from './collector.ts';
import type { FindingLog } from './finding-log.ts';
import type { DecimalMark } from './number.ts';

/** The beginning of a file, enough to recognise it by. */
export interface FileSample {
  /** Decoded text of the first kilobytes; empty for a workbook. */
  readonly text: string;
  /** The first rows if the file is a table, else none. */
  readonly rows: readonly (readonly string[])[];
  /** Name of the sheet, in a workbook. */
  readonly sheet?: string;
  /** Decimal mark that the container settles (workbooks write numbers with a point), else undefined. */
  readonly decimal?: DecimalMark;
}

/** How sure a format is that a file is its own. */
export interface Match {
  /** 0 to 1: from 0.9 on no other format can be meant. */
  readonly confidence: number;
  /** What in the file says so, as a phrase: `the column “Hour Start”`. */
  readonly reason: string;
}

export interface ReadContext {
  /** Zone in which times without an offset are read. */
  readonly timeZone: string;
  readonly sample: FileSample;
  readonly collector: Collector;
  readonly findings: FindingLog;
}

/** Takes a table row by row. */
export interface RowReader {
  /** @param line 1-based line of the file (row of the sheet) */
  row(cells: readonly string[], line: number): void;
  end(): void;
}

/** Takes a text in pieces. */
export interface TextReader {
  write(text: string): void;
  end(): void;
}

interface FormatFacts {
  /** Stable id, as in `docs/formats.md`. */
  readonly id: string;
  /** In the language of the reader, which a worker knows only once it runs. */
  readonly name: () => string;
  /** Zone of times without an offset if the home's zone is not known. */
  readonly timeZone: string | ((sample: FileSample) => string);
  /** No home's zone can override it. */
  readonly fixedTimeZone?: boolean;
  /** Undefined when the file is not of this format. */
  detect(sample: FileSample): Match | undefined;
  /** Interval length when the file does not let one tell (a single reading). */
  readonly fallbackSeconds?: number;
}

export interface TableFormat extends FormatFacts {
  readonly input: 'rows';
  open(context: ReadContext): RowReader;
}

export interface TextFormat extends FormatFacts {
  readonly input: 'text';
  open(context: ReadContext): TextReader;
}

export type MeterFormat = TableFormat | TextFormat;
