/** What a parser hands over: rows of stamps and values per register, before clocks, order and gaps are looked at. */

import { Quality, type ReadingSeries, type Register } from '../series/types.ts';

/** How the rows of one register are to be understood. */
export interface RegisterRule {
  readonly register: Register;
  /** `Wh` (default) or `dm3`. */
  readonly unit?: ReadingSeries['unit'];
  /** Meter, where a file can hold several. */
  readonly label?: string;
  /** Channel of the meter that is kept as a series of its own. */
  readonly channel?: string;
  /** Tariff period of a register that is counted apart. Rows that differ in nothing else are added up. */
  readonly tariff?: string;
  /** Stamps are instants (`utc`), or wall-clock times read as UTC (`local`). */
  readonly clock: 'utc' | 'local';
  /** Whether a stamp is the start (default) or the end of its interval. */
  readonly edge?: 'start' | 'end';
  /**
   * `interval` (default): energy of an interval. `power`: its mean power (W). `counter`: a meter's counter at the stamp.
   */
  readonly kind?: 'interval' | 'power' | 'counter';
}

/** What a series can hold: 136 years. */
const longestSeconds = 2 ** 32;

const firstCapacity = 256;

/** Columns that grow; a value of NaN is missing. */
export class RegisterRows {
  readonly rule: RegisterRule;
  stampMs = new Float64Array(firstCapacity);
  /** Interval length; 0 where the file does not say and it follows from the next stamp. */
  lengthSeconds = new Float64Array(firstCapacity);
  /** In the rule's unit, unrounded. */
  value = new Float64Array(firstCapacity);
  quality = new Uint8Array(firstCapacity);
  /** 1-based line of the file. */
  row = new Uint32Array(firstCapacity);
  length = 0;

  constructor(rule: RegisterRule) {
    this.rule = rule;
  }

  add(stampMs: number, lengthSeconds: number, value: number, row: number, estimated = false): void {
    if (this.length === this.stampMs.length) this.#grow();
    const i = this.length++;
    this.stampMs[i] = stampMs;
    // A file's slip in a header or an end must not become an interval that ends before it begins.
    this.lengthSeconds[i] = lengthSeconds > 0 && lengthSeconds < longestSeconds ? lengthSeconds : 0;
    this.value[i] = value;
    this.quality[i] = Number.isNaN(value) ? Quality.missing : estimated ? Quality.estimated : Quality.measured;
    this.row[i] = row;
  }

  /** Says of a row added before that its value is estimated. */
  markEstimated(place: number): void {
    if (this.quality[place] === Quality.measured) this.quality[place] = Quality.estimated;
  }

  /** Says of a row added before that it has no value. */
  markMissing(place: number): void {
    this.value[place] = Number.NaN;
    this.quality[place] = Quality.missing;
  }

  #grow(): void {
    const size = this.stampMs.length * 2;
    const grown = <T extends { set(from: T): void }>(to: T, from: T): T => {
      to.set(from);
      return to;
    };
    this.stampMs = grown(new Float64Array(size), this.stampMs);
    this.lengthSeconds = grown(new Float64Array(size), this.lengthSeconds);
    this.value = grown(new Float64Array(size), this.value);
    this.quality = grown(new Uint8Array(size), this.quality);
    this.row = grown(new Uint32Array(size), this.row);
  }
}

export class Collector {
  readonly #registers = new Map<string, RegisterRows>();

  /** The rows of a register; the same rule gives the same rows. */
  open(rule: RegisterRule): RegisterRows {
    const key = JSON.stringify([
      rule.register,
      rule.unit,
      rule.label,
      rule.channel,
      rule.tariff,
      rule.clock,
      rule.edge,
      rule.kind,
    ]);
    let rows = this.#registers.get(key);
    if (rows === undefined) {
      rows = new RegisterRows(rule);
      this.#registers.set(key, rows);
    }
    return rows;
  }

  /** This with the rows of another, which come behind, register by register. */
  with(other: Collector): this {
    for (const { rule, stampMs, lengthSeconds, value, quality, row, length } of other.all()) {
      const rows = this.open(rule);
      for (let i = 0; i < length; i++)
        rows.add(
          stampMs[i] ?? 0,
          lengthSeconds[i] ?? 0,
          value[i] ?? Number.NaN,
          row[i] ?? 0,
          quality[i] === Quality.estimated,
        );
    }
    return this;
  }

  /** Registers that have rows, in the order they were opened. */
  all(): RegisterRows[] {
    return [...this.#registers.values()].filter((rows) => rows.length > 0);
  }
}
