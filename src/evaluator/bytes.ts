/**
 * Reading and writing bincode 1 as `tfhe` writes it: little-endian, integers of fixed size, lengths as u64, variants as
 * u32, fields one after another without names or padding.
 */
import { EvaluatorError } from './errors.ts';

/** A cursor over bytes. Every getter throws a `malformed` error at the end of the bytes. */
export class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #what: string;
  #offset = 0;

  constructor(bytes: Uint8Array, what: string) {
    // A plain view, since Node's Buffer is a Uint8Array whose `slice` does not copy.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#what = what;
  }

  #advance(length: number): number {
    const start = this.#offset;
    if (start + length > this.#bytes.length) throw this.malformed('it ends too early');
    this.#offset = start + length;
    return start;
  }

  malformed(problem: string): EvaluatorError {
    return new EvaluatorError('malformed', `${this.#what}: ${problem}.`);
  }

  unsupported(problem: string): EvaluatorError {
    return new EvaluatorError('unsupported', `${this.#what}: ${problem}.`);
  }

  take(length: number): Uint8Array {
    const start = this.#advance(length);
    return this.#bytes.subarray(start, start + length);
  }

  u32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }

  /** A u64 that must fit a number and be at most `maximum`. */
  size(name: string, maximum: number): number {
    const value = this.#view.getBigUint64(this.#advance(8), true);
    if (value > BigInt(maximum)) throw this.malformed(`${name} is ${value.toString()}, more than ${maximum}`);
    return Number(value);
  }

  end(): void {
    if (this.#offset !== this.#bytes.length) throw this.malformed('there are bytes after its end');
  }

  /** Ciphertext modulus, 24 bytes: u128 0 stands for the native 2^64, then the word size 64. */
  nativeModulus(): void {
    const bytes = this.take(24);
    if (bytes.some((byte, index) => byte !== (index === 16 ? 64 : 0))) {
      throw this.unsupported('only the native ciphertext modulus 2^64 is supported');
    }
  }

  /** Compression seed, 44 bytes: kind 0, 16 bytes of seed, stream position 0. */
  seed(): Uint8Array {
    if (this.u32() !== 0) throw this.unsupported('only plain 128-bit seeds are supported');
    const seed = this.take(16).slice();
    if (this.take(24).some((byte) => byte !== 0)) {
      throw this.unsupported('only seeds whose stream starts at its beginning are supported');
    }
    return seed;
  }

  /** Atomic pattern of a ciphertext, 8 bytes: standard, key switch before bootstrap. */
  keySwitchFirst(): void {
    if (this.u32() !== 0) throw this.unsupported('only the standard atomic pattern is supported');
    if (this.u32() !== 0) throw this.unsupported('only the order key switch, then bootstrap (KS_PBS) is supported');
  }
}

/** Appends fields to a buffer of known size. */
export class Writer {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  #offset = 0;

  constructor(length: number) {
    this.bytes = new Uint8Array(length);
    this.#view = new DataView(this.bytes.buffer);
  }

  put(bytes: Uint8Array): void {
    this.bytes.set(bytes, this.#offset);
    this.#offset += bytes.length;
  }

  u32(value: number): void {
    this.#view.setUint32(this.#offset, value, true);
    this.#offset += 4;
  }

  u64(value: number): void {
    this.#view.setBigUint64(this.#offset, BigInt(value), true);
    this.#offset += 8;
  }

  /** See {@link Reader.nativeModulus}. */
  nativeModulus(): void {
    this.u64(0);
    this.u64(0);
    this.u64(64);
  }

  /** See {@link Reader.keySwitchFirst}. */
  keySwitchFirst(): void {
    this.u64(0);
  }
}
