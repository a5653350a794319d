/** Collects what is odd about a file: one finding a kind and message, with the rows it is about. */

import type { Finding, Register } from '../series/types.ts';

const shownRows = 20;

/** What findings call a register. */
export const registerName = (register: Register): string => {
  const names = {
    import: /* @wc-include */ 'Import',
    export: /* @wc-include */ 'Export',
    generation: /* @wc-include */ 'Generation',
    gas: /* @wc-include */ 'Gas',
    other: 'A register',
  };
  return names[register];
};

interface Noted {
  readonly kind: string;
  readonly topic: string;
  /** The sentence, where it is the same for all places. */
  readonly text: string;
  readonly severity: Finding['severity'];
  readonly message: (count: number) => string;
  readonly rows: number[];
  count: number;
}

export class FindingLog {
  readonly #findings = new Map<string, Noted>();
  /** The last one noted, and nearly always the next one too. */
  #recent: Noted | undefined;

  /**
   * Notes one place. Places with the same kind and `topic` become one finding.
   * @param message the sentence, given how many places there are in the end
   * @param row 1-based line of the file, 0 if the finding is about the whole file
   */
  note(
    kind: string,
    severity: Finding['severity'],
    message: string | ((count: number) => string),
    row = 0,
    topic = '',
  ): void {
    const text = typeof message === 'string' ? message : '';
    let finding = this.#recent;
    if (finding?.kind !== kind || finding.topic !== topic || finding.text !== text) {
      const key = `${kind}\n${topic}\n${text}`;
      const words = typeof message === 'string' ? () => message : message;
      finding = this.#findings.get(key) ?? { kind, topic, text, severity, message: words, rows: [], count: 0 };
      this.#findings.set(key, finding);
      this.#recent = finding;
    }
    finding.count++;
    // Several places may lie in one row: values of a day, or registers side by side.
    if (row > 0 && finding.rows.length < shownRows && row !== finding.rows.at(-1)) finding.rows.push(row);
  }

  /** The findings, warnings first. */
  all(): Finding[] {
    return [...this.#findings.values()]
      .map(({ kind, severity, message, rows, count }) => ({ kind, severity, message: message(count), rows, count }))
      .sort((a, b) => Number(b.severity === 'warning') - Number(a.severity === 'warning'));
  }
}
