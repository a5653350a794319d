/**
 * Seeded random numbers that can be asked for out of order: a generator is made from a key such as
 * (seed, home, day, purpose), so that any day of any home is the same whatever was simulated before it.
 * For plausible data only, never for keys.
 */

/** Mixes whole numbers into 32 bits (the finaliser of MurmurHash3, public domain, after each word). */
const mix = (key: readonly number[]): number => {
  let hash = 0x9e3779b9;
  for (const word of key) {
    hash ^= word | 0;
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    hash ^= hash >>> 16;
  }
  return hash >>> 0;
};

/** One number in [0, 1) for a key. */
export const hashToUnit = (...key: readonly number[]): number => mix(key) / 2 ** 32;

/** A stream of random numbers (mulberry32 by Tommy Ettinger, public domain). */
export class Random {
  #state: number;

  constructor(...key: readonly number[]) {
    this.#state = mix(key);
  }

  /** In [0, 1). */
  unit(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let word = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    word = (word + Math.imul(word ^ (word >>> 7), 61 | word)) ^ word;
    return ((word ^ (word >>> 14)) >>> 0) / 2 ** 32;
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.unit();
  }

  chance(probability: number): boolean {
    return this.unit() < probability;
  }

  /** Normal, by the Box-Muller transform. */
  normal(mean: number, deviation: number): number {
    return mean + deviation * Math.sqrt(-2 * Math.log(1 - this.unit())) * Math.cos(2 * Math.PI * this.unit());
  }

  /** One of `items`, with chances in proportion to `weights`. */
  weighted<T>(items: readonly (readonly [T, number])[]): T {
    let rest = this.unit() * items.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [item, weight] of items) {
      rest -= weight;
      if (rest < 0) return item;
    }
    const last = items.at(-1);
    if (last === undefined) throw new RangeError('items: need at least one');
    return last[0];
  }
}
