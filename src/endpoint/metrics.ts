/** Counts for Prometheus (text format 0.0.4). Labels are routes, statuses and kinds, never a community or a person. */
export class Metrics {
  readonly #counts = new Map<string, number>();
  readonly #help = new Map<string, string>();

  /** Counts one more; `labels` as `name="value",…`. */
  count(name: string, help: string, labels = ''): void {
    const key = labels === '' ? name : `${name}{${labels}}`;
    this.#help.set(name, help);
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  text(): string {
    const lines = [...this.#help].flatMap(([name, help]) => [
      `# HELP ${name} ${help}`,
      `# TYPE ${name} counter`,
      ...[...this.#counts].filter(([key]) => key.split('{')[0] === name).map(([key, value]) => `${key} ${value}`),
    ]);
    return `${lines.join('\n')}\n`;
  }
}
