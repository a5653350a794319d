/**
 * The one encoding of all messages: CBOR (RFC 8949) in its core deterministic form (section 4.2.1), of integers, byte
 * strings, texts, booleans, null, arrays and maps with text keys. No floats, no tags.
 */
import { decode, encode, rfc8949EncodeOptions } from 'cborg';
import * as v from 'valibot';
import { equalBytes, ownBytes, type Bytes } from './bytes.ts';
import { ProtocolError } from './error.ts';

export type CborValue =
  number | string | boolean | null | Uint8Array | readonly CborValue[] | { readonly [key: string]: CborValue };

export function encodeCbor(value: CborValue): Bytes {
  return ownBytes(encode(value, rfc8949EncodeOptions));
}

const strict = { strict: true, allowIndefinite: false, allowUndefined: false, allowInfinity: false, allowNaN: false };

const decodeCanonical = (bytes: Uint8Array): unknown => {
  const value: unknown = decode(bytes, { ...strict, allowBigInt: false, rejectDuplicateMapKeys: true });
  // Map order and floats slip through a strict reading; a second encoding shows them.
  if (!equalBytes(encode(value, rfc8949EncodeOptions), bytes)) throw new Error('not in canonical form');
  return value;
};

/**
 * Reads canonical CBOR of a known shape.
 *
 * @param what - the message in words, for the error's text
 * @throws {ProtocolError} `malformed` if the bytes are not the canonical encoding of a value that fits the schema
 */
export function decodeCbor<T>(schema: v.GenericSchema<unknown, T>, bytes: Uint8Array, what: string): T {
  let value: unknown;
  try {
    value = decodeCanonical(bytes);
  } catch (cause) {
    throw new ProtocolError('malformed', `This cannot be read: ${what}.`, { cause });
  }
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (!result.success) {
    const [issue] = result.issues;
    throw new ProtocolError('malformed', `This cannot be read: ${what}, at “${v.getDotPath(issue) ?? ''}”.`, {
      cause: issue.message,
    });
  }
  return result.output;
}
