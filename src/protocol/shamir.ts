/**
 * Shamir's secret sharing (Shamir 1979, "How to share a secret") of vectors, value by value, over the field of
 * p = 2^20 − 3 elements: 1,000 shares below p sum to less than 2^30, the plaintext space of the ciphertexts, and any
 * total of 1,000 vector slots stays below p. Party i (from 0) holds the polynomial's value at x = i + 1.
 */
import { ProtocolError } from './error.ts';

/** p = 2^20 − 3; products of two field elements are exact in a double. */
export const prime = 1_048_573;

const modulo = (value: number): number => ((value % prime) + prime) % prime;

const power = (base: number, exponent: number): number => {
  let result = 1;
  for (let square = modulo(base), rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = (result * square) % prime;
    square = (square * square) % prime;
  }
  return result;
};

/** Uniform field elements from the system's secure generator: 20 random bits each, redrawn where they are not below p. */
function randomElements(count: number): number[] {
  const elements: number[] = [];
  while (elements.length < count) {
    for (const word of crypto.getRandomValues(new Uint32Array(Math.min(4096, count - elements.length)))) {
      const value = word >>> 12;
      if (value < prime) elements.push(value);
    }
  }
  return elements;
}

/**
 * Splits each value into n shares, of which any `threshold` give it back and fewer say nothing about it.
 *
 * @returns per party, one share per value, 0..p − 1
 * @throws {ProtocolError} `bad-value` unless all values are integers 0..p − 1
 */
export function splitShares(values: readonly number[], threshold: number, parties: number): number[][] {
  const wrong = values.find((value) => !Number.isInteger(value) || value < 0 || value >= prime);
  if (wrong !== undefined) throw new ProtocolError('bad-value', `A shared value must be 0..${prime - 1}, not ${wrong}`);
  const degree = threshold - 1;
  const coefficients = randomElements(values.length * degree);
  return Array.from({ length: parties }, (_, party) => {
    const x = party + 1;
    return values.map((value, slot) => {
      let y = 0;
      for (let j = degree - 1; j >= 0; j--) y = ((y + (coefficients[slot * degree + j] ?? 0)) * x) % prime;
      return (y + value) % prime;
    });
  });
}

/** One party's shares (or sums of shares), reduced modulo p. */
export interface Shares {
  /** Index of the party, from 0. */
  readonly party: number;
  readonly values: readonly number[];
}

const hasTwice = (shares: readonly Shares[]): boolean =>
  new Set(shares.map(({ party }) => party)).size !== shares.length;

/**
 * The value at `x` of the polynomial of least degree through the parties' shares, slot by slot (Lagrange);
 * `x = 0` gives the secrets.
 *
 * @throws {ProtocolError} `bad-share` if a party stands twice or lengths differ
 */
export function interpolate(shares: readonly Shares[], x: number): number[] {
  const [first] = shares;
  if (first === undefined) throw new ProtocolError('bad-share', 'No shares were given');
  if (hasTwice(shares)) throw new ProtocolError('bad-share', 'The same party stands twice among the shares');
  if (shares.some(({ values }) => values.length !== first.values.length)) {
    throw new ProtocolError('bad-share', 'Shares of different lengths do not belong together');
  }
  const weights = shares.map(({ party }) => {
    let numerator = 1;
    let denominator = 1;
    for (const other of shares) {
      if (other.party === party) continue;
      numerator = modulo(numerator * (x - (other.party + 1)));
      denominator = modulo(denominator * (party - other.party));
    }
    return (numerator * power(denominator, prime - 2)) % prime;
  });
  return first.values.map((_, slot) =>
    shares.reduce((sum, { values }, i) => (sum + (weights[i] ?? 0) * (values[slot] ?? 0)) % prime, 0),
  );
}

/**
 * The shared values from at least `threshold` parties. More than that must all lie on one polynomial of the
 * threshold's degree.
 *
 * @throws {ProtocolError} `not-enough-openings` with fewer parties, `openings-disagree` if one of them must be wrong
 */
export function combineShares(shares: readonly Shares[], threshold: number): number[] {
  if (shares.length < threshold) {
    throw new ProtocolError('not-enough-openings', `${shares.length} of ${threshold} needed openings are there`);
  }
  if (hasTwice(shares)) throw new ProtocolError('bad-share', 'The same party stands twice among the shares');
  const basis = shares.slice(0, threshold);
  for (const other of shares.slice(threshold)) {
    const expected = interpolate(basis, other.party + 1);
    if (expected.some((value, slot) => value !== other.values[slot])) {
      throw new ProtocolError(
        'openings-disagree',
        'The stewards’ openings contradict each other: at least one is wrong',
      );
    }
  }
  return interpolate(basis, 0);
}
