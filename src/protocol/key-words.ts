import { wordlist } from '@scure/bip39/wordlists/english.js';
import { concatBytes, utf8, type Bytes } from './bytes.ts';
import { sha256 } from './hash.ts';

const bitsOfWord = 11;
const words = 8;

/**
 * A key's fingerprint in words, for people to compare: SHA-256 of what kind of key it is and its bytes, the first 88 bits
 * as eight words of the English list of BIP 39. It tells two keys apart and nothing about either.
 */
export async function keyWords(kind: string, key: Uint8Array): Promise<string> {
  const hash: Bytes = await sha256(concatBytes(utf8(`private-energy fingerprint v1 ${kind}\0`), key));
  const bits = Array.from(hash, (byte) => byte.toString(2).padStart(8, '0')).join('');
  return Array.from({ length: words }, (_, i) => {
    const index = Number.parseInt(bits.slice(i * bitsOfWord, (i + 1) * bitsOfWord), 2);
    return wordlist[index] ?? '';
  }).join(' ');
}
