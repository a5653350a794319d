/**
 * Drafts: a manifest on its way from steward to steward, as one line of text. First every steward adds its invites, then
 * every steward signs; whoever has all signatures founds the community.
 */
import * as v from 'valibot';
import { compareBytes, equalBytes, fromBase64Url, toBase64Url, type Bytes } from './bytes.ts';
import { decodeCbor, encodeCbor } from './cbor.ts';
import { signerFromSeed, type Signer } from './ed25519.ts';
import { ProtocolError } from './error.ts';
import { bytesUpTo, key, mostStewards, signature } from './fields.ts';
import { sha256 } from './hash.ts';
import { endpointUrl as endpointAddress } from './invite.ts';
import { decodeManifest, encodeManifest, signInvite, type Manifest } from './manifest.ts';
import { mergeSignatures, mostSignedBytes, signMessage, type SignedMessage } from './signed.ts';

export interface Draft {
  readonly endpointUrl: string;
  /** The manifest's body and the signatures so far, of which there may be none. */
  readonly message: SignedMessage;
}

const draftSchema = v.strictTuple([
  endpointAddress,
  bytesUpTo(mostSignedBytes),
  v.pipe(v.array(v.strictTuple([key, signature])), v.maxLength(mostStewards)),
]);

/** `base64url(CBOR [endpointUrl, body, [[signer, signature], …]])` */
export const encodeDraft = ({ endpointUrl, message: { body, signatures } }: Draft): string =>
  toBase64Url(encodeCbor([endpointUrl, body, signatures.map(({ signer, signature }) => [signer, signature])]));

/** @throws {ProtocolError} `malformed`, `bad-manifest` */
export function decodeDraft(text: string): Draft {
  const encoded = fromBase64Url(text.trim());
  if (encoded === null) throw new ProtocolError('malformed', 'This is no whole draft of a community');
  const [url, body, pairs] = decodeCbor(draftSchema, encoded, 'The draft');
  decodeManifest(body);
  return {
    endpointUrl: url,
    message: { body, signatures: pairs.map(([signer, signature]) => ({ signer, signature })) },
  };
}

/** A draft that nobody has signed, of a manifest without invites. */
export const newDraft = (url: string, manifest: Omit<Manifest, 'invites' | 'salt'>): Draft => ({
  endpointUrl: url,
  message: {
    body: encodeManifest({ ...manifest, invites: [], salt: crypto.getRandomValues(new Uint8Array(16)) }),
    signatures: [],
  },
});

/** The steward's index in a draft's or community's manifest. @throws {ProtocolError} `wrong-signer` */
export function stewardIndexOf({ stewards }: Pick<Manifest, 'stewards'>, publicKey: Uint8Array): number {
  const index = stewards.findIndex((steward) => equalBytes(steward.key, publicKey));
  if (index === -1) throw new ProtocolError('wrong-signer', 'This key is not one of the community’s stewards');
  return index;
}

/**
 * Adds a steward's invites. Signatures so far are dropped: they were under another manifest.
 *
 * @param seeds - secret seeds of the invites, which the steward keeps for its links
 */
export async function addInvites(draft: Draft, signer: Signer, seeds: readonly Bytes[]): Promise<Draft> {
  const manifest = decodeManifest(draft.message.body);
  const steward = stewardIndexOf(manifest, signer.publicKey);
  const added = await Promise.all(
    seeds.map(async (seed) => signInvite(manifest.salt, (await signerFromSeed(seed)).publicKey, steward, signer)),
  );
  const invites = [...manifest.invites, ...added].sort((a, b) => compareBytes(a.key, b.key));
  const body = encodeManifest({ ...manifest, invites });
  decodeManifest(body);
  return { ...draft, message: { body, signatures: [] } };
}

/** Signs a draft as one of its stewards. */
export async function signDraft(draft: Draft, signer: Signer): Promise<Draft> {
  stewardIndexOf(decodeManifest(draft.message.body), signer.publicKey);
  const signed = await signMessage('manifest', draft.message.body, [signer]);
  return { ...draft, message: mergeSignatures(draft.message, signed) };
}

/**
 * One draft with the signatures of both.
 *
 * @throws {ProtocolError} `malformed` if they are of different manifests
 */
export const mergeDrafts = (a: Draft, b: Draft): Draft => ({ ...a, message: mergeSignatures(a.message, b.message) });

/** The id that the community will have, for its phrase. */
export const draftId = ({ message }: Draft): Promise<Bytes> => sha256(message.body);
