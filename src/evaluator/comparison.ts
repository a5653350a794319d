/** Comparisons of an encrypted number with clear thresholds. */
import type { Circuit, Wire } from './circuit.ts';
import { valuesOf } from './parameters.ts';

/** high·base + low: two neighbouring digits as one number below p. */
export function pack<T>(circuit: Circuit<T>, high: Wire<T>, low: Wire<T>, base: number): Wire<T> {
  return circuit.add(circuit.scale(high, base), low);
}

/**
 * 1 if the number with the given base-4 digits (most significant first) is at least `threshold`, else 0.
 *
 * Two digits at a time, from the top: each pair is compared with its part of the threshold to 0 (below), 1 (equal) or 2
 * (above), and the verdict so far is kept unless it was "equal". The last pair needs no "equal": it is asked for ≥.
 * Bootstraps: 1 for one pair, else 3 for two and 2 more for each further one, whatever the threshold.
 */
export async function atLeast<T>(circuit: Circuit<T>, digits: readonly Wire<T>[], threshold: number): Promise<Wire<T>> {
  if (digits.length === 0) throw new RangeError('digits: at least one');
  if (!Number.isSafeInteger(threshold) || threshold < 0) throw new RangeError('threshold: a whole number from 0 on');
  const base = circuit.parameters.messageModulus;
  const halves = pairUp(circuit, digits, base);
  const size = base ** 2;
  const parts = halves.map((_, i) => Math.floor(threshold / size ** (halves.length - 1 - i)) % size);
  const tooLarge = threshold >= size ** halves.length;
  let verdict: Wire<T> | undefined;
  for (const [i, half] of halves.entries()) {
    const part = parts[i] ?? 0;
    const isLast = i === halves.length - 1;
    const own = await circuit.lut(half, (x) => {
      if (tooLarge) return 0;
      return isLast ? Number(x >= part) : 1 + Math.sign(x - part);
    });
    if (verdict === undefined) {
      verdict = own;
    } else {
      // 4·verdict + own, both small: 0..2 and 0..2 or 0..1.
      verdict = await circuit.lut(pack(circuit, verdict, own, 4), (x) => {
        const before = x >> 2;
        if (before !== 1) return isLast ? before >> 1 : before;
        return x & 3;
      });
    }
  }
  if (verdict === undefined) throw new Error('unreachable: there is at least one digit');
  return verdict;
}

/** Pairs of digits from the least significant end on; an odd first digit stays alone. */
function pairUp<T>(circuit: Circuit<T>, digits: readonly Wire<T>[], base: number): Wire<T>[] {
  if (base * base > valuesOf(circuit.parameters)) throw new RangeError('parameters: no room for two digits');
  const alone = digits.length % 2;
  const halves = digits.slice(0, alone);
  for (let i = alone; i < digits.length; i += 2) {
    const [high, low] = digits.slice(i, i + 2);
    if (high !== undefined && low !== undefined) halves.push(pack(circuit, high, low, base));
  }
  return halves;
}

/**
 * A table of two small numbers, by one bootstrap: f(a, b) for a and b in 0..3. The pair 4a + b has norm √17, which the
 * parameter set must allow.
 */
export function pairTable<T>(
  circuit: Circuit<T>,
  a: Wire<T>,
  b: Wire<T>,
  f: (a: number, b: number) => number,
): Promise<Wire<T>> {
  return circuit.lut(pack(circuit, a, b, 4), (x) => f(x >> 2, x & 3));
}
