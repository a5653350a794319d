/**
 * The serialised `ShortintCompressedServerKey` of `tfhe` 1.6: everything but the bodies, checked to the last byte.
 * The format has no header and no version, so that only exact lengths and consistent fields tell good bytes from bad.
 */
import type { ByteSource } from './byte-source.ts';
import { Reader } from './bytes.ts';
import { EvaluatorError } from './errors.ts';
import { bigDimensionOf, type Parameters, valuesOf } from './parameters.ts';

/** A seeded part of the key: seed of the masks, and where its bodies lie in the source. */
export interface SeededPart {
  readonly seed: Uint8Array;
  readonly bodiesOffset: number;
  /** Number of 64-bit words. */
  readonly bodiesLength: number;
}

export interface ServerKeyHeader {
  readonly parameters: Parameters;
  readonly keySwitchKey: SeededPart;
  readonly bootstrapKey: SeededPart;
}

const what = 'Compressed server key';
const headBytes = 12;
/** base log, level, n + 1, seed, modulus; then the bootstrap key's kind and length. */
const middleBytes = 3 * 8 + 44 + 24 + 12;
/** k + 1, N, base log, level, seed, modulus; modulus-switch kind, order, four moduli and bounds. */
const tailBytes = 4 * 8 + 44 + 24 + 8 + 4 * 8;

/** Small sizes of every supported set, so that no product below overflows and no field is absurd. */
const limits = { lweDimension: 2048, glweDimension: 6, polynomialSize: 8192, level: 8, values: 256, noise: 1024 };

const isPowerOfTwo = (value: number) => value > 0 && (value & (value - 1)) === 0;

function check(parameters: Parameters, keySwitchLength: number, bootstrapLength: number): void {
  const { lweDimension, glweDimension, polynomialSize, pbsBaseLog, pbsLevel, ksBaseLog, ksLevel } = parameters;
  const rules: readonly (readonly [boolean, string])[] = [
    [lweDimension >= 1 && lweDimension < 2 * polynomialSize, 'the small dimension does not fit the polynomial size'],
    [isPowerOfTwo(polynomialSize) && polynomialSize >= 256, 'the polynomial size is no power of two from 256 on'],
    [glweDimension >= 1, 'there is no mask polynomial'],
    [pbsLevel >= 1 && pbsBaseLog >= 1 && pbsBaseLog * pbsLevel <= 31, 'the bootstrap decomposition is not supported'],
    [ksLevel >= 1 && ksBaseLog >= 1 && ksBaseLog * ksLevel <= 31, 'the key-switch decomposition is not supported'],
    [isPowerOfTwo(parameters.messageModulus) && isPowerOfTwo(parameters.carryModulus), 'a modulus is no power of two'],
    [valuesOf(parameters) >= 2 && 4 * valuesOf(parameters) <= polynomialSize, 'the moduli do not fit the polynomial'],
    [parameters.maxNoiseLevel >= 1, 'the noise level is 0'],
    [keySwitchLength === bigDimensionOf(parameters) * ksLevel, 'the key-switching key has the wrong length'],
    [
      bootstrapLength === lweDimension * pbsLevel * (glweDimension + 1) * polynomialSize,
      'the bootstrapping key has the wrong length',
    ],
  ];
  for (const [holds, problem] of rules) {
    if (!holds) throw new EvaluatorError('malformed', `${what}: ${problem}.`);
  }
}

/**
 * Reads and checks all of a compressed server key but its bodies.
 * @throws EvaluatorError `malformed` or `unsupported`; never for a key that `tfhe` 1.6 made with a classic parameter set
 *   in the order KS_PBS with the native modulus.
 */
export async function readServerKeyHeader(source: ByteSource): Promise<ServerKeyHeader> {
  const part = async (offset: number, length: number) => {
    if (offset + length > source.size) throw new EvaluatorError('malformed', `${what}: it ends too early.`);
    const bytes = await source.read(offset, length);
    if (bytes.length !== length) throw new EvaluatorError('malformed', `${what}: it could not be read in full.`);
    return new Reader(bytes, what);
  };
  const maxWords = Math.floor(source.size / 8);

  const head = await part(0, headBytes);
  if (head.u32() !== 0) throw head.unsupported('only the standard atomic pattern is supported (no KS32)');
  const keySwitchLength = head.size('the length of the key-switching key', maxWords);

  const middleOffset = headBytes + 8 * keySwitchLength;
  const middle = await part(middleOffset, middleBytes);
  const ksBaseLog = middle.size('the key-switch base', 63);
  const ksLevel = middle.size('the key-switch level', limits.level);
  const lweDimension = middle.size('the small dimension', limits.lweDimension + 1) - 1;
  const keySwitchSeed = middle.seed();
  middle.nativeModulus();
  if (middle.u32() !== 0) throw middle.unsupported('only classic bootstrapping keys are supported (no multi-bit keys)');
  const bootstrapLength = middle.size('the length of the bootstrapping key', maxWords);

  const bootstrapOffset = middleOffset + middleBytes;
  const tailOffset = bootstrapOffset + 8 * bootstrapLength;
  const tail = await part(tailOffset, tailBytes);
  const glweDimension = tail.size('the GLWE dimension', limits.glweDimension + 1) - 1;
  const polynomialSize = tail.size('the polynomial size', limits.polynomialSize);
  const pbsBaseLog = tail.size('the bootstrap base', 63);
  const pbsLevel = tail.size('the bootstrap level', limits.level);
  const bootstrapSeed = tail.seed();
  tail.nativeModulus();
  const modulusSwitch = tail.u32();
  if (modulusSwitch === 1)
    throw tail.unsupported('keys with drift technique are not supported; use a set of 1.4 or later');
  if (modulusSwitch > 2) throw tail.malformed('its kind of modulus switch is unknown');
  if (tail.u32() !== 0) throw tail.unsupported('only the order key switch, then bootstrap (KS_PBS) is supported');
  const messageModulus = tail.size('the message modulus', limits.values);
  const carryModulus = tail.size('the carry modulus', limits.values);
  const maxDegree = tail.size('the maximum degree', limits.values ** 2);
  const maxNoiseLevel = tail.size('the maximum noise level', limits.noise);
  tail.end();
  if (tailOffset + tailBytes !== source.size) throw tail.malformed('there are bytes after its end');

  const parameters: Parameters = {
    lweDimension,
    glweDimension,
    polynomialSize,
    pbsBaseLog,
    pbsLevel,
    ksBaseLog,
    ksLevel,
    messageModulus,
    carryModulus,
    maxNoiseLevel,
    modulusSwitch: modulusSwitch === 2 ? 'centred-mean' : 'standard',
  };
  check(parameters, keySwitchLength, bootstrapLength);
  if (maxDegree !== valuesOf(parameters) - 1) throw tail.malformed('the maximum degree does not match the moduli');
  return {
    parameters,
    keySwitchKey: { seed: keySwitchSeed, bodiesOffset: headBytes, bodiesLength: keySwitchLength },
    bootstrapKey: { seed: bootstrapSeed, bodiesOffset: bootstrapOffset, bodiesLength: bootstrapLength },
  };
}
