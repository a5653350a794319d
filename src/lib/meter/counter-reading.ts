import type { ReadingSeries, Register } from '../series/types.ts';

/** What a meter's counter shows at an instant: read off by hand, or told by a file too short for intervals. */
export interface CounterReading {
  readonly register: Register;
  readonly unit: ReadingSeries['unit'];
  /** Tariff or other part, where a register is counted in several. */
  readonly tariff?: string;
  readonly label?: string;
  /** Undefined where the source does not tell it. */
  readonly atMs: number | undefined;
  /** In the unit. */
  readonly value: number;
}
