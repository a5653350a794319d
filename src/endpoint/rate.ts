/** How much each address may ask: a bucket that fills steadily and that requests take from (token bucket). */
export interface Rate {
  /** Most that can be saved up. */
  readonly burst: number;
  readonly perSecond: number;
}

/** Addresses remembered at a time; the ones longest unseen are forgotten first. */
const mostAddresses = 10_000;

export class Buckets {
  readonly #rate: Rate;
  readonly #now: () => number;
  readonly #buckets = new Map<string, { level: number; atMs: number }>();

  constructor(rate: Rate, now: () => number) {
    this.#rate = rate;
    this.#now = now;
  }

  /** Takes `cost` from an address's bucket. Gives 0, or the seconds after which there will be enough. */
  take(address: string, cost: number): number {
    const { burst, perSecond } = this.#rate;
    const atMs = this.#now();
    const bucket = this.#buckets.get(address) ?? { level: burst, atMs };
    // A clock that was set back fills nothing, and takes nothing away.
    const filled = (Math.max(0, atMs - bucket.atMs) / 1000) * perSecond;
    const level = Math.min(burst, bucket.level + filled);
    const enough = level >= cost;
    this.#buckets.delete(address);
    this.#buckets.set(address, { level: enough ? level - cost : level, atMs });
    for (const oldest of this.#buckets.keys()) {
      if (this.#buckets.size <= mostAddresses) break;
      this.#buckets.delete(oldest);
    }
    return enough ? 0 : Math.max(1, Math.ceil((cost - level) / perSecond));
  }
}
