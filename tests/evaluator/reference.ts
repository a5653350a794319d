/**
 * The slow, obvious twin of the bootstrap: exact 64-bit words as bigints or, for real sizes, textbook Fourier transforms.
 * It reads the serialised server key on its own and shares no code with src/evaluator but the header's parser.
 */
import { createCipheriv } from 'node:crypto';
import { sourceOf } from '../../src/evaluator/byte-source.ts';
import type { Parameters } from '../../src/evaluator/parameters.ts';
import { readServerKeyHeader, type SeededPart } from '../../src/evaluator/server-key.ts';

const wrap = (x: bigint) => BigInt.asUintN(64, x);

/** The mask stream from OpenSSL: block by block, since the counter is little-endian. */
function* maskWords(seed: Uint8Array): Generator<bigint, never> {
  const cipher = createCipheriv('aes-128-ecb', seed, null);
  for (let first = 0n; ; first += 4096n) {
    const counters = new BigUint64Array(8192);
    for (let i = 0; i < 4096; i++) counters[2 * i] = first + BigInt(i);
    const stream = cipher.update(new Uint8Array(counters.buffer));
    for (let i = 0; i < 8192; i++) yield stream.readBigUInt64LE(8 * i);
  }
}

/** Signed digits, least significant first; ties may differ from tfhe-rs, which is the same modulo 1. */
function digitsOf(x: bigint, baseLog: number, levels: number): number[] {
  const bits = BigInt(baseLog * levels);
  let state = ((x >> (63n - bits)) + 1n) >> 1n;
  return Array.from({ length: levels }, () => {
    const digit = BigInt.asIntN(baseLog, state);
    state = (state - digit) >> BigInt(baseLog);
    return Number(digit);
  });
}

type Polynomial = BigUint64Array;
type Complex = Float64Array;
const split = (length: number): [Complex, Complex] => [new Float64Array(length), new Float64Array(length)];

/** Textbook radix-2 transform of `re` and `im` in place; `sign` -1 forward, 1 back. */
function fft(re: Complex, im: Complex, sign: 1 | -1): void {
  const n = re.length;
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; (j & bit) !== 0; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      for (const part of [re, im]) {
        const kept = part[i] ?? 0;
        part[i] = part[j] ?? 0;
        part[j] = kept;
      }
    }
  }
  for (let length = 2; length <= n; length *= 2) {
    for (let k = 0; k < length / 2; k++) {
      const wr = Math.cos((2 * Math.PI * k) / length);
      const wi = sign * Math.sin((2 * Math.PI * k) / length);
      for (let i = k; i < n; i += length) {
        const j = i + length / 2;
        const xr = (re[j] ?? 0) * wr - (im[j] ?? 0) * wi;
        const xi = (re[j] ?? 0) * wi + (im[j] ?? 0) * wr;
        re[j] = (re[i] ?? 0) - xr;
        im[j] = (im[i] ?? 0) - xi;
        re[i] = (re[i] ?? 0) + xr;
        im[i] = (im[i] ?? 0) + xi;
      }
    }
  }
}

/** Values of a real polynomial modulo X^N + 1 at the odd roots of unity, half of them: folded and twisted. */
function toFourier(coefficients: ArrayLike<number>): [Complex, Complex] {
  const half = coefficients.length / 2;
  const [re, im] = split(half);
  for (let j = 0; j < half; j++) {
    const [c, s] = [Math.cos((Math.PI * j) / (2 * half)), Math.sin((Math.PI * j) / (2 * half))];
    const [x, y] = [coefficients[j] ?? 0, coefficients[j + half] ?? 0];
    re[j] = x * c - y * s;
    im[j] = x * s + y * c;
  }
  fft(re, im, -1);
  return [re, im];
}

function fromFourier(re: Complex, im: Complex): Float64Array {
  const half = re.length;
  fft(re, im, 1);
  const out = new Float64Array(2 * half);
  for (let j = 0; j < half; j++) {
    const [c, s] = [Math.cos((Math.PI * j) / (2 * half)), Math.sin((Math.PI * j) / (2 * half))];
    out[j] = ((re[j] ?? 0) * c + (im[j] ?? 0) * s) / half;
    out[j + half] = ((im[j] ?? 0) * c - (re[j] ?? 0) * s) / half;
  }
  return out;
}

export class ReferenceEvaluator {
  readonly parameters: Parameters;
  /** Rows of n + 1 words. */
  readonly #keySwitchRows: readonly Polynomial[];
  /** Fourier forms by GGSW ciphertext, row and polynomial. */
  readonly #ggsw: readonly (readonly (readonly [Complex, Complex])[])[][];

