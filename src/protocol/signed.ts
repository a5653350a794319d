/**
 * Signed messages: the CBOR array `[body, [[signer, signature], …]]`, signatures in ascending order of distinct
 * signers. A signature is Ed25519 over `"private-energy <type> v1"`, a zero byte and the body, so that no message can
 * pass for one of another type.
 */
import * as v from 'valibot';
import { compareBytes, concatBytes, equalBytes, utf8, type Bytes } from './bytes.ts';
import { decodeCbor, encodeCbor } from './cbor.ts';
import { verifyEd25519, type Signer } from './ed25519.ts';
import { ProtocolError } from './error.ts';
import { bytesUpTo, key, mostStewards, signature } from './fields.ts';

export type MessageType =
  | 'founding'
  | 'manifest'
  | 'amendment'
  | 'withdrawal'
  | 'invite'
  | 'certificate'
  | 'round-key'
  | 'contribution'
  | 'receipt'
  | 'close'
  | 'list'
  | 'culprits'
  | 'seal'
  | 'opening'
  | 'norms'
  | 'leave'
  | 'head'
  | 'read'
  | 'comparison-key'
  | 'comparison'
  | 'comparison-result';

export interface Signature {
  /** The signer's public key, 32 bytes. */
  readonly signer: Bytes;
  readonly signature: Bytes;
}

export interface SignedMessage {
  /** Canonical CBOR of the message's fields. */
  readonly body: Bytes;
  /** At least one, ascending by signer. */
  readonly signatures: readonly Signature[];
}

/** Largest body: the list of 1,000 homes and nine stewards is about 0.8 MB. */
const mostBodyBytes = 1 << 20;
/** Largest encoded signed message. */
export const mostSignedBytes = mostBodyBytes + 1024;

const signedSchema = v.strictTuple([
  bytesUpTo(mostBodyBytes),
  v.pipe(v.array(v.strictTuple([key, signature])), v.minLength(1), v.maxLength(mostStewards)),
]);

/** What a signature of this type of message covers. */
export function signingInput(type: MessageType, body: Uint8Array): Bytes {
  return concatBytes(utf8(`private-energy ${type} v1`), new Uint8Array(1), body);
}

const ascending = (signatures: readonly Signature[]): Signature[] =>
  [...signatures].sort((a, b) => compareBytes(a.signer, b.signer));

/** Signs a body with every signer. */
export async function signMessage(type: MessageType, body: Bytes, signers: readonly Signer[]): Promise<SignedMessage> {
  const input = signingInput(type, body);
  const signatures = await Promise.all(
    signers.map(async (signer) => ({ signer: signer.publicKey, signature: await signer.sign(input) })),
  );
  return { body, signatures: ascending(signatures) };
}

export function encodeSigned(message: SignedMessage): Bytes {
  return encodeCbor([message.body, message.signatures.map(({ signer, signature }) => [signer, signature])]);
}

/**
 * Reads a signed message without checking its signatures or its body.
 *
 * @throws {ProtocolError} `malformed`
 */
export function decodeSigned(bytes: Uint8Array): SignedMessage {
  const [body, pairs] = decodeCbor(signedSchema, bytes, 'A signed message');
  const signatures = pairs.map(([signer, signature]) => ({ signer, signature }));
  signatures.forEach(({ signer }, i) => {
    const before = signatures[i - 1];
    if (before !== undefined && compareBytes(before.signer, signer) >= 0) {
      throw new ProtocolError('malformed', 'A signed message names its signers in ascending order, each once');
    }
  });
  return { body, signatures };
}

/**
 * Checks every signature.
 *
 * @throws {ProtocolError} `bad-signature` if any is not valid for this type and body
 */
export async function verifySignatures(type: MessageType, message: SignedMessage): Promise<void> {
  const input = signingInput(type, message.body);
  const valid = await Promise.all(
    message.signatures.map(({ signer, signature }) => verifyEd25519(signer, signature, input)),
  );
  if (valid.includes(false)) throw new ProtocolError('bad-signature', `A signature of the ${type} is not valid`);
}

/**
 * Checks that a message bears one valid signature, by the given key.
 *
 * @throws {ProtocolError} `wrong-signer`, `bad-signature`
 */
export async function verifySignedBy(type: MessageType, message: SignedMessage, signer: Uint8Array): Promise<void> {
  const [only] = message.signatures;
  if (only === undefined || message.signatures.length > 1 || !equalBytes(only.signer, signer)) {
    throw new ProtocolError('wrong-signer', `The ${type} is not signed by the key that it must be signed by`);
  }
  await verifySignatures(type, message);
}

/**
 * Checks that at least `least` of the given keys, and nobody else, have signed.
 *
 * @throws {ProtocolError} `wrong-signer`, `bad-signature`
 */
export async function verifySignedByMany(
  type: MessageType,
  message: SignedMessage,
  signers: readonly Uint8Array[],
  least: number,
): Promise<void> {
  const foreign = message.signatures.some(({ signer }) => !signers.some((known) => equalBytes(known, signer)));
  if (foreign || message.signatures.length < least) {
    throw new ProtocolError(
      'wrong-signer',
      `The ${type} must be signed by ${least} or more of its ${signers.length} stewards`,
    );
  }
  await verifySignatures(type, message);
}

/**
 * One message with the signatures of both, which must have the same body.
 *
 * @throws {ProtocolError} `malformed` if the bodies differ
 */
export function mergeSignatures(a: SignedMessage, b: SignedMessage): SignedMessage {
  if (!equalBytes(a.body, b.body))
    throw new ProtocolError('malformed', 'Only signatures of the same body can be merged');
  const more = b.signatures.filter(({ signer }) => !a.signatures.some((known) => equalBytes(known.signer, signer)));
  return { body: a.body, signatures: ascending([...a.signatures, ...more]) };
}
