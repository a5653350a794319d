/** Bootstraps with known values: how many go wrong, and how much noise each stage really adds. */
import type { Ciphertext } from '../../src/evaluator/ciphertext.ts';
import { addConstant, scaleCiphertext } from '../../src/evaluator/linear.ts';
import { lookupTable } from '../../src/evaluator/lookup-table.ts';
import { valuesOf } from '../../src/evaluator/parameters.ts';
import { bigKeyBits, decrypt, encrypt, errorOf, type OpenKey, phaseOf, smallKeyBits } from './keys.ts';

/** Standard deviations in fractions of the torus. */
export interface Deviations {
  readonly keySwitch: number;
  readonly modulusSwitch: number;
  /** Of the results. */
  readonly bootstrap: number;
  /** Of {@link columnsPerBootstrap} coefficients of each final accumulator, of which coefficient 0 is the result. */
  readonly accumulator: number;
}

export interface NoiseMeasurement {
  readonly bootstraps: number;
  readonly wrong: number;
  readonly deviations: Deviations;
}

/**
 * Every coefficient of the accumulator carries noise of the same distribution, of which a bootstrap shows one. Looking
 * at more of them makes the measurement precise without more bootstraps.
 */
const columnsPerBootstrap = 64;
/** Key switches and modulus switches without a blind rotation after them, which are quick and each give one sample. */
const switchesPerBootstrap = 4;

const deviationOf = (samples: readonly number[]) =>
  Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / samples.length);
const onTorus = (x: number) => x - Math.round(x);

/** Bootstraps `count` ciphertexts, every other one with the most noise that a circuit may bring. */
export function measureNoise(key: OpenKey, count: number, onProgress?: (done: number) => void): NoiseMeasurement {
  const { parameters, evaluator, machine } = key;
  const { lweDimension: n, glweDimension: k, polynomialSize: N, maxNoiseLevel } = parameters;
  const p = valuesOf(parameters);
  const bigKey = bigKeyBits(key);
  const smallKey = smallKeyBits(key);
  const own = key.memory.layout.own[0];
  if (own === undefined) throw new Error('a key memory has at least one working area');
  const { buffer } = key.memory.memory;
  const smallWords = new Uint32Array(buffer, own.smallLwe, 2 * (n + 1));
  const switched = new Uint32Array(buffer, own.switched, n + 1);
  const accumulator = new Uint32Array(buffer, own.accumulator, ((k + 2) >> 1) * 2 * (N + 2));
  const coefficient = (polynomial: number, index: number) =>
    accumulator[(polynomial >> 1) * 2 * (N + 2) + 2 * index + (polynomial & 1)] ?? 0;

  /** Error of coefficient `column` of the accumulator, which started as X^-rotation·(test polynomial of f). */
  const columnError = (column: number, rotation: number, f: (x: number) => number) => {
    let phase = coefficient(k, column);
    for (let i = 0; i < bigKey.length; i++) {
      if (bigKey[i] === 0) continue;
      const [polynomial, power] = [Math.floor(i / N), i % N];
      const index = column - power;
      phase += index >= 0 ? -coefficient(polynomial, index) : coefficient(polynomial, index + N);
    }
    const position = (((column + rotation) % (2 * N)) + 2 * N) % (2 * N);
    const m = Math.floor(((position % N) + N / p / 2) / (N / p));
    const value = m === p ? -f(0) : f(m);
    return onTorus(phase / 2 ** 32 - (position < N ? value : -value) / (2 * p));
  };

  // The centred switch aims at the middle of a step, and a step's index stands for its lower end.
  const isCentred = parameters.modulusSwitch === 'centred-mean';
  const middle = isCentred ? 1 / 2 : 0;
  const errors = { keySwitch: [] as number[], modulusSwitch: [] as number[], bootstrap: [] as number[] };
  const columnErrors: number[] = [];
  /** Takes the errors of the switches that were just done, and returns the rotation they led to. */
  const sampleSwitches = (input: Ciphertext) => {
    const smallPhase = phaseOf(smallWords, smallKey);
    errors.keySwitch.push(onTorus(smallPhase - phaseOf(input.words, bigKey)));
    const rotation = smallKey.reduce((sum, bit, j) => sum - bit * (switched[j] ?? 0), switched[n] ?? 0);
    errors.modulusSwitch.push(onTorus((rotation + middle) / (2 * N) - smallPhase));
    return rotation;
  };

  let wrong = 0;
  for (let i = 0; i < count; i++) {
    const value = (i >> 1) % p;
    const f = (x: number) => ((2 * i + 1) * x + i) % p;
    const input =
      i % 2 === 0
        ? encrypt(key, value)
        : addConstant(scaleCiphertext(encrypt(key, 0), maxNoiseLevel), value, parameters);
    const [result] = evaluator.bootstrap(input, [lookupTable(parameters, f)]);
    if (result === undefined || decrypt(key, result) !== f(value)) {
      wrong++;
      continue;
    }
    errors.bootstrap.push(errorOf(key, result, f(value), bigKey));
    const rotation = sampleSwitches(input);
    for (let t = 0; t < columnsPerBootstrap; t++) {
      columnErrors.push(columnError((t * N) / columnsPerBootstrap + (i % (N / columnsPerBootstrap)), rotation, f));
    }
    for (let t = 0; t < switchesPerBootstrap; t++) {
      const other = encrypt(key, t);
      evaluator.keySwitch(other);
      machine.exports.modulusSwitch(own.smallLwe, n, N, Number(isCentred), own.switched);
      sampleSwitches(other);
    }
    onProgress?.(i + 1);
  }
  return {
    bootstraps: count,
    wrong,
    deviations: {
      keySwitch: deviationOf(errors.keySwitch),
      modulusSwitch: deviationOf(errors.modulusSwitch),
      bootstrap: deviationOf(errors.bootstrap),
      accumulator: deviationOf(columnErrors),
    },
  };
}

/** Hamming weights of a test key. */
export const weightsOf = (key: OpenKey): { big: number; small: number } => ({
  big: bigKeyBits(key).reduce((sum, bit) => sum + bit, 0),
  small: smallKeyBits(key).reduce((sum, bit) => sum + bit, 0),
});
