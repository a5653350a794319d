/** Collects what is odd about a file: one finding a kind and message, with the rows it is about. */

import type { Finding } from '../series/types.ts';

const shownRows = 20;

export class FindingLog {
  readonly #findings = new Map<
    string,
    { kind: string; severity: Finding['severity']; message: (count: number) => string; rows: number[]; count: number }
  >();

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
    const key = `${kind}\n${topic}\n${typeof message === 'string' ? message : ''}`;
    let finding = this.#findings.get(key);
    if (finding === undefined) {
      finding = { kind, severity, message: typeof message === 'string' ? () => message : message, rows: [], count: 0 };
      this.#findings.set(key, finding);
    }
    finding.count++;
    if (row > 0 && finding.rows.length < shownRows) finding.rows.push(row);
  }

  /** The findings, warnings first. */
  all(): Finding[] {
    return [...this.#findings.values()]
      .map(({ message, ...finding }) => ({ ...finding, message: message(finding.count) }))
      .sort((a, b) => Number(b.severity === 'warning') - Number(a.severity === 'warning'));
  }
}

/** `1 reading`, `12 readings`. */
export const counted = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;
