/** What a meter file was found to hold, before anything of it is kept. */

import type { SeriesSummary } from '../series/summary.ts';
import type { Finding, ReadingSeries } from '../series/types.ts';
import type { CounterReading } from './counter-reading.ts';

/** A format a file may be of. */
export interface Candidate {
  readonly id: string;
  readonly name: string;
  readonly confidence: number;
  readonly reason: string;
}

/** A meter of a file, by the places of its series. */
export interface Meter {
  /** What the file calls it; undefined where it has no name for it. */
  readonly name: string | undefined;
  readonly series: readonly number[];
}

export interface MeterFile {
  /** Id of the format, as in `docs/formats.md`. */
  readonly format: string;
  readonly formatName: string;
  readonly confidence: number;
  /** What in the file told the format, as a phrase. */
  readonly reason: string;
  /** Other formats that fit about as well; if there are any, the user should be asked. */
  readonly ties: readonly Candidate[];
  /** Zone in which times without an offset were read. */
  readonly timeZone: string;
  readonly series: readonly ReadingSeries[];
  /** The figures of each series. */
  readonly summaries: readonly SeriesSummary[];
  /**
   * The meters that the series belong to. If there are several, the user should say which belong to the home; series of
   * one register that are chosen are added up (`addSeries`).
   */
  readonly meters: readonly Meter[];
  /** Counters of which the file has one reading only: worth keeping as manual readings. */
  readonly counters: readonly CounterReading[];
  readonly findings: readonly Finding[];
}