  private constructor(parameters: Parameters, rows: readonly Polynomial[], glwe: readonly (readonly Polynomial[])[]) {
    this.parameters = parameters;
    this.#keySwitchRows = rows;
    const perGgsw = (parameters.glweDimension + 1) * parameters.pbsLevel;
    const fourier = glwe.map((row) =>
      row.map((words) => toFourier(Float64Array.from(words, (w) => Number(BigInt.asIntN(64, w)) * 2 ** -64))),
    );
    this.#ggsw = Array.from({ length: parameters.lweDimension }, (_, i) =>
      fourier.slice(i * perGgsw, (i + 1) * perGgsw),
    );
  }

  static async from(bytes: Uint8Array): Promise<ReferenceEvaluator> {
    const { parameters, keySwitchKey, bootstrapKey } = await readServerKeyHeader(sourceOf(bytes));
    const { lweDimension: n, glweDimension: k, polynomialSize: N } = parameters;
    const rowsOf = (part: SeededPart, maskLength: number, bodyLength: number) => {
      const bodies = new BigUint64Array(
        bytes.slice(part.bodiesOffset, part.bodiesOffset + 8 * part.bodiesLength).buffer,
      );
      const masks = maskWords(part.seed);
      return Array.from({ length: part.bodiesLength / bodyLength }, (_, row) => {
        const words = new BigUint64Array(maskLength + bodyLength);
        for (let i = 0; i < maskLength; i++) words[i] = masks.next().value;
        words.set(bodies.subarray(row * bodyLength, (row + 1) * bodyLength), maskLength);
        return words;
      });
    };
    const glwe = rowsOf(bootstrapKey, k * N, N).map((row) =>
      Array.from({ length: k + 1 }, (_, c) => row.slice(c * N, (c + 1) * N)),
    );
    return new ReferenceEvaluator(parameters, rowsOf(keySwitchKey, n, 1), glwe);
  }

  keySwitch(ciphertext: BigUint64Array): BigUint64Array {
    const { lweDimension: n, ksBaseLog, ksLevel } = this.parameters;
    const out = new BigUint64Array(n + 1);
    out[n] = ciphertext[ciphertext.length - 1] ?? 0n;
    ciphertext.subarray(0, -1).forEach((word, i) => {
      digitsOf(word, ksBaseLog, ksLevel).forEach((digit, j) => {
        const row = this.#keySwitchRows[i * ksLevel + j];
        for (let c = 0; c <= n; c++) out[c] = wrap((out[c] ?? 0n) - BigInt(digit) * (row?.[c] ?? 0n));
      });
    });
    return out;
  }

  /** Key-switched words to multiples of 1/2N. */
  modulusSwitch(lwe: BigUint64Array): number[] {
    const { polynomialSize: N, modulusSwitch } = this.parameters;
    const step = 2n ** 64n / BigInt(2 * N);
    const round = (word: bigint) => ((word + step / 2n) / step) % BigInt(2 * N);
    const mask = [...lwe.subarray(0, -1)];
    const errors = mask.reduce((sum, word) => sum + BigInt.asIntN(64, round(word) * step - word), 0n);
    const body = lwe[lwe.length - 1] ?? 0n;
    const corrected = modulusSwitch === 'standard' ? body : wrap(body + errors / 2n - step / 2n);
    return [...mask, corrected].map((word) => Number(round(word)));
  }

  /** One bootstrap of a ciphertext with f on 0..p-1, p values in all. */
  bootstrap(ciphertext: BigUint64Array, f: (m: number) => number): BigUint64Array {
    const { lweDimension: n, glweDimension: k, polynomialSize: N, pbsBaseLog, pbsLevel } = this.parameters;
    const switched = this.modulusSwitch(this.keySwitch(ciphertext));
    const p = this.parameters.messageModulus * this.parameters.carryModulus;
    const unit = 2n ** 63n / BigInt(p);
    const test = BigUint64Array.from({ length: N }, (_, i) => {
      const m = Math.floor((i + N / p / 2) / (N / p));
      return wrap(m === p ? BigInt(-f(0)) * unit : BigInt(f(m)) * unit);
    });
    // Coefficient j of X^a·c.
    const rotated = (c: Polynomial, a: number, j: number) => {
      const at = (((j - a) % (2 * N)) + 2 * N) % (2 * N);
      return at < N ? (c[at] ?? 0n) : wrap(-(c[at - N] ?? 0n));
    };
    const rotate = (c: Polynomial, a: number) => BigUint64Array.from({ length: N }, (_, j) => rotated(c, a, j));
    let acc = Array.from({ length: k + 1 }, (_, c) =>
      c < k ? new BigUint64Array(N) : rotate(test, -(switched[n] ?? 0)),
    );
    for (let i = 0; i < n; i++) {
      const a = switched[i] ?? 0;
      const difference = acc.map((c) => rotate(c, a).map((word, j) => wrap(word - (c[j] ?? 0n))));
      const digits = difference.map((c) => Array.from(c, (word) => digitsOf(word, pbsBaseLog, pbsLevel)));
      const sums = acc.map(() => split(N / 2));
      for (let level = 0; level < pbsLevel; level++) {
        digits.forEach((digit, row) => {
          const [xr, xi] = toFourier(digit.map((d) => d[level] ?? 0));
          sums.forEach(([re, im], c) => {
            const [kr, ki] = this.#ggsw[i]?.[level * (k + 1) + row]?.[c] ?? split(N / 2);
            for (let t = 0; t < N / 2; t++) {
              re[t] = (re[t] ?? 0) + (xr[t] ?? 0) * (kr[t] ?? 0) - (xi[t] ?? 0) * (ki[t] ?? 0);
              im[t] = (im[t] ?? 0) + (xr[t] ?? 0) * (ki[t] ?? 0) + (xi[t] ?? 0) * (kr[t] ?? 0);
            }
          });
        });
      }
      acc = acc.map((c, index) => {
        const [re, im] = sums[index] ?? split(N / 2);
        const product = fromFourier(re, im);
        return c.map((word, j) => {
          const y = product[j] ?? 0;
          return wrap(word + (BigInt(Math.round((y - Math.round(y)) * 2 ** 50)) << 14n));
        });
      });
    }
    const out = new BigUint64Array(k * N + 1);
    for (let r = 0; r < k; r++) {
      for (let i = 0; i < N; i++) {
        const word = acc[r]?.[(N - i) % N] ?? 0n;
        out[r * N + i] = i === 0 ? word : wrap(-word);
      }
    }
    out[k * N] = acc[k]?.[0] ?? 0n;
    return out;
  }
}
