/** A round from its announcement to its norms, as stewards and homes drive it: for the demo community and `simulate`. */
import { setImmediate } from 'node:timers/promises';
import { makeContribution, type ContributionInput, type Member } from '../lib/fhe/make-contribution.ts';
import { decryptTotal, makeRoundKey } from '../lib/fhe/contribution.ts';
import { lazyTfhe } from '../lib/fhe/lazy-node.ts';
import type { TfheModule } from '../lib/fhe/tfhe-module.ts';
import { concatBytes, utf8, type Bytes } from '../protocol/bytes.ts';
import { certify } from '../protocol/certificate.ts';
import { encodeContribution } from '../protocol/contribution.ts';
import { signerFromSeed } from '../protocol/ed25519.ts';
import type { EndpointClient, RoundAddress } from '../protocol/endpoint-client.ts';
import { logCheck, neverFollowed } from '../protocol/follow.ts';
import { sha256 } from '../protocol/hash.ts';
import type { Community } from '../protocol/manifest.ts';
import type { OpenedRound } from '../protocol/norms-message.ts';
import { checkReceipt } from '../protocol/receipt.ts';
import { mergeSignatures } from '../protocol/signed.ts';
import { Steward, type StewardEncryption, type StewardStore } from '../protocol/steward.ts';

/** What stewards do with `tfhe`, on Node. */
export const nodeEncryption: StewardEncryption = {
  makeRoundKey: () => makeRoundKey(lazyTfhe()),
  decryptTotal: (secretKey, total) => decryptTotal(lazyTfhe(), secretKey, total),
};

/** All stewards of a community, from their secret seeds. */
export const stewardsOf = (
  community: Community,
  seeds: readonly Bytes[],
  endpointOf: (steward: number) => EndpointClient,
  storeOf: (steward: number) => StewardStore,
): Promise<Steward[]> =>
  Promise.all(
    seeds.map(async (seed, steward) => {
      const signer = await signerFromSeed(seed);
      return new Steward({
        community,
        steward,
        signer,
        endpoint: endpointOf(steward),
        inLog: logCheck(endpointOf(steward), neverFollowed(community)),
        store: storeOf(steward),
        encryption: nodeEncryption,
        now: Date.now,
      });
    }),
  );

/** The member that a simulated home is: its key follows from its invite's seed, so that nothing else need be kept. */
export async function memberOfInvite(community: Bytes, inviteSeed: Bytes): Promise<Member> {
  const invite = await signerFromSeed(inviteSeed);
  const signer = await signerFromSeed(await sha256(concatBytes(utf8('simulated member'), inviteSeed)));
  return { invite: invite.publicKey, certificates: [await certify(community, signer.publicKey, invite)], signer };
}

/** What one contribution took. */
export interface Contributed {
  readonly bytes: number;
  readonly encryptMs: number;
}

/**
 * Encrypts one home's contribution, sends it and checks the receipt.
 *
 * @throws {EndpointError} if the endpoint refuses it
 * @throws {ProtocolError} if the receipt is not for it
 */
export async function contribute(
  endpoint: EndpointClient,
  member: Member,
  input: ContributionInput,
  tfhe: TfheModule = lazyTfhe(),
): Promise<Contributed> {
  // Encryption holds the thread; a server in this process gets its turn between homes.
  await setImmediate();
  const startMs = performance.now();
  const contribution = await makeContribution(tfhe, member, input);
  const bytes = encodeContribution(contribution);
  const encryptMs = performance.now() - startMs;
  const round = { community: input.community.id, month: input.announcement.month };
  await checkReceipt(await endpoint.contribute(round, bytes), input.community, contribution.signed);
  return { bytes: bytes.length, encryptMs };
}

const nobody = (): never => {
  throw new RangeError('A community has stewards');
};

/** Closes a round before its date, in the name of as many stewards as it takes. */
export async function closeRound(
  stewards: readonly Steward[],
  { manifest }: Community,
  endpoint: EndpointClient,
  round: RoundAddress,
): Promise<void> {
  const words = await Promise.all(
    stewards.slice(0, manifest.threshold).map((steward) => steward.signClose(round.month)),
  );
  await endpoint.close(round, words.reduce(mergeSignatures));
}

export type OpeningStep = 'check' | 'open' | 'publish';
export type OpeningProgress = (step: OpeningStep, done: number, total: number) => void;

/**
 * Lets every steward check and seal a closed round, open it, and publish its norms. Can be called again after a failure
 * on the way.
 */
export async function openRound(
  stewards: readonly Steward[],
  month: string,
  progress: OpeningProgress = () => undefined,
): Promise<OpenedRound> {
  const total = stewards.length;
  for (const [done, steward] of stewards.entries()) {
    progress('check', done, total);
    await setImmediate();
    await steward.check(month);
  }
  for (const steward of stewards) await steward.seal(month);
  for (const [done, steward] of stewards.entries()) {
    progress('open', done, total);
    await steward.open(month);
  }
  let opened: OpenedRound | undefined;
  for (const [done, steward] of stewards.entries()) {
    progress('publish', done, total);
    opened = await steward.publishNorms(month);
  }
  return opened ?? nobody();
}
