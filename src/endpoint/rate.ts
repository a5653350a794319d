/** How much each address may ask: a bucket that fills steadily and that requests take from (token bucket). */
import { Cache } from './cache.ts';

export interface Rate {
  /** Most that can be saved up. */
  readonly burst: number;
  readonly perSecond: number;
}

export class Buckets {
  readonly #rate: Rate;
  readonly #now: () => number;
  /** Of the addresses that asked last. */
  readonly #buckets = new Cache<{ level: number; atMs: number }>(10_000);

  constructor(rate: Rate, now: () => number) {
    this.#rate = rate;
    this.#now = now;
  }

  /** Takes `cost` from an address's bucket. Gives 0, or the seconds after which there will be enough. */
  take(address: string, cost: number): number {
    const { burst, perSecond } = this.#rate;
    const nowMs = this.#now();
    const bucket = this.#buckets.get(address, () => ({ level: burst, atMs: nowMs }));
    // A clock that was set back fills nothing, and takes nothing away.
    bucket.level = Math.min(burst, bucket.level + (Math.max(0, nowMs - bucket.atMs) / 1000) * perSecond);
    bucket.atMs = nowMs;
    if (bucket.level < cost) return Math.max(1, Math.ceil((cost - bucket.level) / perSecond));
    bucket.level -= cost;
    return 0;
  }
}
