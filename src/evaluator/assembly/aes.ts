// AES-128 encryption (FIPS 197) by look-up tables. It expands public seeds only, so that its data-dependent
// look-ups reveal nothing.
import { aesTables, roundKeys } from './shape';

/** Four tables of 256 words: S-box and MixColumns in one, each the former rotated by a byte. */
const columnTables: usize = 4 << 10;
const sBox: usize = columnTables;

/** Multiplication by x in GF(2^8). */
@inline function double(byte: u32): u32 {
  return ((byte << 1) ^ (byte >> 7 != 0 ? 0x11b : 0)) & 0xff;
}

@inline function substitute(byte: u32): u32 {
  return load<u8>(aesTables + sBox + (byte & 0xff));
}

/** Fills the tables: the S-box is the inverse in GF(2^8), walked with generator 3 and its inverse, then an affine map. */
export function buildAesTables(): void {
  let p: u32 = 1;
  let q: u32 = 1;
  do {
    p = p ^ double(p);
    q ^= q << 1;
    q ^= q << 2;
    q ^= q << 4;
    q &= 0xff;
    if (q & 0x80) q ^= 0x09;
    const x = <u8>q;
    store<u8>(aesTables + sBox + p, x ^ rotl(x, 1) ^ rotl(x, 2) ^ rotl(x, 3) ^ rotl(x, 4) ^ 0x63);
  } while (p != 1);
  store<u8>(aesTables + sBox, 0x63);
  for (let i: u32 = 0; i < 256; i++) {
    const s = substitute(i);
    const twice = double(s);
    let column: u32 = twice | (s << 8) | (s << 16) | ((twice ^ s) << 24);
    for (let t: usize = 0; t < 4; t++) {
      store<u32>(aesTables + (t << 10) + (i << 2), column);
      column = rotl(column, 8);
    }
  }
}

/** Expands the 16-byte key at `key` to eleven round keys. */
export function setAesKey(key: usize): void {
  const words = roundKeys;
  memory.copy(words, key, 16);
  let constant: u32 = 1;
  for (let i: usize = 4; i < 44; i++) {
    let word = load<u32>(words + ((i - 1) << 2));
    if ((i & 3) == 0) {
      word = rotr(word, 8);
      word = substitute(word) | (substitute(word >> 8) << 8) | (substitute(word >> 16) << 16) | (substitute(word >> 24) << 24);
      word ^= constant;
      constant = double(constant);
    }
    store<u32>(words + (i << 2), word ^ load<u32>(words + ((i - 4) << 2)));
  }
}

/** One output column of a middle round, from the diagonal a, b, c, d of the state. */
@inline function roundColumn(tables: usize, a: u32, b: u32, c: u32, d: u32): u32 {
  return load<u32>(tables + ((a & 0xff) << 2))
    ^ load<u32>(tables + (((b >> 8) & 0xff) << 2), 1024)
    ^ load<u32>(tables + (((c >> 16) & 0xff) << 2), 2048)
    ^ load<u32>(tables + ((d >> 24) << 2), 3072);
}

@inline function lastColumn(a: u32, b: u32, c: u32, d: u32): u32 {
  return substitute(a) | (substitute(b >> 8) << 8) | (substitute(c >> 16) << 16) | (substitute(d >> 24) << 24);
}

/** Writes the 16 bytes of AES(key, counter as 128-bit little-endian number) to `out`. */
export function encryptCounter(counter: u32, out: usize): void {
  const tables = aesTables;
  let key = roundKeys;
  let s0 = counter ^ load<u32>(key);
  let s1 = load<u32>(key, 4);
  let s2 = load<u32>(key, 8);
  let s3 = load<u32>(key, 12);
  for (let round = 1; round < 10; round++) {
    key += 16;
    const t0 = roundColumn(tables, s0, s1, s2, s3) ^ load<u32>(key);
    const t1 = roundColumn(tables, s1, s2, s3, s0) ^ load<u32>(key, 4);
    const t2 = roundColumn(tables, s2, s3, s0, s1) ^ load<u32>(key, 8);
    const t3 = roundColumn(tables, s3, s0, s1, s2) ^ load<u32>(key, 12);
    s0 = t0;
    s1 = t1;
    s2 = t2;
    s3 = t3;
  }
  store<u32>(out, lastColumn(s0, s1, s2, s3) ^ load<u32>(key, 16));
  store<u32>(out, lastColumn(s1, s2, s3, s0) ^ load<u32>(key, 20), 4);
  store<u32>(out, lastColumn(s2, s3, s0, s1) ^ load<u32>(key, 24), 8);
  store<u32>(out, lastColumn(s3, s0, s1, s2) ^ load<u32>(key, 28), 12);
}
