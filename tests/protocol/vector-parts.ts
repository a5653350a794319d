/** What the test vectors of all messages are made of: good ones, and the faults that any message can have. */
import { concatBytes, toHex, type Bytes } from '../../src/protocol/bytes.ts';
import { encodeCbor, type CborValue } from '../../src/protocol/cbor.ts';
import type { Signer } from '../../src/protocol/ed25519.ts';
import { encodeSigned, signMessage, type MessageType, type SignedMessage } from '../../src/protocol/signed.ts';
import type { Example } from './example.ts';

/** A value as JSON has it: byte strings are lower-case hex. */
export type Json = number | string | boolean | null | Json[] | { [key: string]: Json };

export interface Good {
  readonly name: string;
  /** Hex of the message. */
  readonly bytes: string;
  /** The fields of its body. */
  readonly value: Json;
}

export interface Bad {
  readonly name: string;
  readonly bytes: string;
  /** Code of the check that must refuse it. */
  readonly refused: string;
}

export interface Vectors {
  readonly message: string;
  /** What a reader must know beforehand, by name; byte strings as hex. */
  readonly context: { readonly [name: string]: Json };
  readonly good: readonly Good[];
  readonly bad: readonly Bad[];
}

export const toJson = (value: CborValue): Json => {
  if (value instanceof Uint8Array) return toHex(value);
  if (Array.isArray(value)) return value.map((item: CborValue) => toJson(item));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toJson(item)]));
  }
  return value;
};

export type Fields = Record<string, CborValue>;

/** CBOR of a map whose keys come in the given order, whatever that is. */
export const rawMap = (entries: readonly (readonly [string, CborValue])[]): Bytes =>
  concatBytes(
    Uint8Array.of(0xa0 + entries.length),
    ...entries.flatMap(([key, value]) => [encodeCbor(key), encodeCbor(value)]),
  );

export const canonicalOrder = (fields: Fields): (readonly [string, CborValue])[] =>
  Object.entries(fields).sort(([a], [b]) => a.length - b.length || (a < b ? -1 : 1));

/** What can be wrong with any map: name of the fault, and the faulty bytes. */
export function mapFaults(fields: Fields): (readonly [string, Bytes])[] {
  const entries = canonicalOrder(fields);
  const [first] = entries;
  if (first === undefined) throw new Error('no fields');
  const honest = encodeCbor(fields);
  return [
    ['the body’s keys are in the opposite order', rawMap([...entries].reverse())],
    ['a key of the body stands there twice', rawMap([first, ...entries])],
    [
      'the body’s length takes two bytes where one would do',
      concatBytes(Uint8Array.of(0xb8), Uint8Array.of(entries.length), honest.slice(1)),
    ],
    ['the body is a map of indefinite length', concatBytes(Uint8Array.of(0xbf), honest.slice(1), Uint8Array.of(0xff))],
    ['a field is missing', encodeCbor(Object.fromEntries(entries.slice(1)))],
    ['there is a field too many', encodeCbor({ ...fields, extra: 0 })],
    ['a field is null', encodeCbor({ ...fields, [first[0]]: null })],
    ['a byte follows the body', concatBytes(honest, new Uint8Array(1))],
    ['the body lacks its last byte', honest.slice(0, -1)],
  ];
}

export interface Subject {
  readonly type: MessageType;
  readonly fields: Fields;
  readonly signers: readonly Signer[];
  /** Whether one signer more than needed is wrong. */
  readonly single: boolean;
  /** A key that may not sign it. */
  readonly stranger: Signer;
}

export const flip = (bytes: Uint8Array, at: number, bit = 1): Bytes =>
  new Uint8Array(bytes.map((byte, i) => (i === at ? byte ^ bit : byte)));

export const bad = (name: string, refused: string, bytes: Uint8Array): Bad => ({ name, refused, bytes: toHex(bytes) });

/** What can be wrong with any signed message. */
export async function signedFaults({ type, fields, signers, single, stranger }: Subject): Promise<Bad[]> {
  const sign = (body: Bytes, by = signers, as = type) => signMessage(as, body, by);
  const body = encodeCbor(fields);
  const honest = await sign(body);
  const foreign = await sign(body, [stranger]);
  const otherType = await sign(body, signers, type === 'seal' ? 'close' : 'seal');
  const [first] = honest.signatures;
  if (first === undefined) throw new Error('no signer');
  const pairs = ({ signatures }: SignedMessage): CborValue[] =>
    signatures.map(({ signer, signature }) => [signer, signature]);
  const encoded = encodeSigned(honest);
  const faults = await Promise.all(
    mapFaults(fields).map(async ([name, faulty]) => bad(name, 'malformed', encodeSigned(await sign(faulty)))),
  );
  return [
    ...faults,
    bad('a byte follows the message', 'malformed', concatBytes(encoded, new Uint8Array(1))),
    bad('there is no signature', 'malformed', encodeCbor([body, []])),
    bad('the same signer twice', 'malformed', encodeCbor([body, [...pairs(honest).slice(0, 1), ...pairs(honest)]])),
    bad('a signature of 63 bytes', 'malformed', encodeCbor([body, [[first.signer, first.signature.slice(1)]]])),
    bad(
      'one bit of a signature flipped',
      'bad-signature',
      encodeSigned({
        body,
        signatures: [{ ...first, signature: flip(first.signature, 40) }, ...honest.signatures.slice(1)],
      }),
    ),
    bad('signed as a message of another type', 'bad-signature', encodeSigned(otherType)),
    bad('signed by a stranger', 'wrong-signer', encodeSigned(foreign)),
    ...(single
      ? [bad('signed by one more than must', 'wrong-signer', encodeSigned(await sign(body, [...signers, stranger])))]
      : []),
  ];
}

/** A signed message with some of its fields changed, otherwise in order. */
export const changed = async (
  { type, fields, signers }: Subject,
  name: string,
  refused: string,
  change: Fields,
): Promise<Bad> =>
  bad(name, refused, encodeSigned(await signMessage(type, encodeCbor({ ...fields, ...change }), signers)));

export const good = async (name: string, { type, fields, signers }: Subject): Promise<Good> => ({
  name,
  bytes: toHex(encodeSigned(await signMessage(type, encodeCbor(fields), signers))),
  value: toJson(fields),
});

export const nth = <T>(items: readonly T[], i: number): T => {
  const item = items[i];
  if (item === undefined) throw new Error(`no item ${i}`);
  return item;
};

export const manifestHex = ({ manifestMessage }: Example): Json => toHex(encodeSigned(manifestMessage));

export const announcementHex = ({ announcementBytes }: Example): Json => toHex(announcementBytes);
