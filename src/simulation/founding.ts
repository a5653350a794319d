/** Founds a community whose stewards and invites all have their secret seeds here: for the demo, the simulation and tests. */
import * as v from 'valibot';
import { compareBytes, type Bytes } from '../protocol/bytes.ts';
import { decodeCbor, encodeCbor } from '../protocol/cbor.ts';
import { randomSeed, signerFromSeed, type Signer } from '../protocol/ed25519.ts';
import { bytes, bytesUpTo } from '../protocol/fields.ts';
import { schemaVersion } from '../protocol/features.ts';
import { encodeManifest, signInvite, type Manifest } from '../protocol/manifest.ts';
import { decodeSigned, encodeSigned, mostSignedBytes, signMessage, type SignedMessage } from '../protocol/signed.ts';

export interface Founding {
  readonly manifest: SignedMessage;
  readonly stewardSeeds: readonly Bytes[];
  /** In the order in which they are given out; the stewards take turns in issuing them. */
  readonly inviteSeeds: readonly Bytes[];
}

export type Charter = Pick<
  Manifest,
  'name' | 'threshold' | 'minimumHomes' | 'cohorts' | 'publishes' | 'endpointKey' | 'lookHours' | 'retentionDays'
> & { readonly stewards: readonly string[]; readonly invites: number };

const at = <T>(items: readonly T[], index: number): T => {
  const item = items[index];
  if (item === undefined) throw new RangeError(`index ${index} of ${items.length}`);
  return item;
};

/** Makes all keys, and the manifest that all stewards sign. */
export async function foundCommunity({ stewards, invites, ...charter }: Charter): Promise<Founding> {
  const stewardSeeds = stewards.map(randomSeed);
  const inviteSeeds = Array.from({ length: invites }, randomSeed);
  const signers = await Promise.all(stewardSeeds.map(signerFromSeed));
  const salt = randomSeed().slice(0, 16);
  const signed = inviteSeeds.map(async (seed, i) => {
    const steward = i % signers.length;
    return signInvite(salt, (await signerFromSeed(seed)).publicKey, steward, at(signers, steward));
  });
  const body = encodeManifest({
    ...charter,
    schema: schemaVersion,
    stewards: stewards.map((name, i) => ({ name, key: at<Signer>(signers, i).publicKey })),
    invites: (await Promise.all(signed)).sort((a, b) => compareBytes(a.key, b.key)),
    salt,
  });
  return { manifest: await signMessage('manifest', body, signers), stewardSeeds, inviteSeeds };
}

const foundingSchema = v.strictTuple([bytesUpTo(mostSignedBytes), v.array(bytes(32)), v.array(bytes(32))]);

export const encodeFounding = ({ manifest, stewardSeeds, inviteSeeds }: Founding): Bytes =>
  encodeCbor([encodeSigned(manifest), stewardSeeds, inviteSeeds]);

/** @throws {ProtocolError} `malformed` */
export function decodeFounding(encoded: Uint8Array): Founding {
  const [manifest, stewardSeeds, inviteSeeds] = decodeCbor(foundingSchema, encoded, 'The demo community’s record');
  return { manifest: decodeSigned(manifest), stewardSeeds, inviteSeeds };
}
