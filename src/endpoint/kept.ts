/** What the ledger keeps of contributions; their ciphertexts are blobs. */
import * as v from 'valibot';
import type { Bytes } from '../protocol/bytes.ts';
import { decodeCbor, encodeCbor } from '../protocol/cbor.ts';
import { sealedFingerprintBytes } from '../protocol/contribution.ts';
import { bytes, bytesUpTo, instantMs, mostStewards } from '../protocol/fields.ts';
import { decodeSigned, encodeSigned, type SignedMessage } from '../protocol/signed.ts';
import type { Core, Round } from './core.ts';

const keptSchema = v.strictTuple([
  bytesUpTo(8192),
  v.pipe(v.array(bytes(sealedFingerprintBytes)), v.maxLength(mostStewards)),
  instantMs,
]);

export interface KeptContribution {
  readonly signed: SignedMessage;
  readonly sealedFingerprints: readonly Bytes[];
  readonly receivedMs: number;
}

export const encodeKept = ({ signed, sealedFingerprints, receivedMs }: KeptContribution): Bytes =>
  encodeCbor([encodeSigned(signed), sealedFingerprints, receivedMs]);

/** Ledger name of a home's version; ten digits, so that names sort like numbers. */
export const keptName = ({ prefix }: Round, invite: string, version: number): string =>
  `${prefix}/contributions/${invite}-${String(version).padStart(10, '0')}`;

/** Versions that are there, ascending, by invite in hex, ascending too. */
export async function keptVersions(core: Core, { prefix }: Round): Promise<Map<string, number[]>> {
  const versions = new Map<string, number[]>();
  for (const name of await core.store.list(`${prefix}/contributions`)) {
    const [invite = '', version] = name.split('-');
    const earlier = versions.get(invite);
    if (earlier === undefined) versions.set(invite, [Number(version)]);
    else earlier.push(Number(version));
  }
  return versions;
}

export async function readKept(
  core: Core,
  round: Round,
  invite: string,
  version: number,
): Promise<KeptContribution | undefined> {
  const entry = await core.store.read(keptName(round, invite, version));
  if (entry === undefined) return undefined;
  const [signed, sealedFingerprints, receivedMs] = decodeCbor(keptSchema, entry, 'A kept contribution');
  return { signed: decodeSigned(signed), sealedFingerprints, receivedMs };
}
