/** Remembers values by name; the ones not used for longest are forgotten first. Work that fails is not remembered. */
export class Cache<T> {
  readonly #most: number;
  readonly #values = new Map<string, T>();

  constructor(most: number) {
    this.#most = most;
  }

  get(name: string, make: () => T): T {
    const value = this.#values.get(name) ?? make();
    // A map keeps the order of insertion: taken out and put in again it is the newest.
    this.#values.delete(name);
    this.#values.set(name, value);
    for (const oldest of this.#values.keys()) {
      if (this.#values.size <= this.#most) break;
      this.#values.delete(oldest);
    }
    if (value instanceof Promise) {
      value.catch(() => {
        if (this.#values.get(name) === value) this.#values.delete(name);
      });
    }
    return value;
  }

  delete(name: string): void {
    this.#values.delete(name);
  }
}
