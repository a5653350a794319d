/** Changes of a community at the endpoint, and the log of all that happens to it. */
import { setTimeout as wait } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import {
  communityOf,
  encodeAmendment,
  proposeAmendment,
  signProposal,
  unamended,
  type AmendedCommunity,
  type Change,
} from '../../src/protocol/amendment.ts';
import type { Bytes } from '../../src/protocol/bytes.ts';
import { certify } from '../../src/protocol/certificate.ts';
import type { Signer } from '../../src/protocol/ed25519.ts';
import { follow, neverFollowed, type Followed } from '../../src/protocol/follow.ts';
import { sha256 } from '../../src/protocol/hash.ts';
import { decodeList } from '../../src/protocol/list.ts';
import { checkAnnouncement, encodeRoundKey } from '../../src/protocol/round-key.ts';
import { encodeSigned, signMessage, type SignedMessage } from '../../src/protocol/signed.ts';
import { signWithdrawal } from '../../src/protocol/withdrawal.ts';
import { seedOf, signerOf } from '../protocol/example.ts';
import { MemoryStore } from './memory-store.ts';
import { clientOf, closesMs, exampleEndpoint, fewestHomes, month, startMs, TestCommunity, zeroKey } from './support.ts';

const later = '2026-02';

async function street(homes = fewestHomes + 2) {
  const clock = { ms: startMs };
  const store = new MemoryStore();
  const open = async () => clientOf(await exampleEndpoint({ store, now: () => clock.ms }));
  const client = await open();
  const community = await TestCommunity.make(homes);
  const before: AmendedCommunity = unamended(community.community);
  const start: Followed = { ...neverFollowed(before.founded), amended: before };
  const propose = (change: Partial<Change>, steward = 0, from = before): Promise<SignedMessage> =>
    proposeAmendment(
      from,
      { from: later, invites: [], revoked: [], replaced: [], ...change },
      steward,
      community.steward(steward),
    );
  return { clock, store, open, client, community, id: community.community.id, before, start, propose };
}

const inviteOf = async (name: string): Promise<Signer> => signerOf(name);
const keyOf = ({ invites }: TestCommunity, home: number): Bytes => invites[home]?.publicKey ?? new Uint8Array();

/** The round key of `later` of a steward whose place is taken by a newcomer. */
const newKeyOf = async ({ community }: TestCommunity, newcomer: Signer): Promise<SignedMessage> => {
  const body = encodeRoundKey({
    community: community.id,
    month: later,
    steward: 2,
    schema: 1,
    closesMs,
    publicKey: zeroKey(),
    hpkeKey: await seedOf('a new hpke key'),
  });
  return signMessage('round-key', body, [newcomer]);
};

test('A proposal gathers signatures, and with two of three it is in force and stands in the log', async () => {
  const { client, open, community, id, before, start, propose } = await street();
  await client.registerCommunity(community.manifest);
  const invite = await inviteOf('a late neighbour');
  const proposal = await propose({ invites: [invite.publicKey] });
  await client.postAmendment(id, proposal);
  await client.postAmendment(id, proposal);
  expect(await client.amendments(id)).toEqual([]);
  const [shown] = await client.proposals(id);
  if (shown === undefined) throw new Error('no proposal');
  expect(encodeSigned(shown)).toEqual(encodeSigned(proposal));
  expect((await follow(client, start)).amended.amendments).toEqual([]);

  const second = await signProposal(shown, before, community.steward(2));
  await client.postAmendment(id, second);
  expect(await client.proposals(id)).toEqual([]);
  const { amended, position } = await follow(client, start);
  expect(amended.amendments).toHaveLength(1);
  expect(position.count).toBe(1);
  // Said again it is no error; another one of the same number does not follow.
  await client.postAmendment(id, second);
  const other = await propose({ revoked: [keyOf(community, 1)] }, 1);
  await expect(client.postAmendment(id, other)).rejects.toMatchObject({ code: 'bad-amendment' });
  // A process that starts anew finds all of it.
  const again = await open();
  expect((await follow(again, start)).position).toEqual(position);
});

test('A steward takes its signature back while the amendment is not in force, and only its own', async () => {
  const { client, community, id, before, propose } = await street();
  await client.registerCommunity(community.manifest);
  const proposal = await propose({ revoked: [keyOf(community, 0)] });
  const amendment = await sha256(proposal.body);
  const withdraw = async (steward: Signer) =>
    client.postWithdrawal(id, await signWithdrawal({ community: id, amendment }, steward));
  await client.postAmendment(id, proposal);
  await withdraw(community.steward(1));
  expect(await client.proposals(id)).toHaveLength(1);
  await expect(withdraw(await signerOf('a stranger'))).rejects.toMatchObject({ code: 'wrong-signer', status: 403 });
  await withdraw(community.steward(0));
  await withdraw(community.steward(0));
  expect(await client.proposals(id)).toEqual([]);
  // Alone the second signature is not enough now; signed again, the first one counts.
  await client.postAmendment(id, await signProposal(proposal, before, community.steward(1)));
  expect(await client.amendments(id)).toEqual([]);
  await client.postAmendment(id, proposal);
  expect(await client.amendments(id)).toHaveLength(1);
  await expect(withdraw(community.steward(0))).rejects.toMatchObject({ code: 'already-decided' });
});

test('Strangers, and stewards of what is no next amendment, are refused', async () => {
  const { client, community, id, before, propose } = await street();
  await client.registerCommunity(community.manifest);
  const proposal = await propose({ revoked: [keyOf(community, 0)] });
  const stranger = await signMessage('amendment', proposal.body, [await signerOf('a stranger')]);
  await expect(client.postAmendment(id, stranger)).rejects.toMatchObject({ code: 'wrong-signer', status: 403 });
  const skipped = encodeAmendment({
    community: id,
    number: 2,
    previous: before.last,
    from: later,
    invites: [],
    revoked: [keyOf(community, 0)],
    replaced: [],
  });
  const ahead = await signMessage('amendment', skipped, [community.steward(0), community.steward(1)]);
  await expect(client.postAmendment(id, ahead)).rejects.toMatchObject({ code: 'bad-amendment' });
});

test('A home joins a round that is collecting with an invite of an amendment, and is counted for its issuer', async () => {
  const { client, clock, community, id, before, start, propose } = await street();
  const announcement = await community.announce(client);
  const invite = await inviteOf('a late neighbour');
  const member = await signerOf('a late member');
  const late = await community.contribution(announcement, 0, 1, {
    member,
    tag: 77,
    invite: invite.publicKey,
    certificates: [await certify(id, member.publicKey, invite)],
  });
  const round = community.round();
  await expect(client.contribute(round, late)).rejects.toMatchObject({ code: 'unknown-invite', status: 403 });
  const proposal = await propose({ invites: [invite.publicKey] });
  await client.postAmendment(id, proposal);
  await client.postAmendment(id, await signProposal(proposal, before, community.steward(1)));
  await client.contribute(round, late);
  for (let home = 1; home < fewestHomes; home++) {
    await client.contribute(round, await community.contribution(announcement, home));
  }
  clock.ms = closesMs;
  const message = await client.list(round);
  const list = decodeList(message?.body ?? new Uint8Array());
  expect(list.groups).toEqual([{ name: 'community', homes: fewestHomes }]);
  expect(await client.usedInvites(id)).toContainEqual(invite.publicKey);
  const { entries } = await follow(client, start);
  const count = (kind: string) => entries.filter((entry) => entry.kind === kind).length;
  expect(['announcement', 'amendment', 'binding', 'list'].map(count)).toEqual([1, 1, fewestHomes, 1]);
  expect(entries.at(-1)).toEqual({ kind: 'list', hash: await sha256(message?.body ?? new Uint8Array()) });
});

test('An invite that was taken back is refused from its month on, and a round that homes take part in stays', async () => {
  const { client, community, id, before, propose } = await street();
  const announcement = await community.announce(client);
  await client.contribute(community.round(), await community.contribution(announcement, 0));
  const now = await propose({ from: month, revoked: [keyOf(community, 1)] });
  await expect(client.postAmendment(id, now)).rejects.toMatchObject({ code: 'too-early' });
  const proposal = await propose({ revoked: [keyOf(community, 1)] });
  await client.postAmendment(id, proposal);
  await client.postAmendment(id, await signProposal(proposal, before, community.steward(1)));
  await client.contribute(community.round(), await community.contribution(announcement, 1));
  const next = await community.announce(client, later);
  await client.contribute(community.round(later), await community.contribution(next, 0));
  const refused = client.contribute(community.round(later), await community.contribution(next, 1));
  await expect(refused).rejects.toMatchObject({ code: 'unknown-invite' });
});

test('A new steward’s key takes the place of the old one’s, also in rounds that were announced ahead', async () => {
  const { client, community, id, before, start, propose } = await street();
  await community.announce(client);
  const old = await community.announce(client, later);
  await client.close(community.round(later), await community.close(old, [0]));
  const newcomer = await signerOf('the steward’s new phone');
  const replaced = [{ steward: 2, name: 'Carla again', key: newcomer.publicKey }];
  const proposal = await propose({ replaced });
  await client.postAmendment(id, proposal);
  await client.postAmendment(id, await signProposal(proposal, before, community.steward(1)));
  expect(await client.announcement(community.round())).toBeDefined();
  expect(await client.announcement(community.round(later))).toBeUndefined();
  await expect(client.postRoundKey(id, await community.roundKey(2, later))).rejects.toMatchObject({
    code: 'wrong-signer',
  });
  await client.postRoundKey(id, await newKeyOf(community, newcomer));
  const { amended } = await follow(client, start);
  const bytes = await client.announcement(community.round(later));
  const next = await checkAnnouncement(bytes ?? new Uint8Array(), communityOf(amended, later));
  expect(next.hash).not.toEqual(old.hash);
  await client.contribute(community.round(later), await community.contribution(next, 0));
  const stale = client.contribute(community.round(later), await community.contribution(old, 1));
  await expect(stale).rejects.toMatchObject({ code: 'wrong-announcement' });
  // Who wanted the old round closed has not said so of the new one, and can.
  expect((await client.stewardWords(community.round(later))).closes).toEqual([]);
  await client.close(community.round(later), await community.close(next, [0]));
  // The proposal said once more drops nothing of the new round.
  await client.postAmendment(id, proposal);
  expect(await client.announcement(community.round(later))).toEqual(bytes);
  expect((await client.stewardWords(community.round(later))).closes).toEqual([0]);
});

test('A round’s last key that comes with the amendment that replaces its steward leaves no announcement behind', async () => {
  const { store, client, community, id, before, propose } = await street();
  await client.registerCommunity(community.manifest);
  for (const steward of [0, 1]) await client.postRoundKey(id, await community.roundKey(steward, later));
  const newcomer = await signerOf('the steward’s new phone');
  const proposal = await propose({ replaced: [{ steward: 2, name: 'Carla again', key: newcomer.publicKey }] });
  await client.postAmendment(id, proposal);

  const second = await signProposal(proposal, before, community.steward(1));
  const create = store.create.bind(store);
  let amending: Promise<void> | undefined;
  vi.spyOn(store, 'create').mockImplementation(async (name, bytes) => {
    if (name.endsWith('/announcement') && amending === undefined) {
      amending = client.postAmendment(id, second);
      await Promise.race([amending, wait(100)]);
    }
    return create(name, bytes);
  });
  await client.postRoundKey(id, await community.roundKey(2, later));
  expect(amending).toBeDefined();
  await amending;
  expect(await client.announcement(community.round(later))).toBeUndefined();
  await client.postRoundKey(id, await newKeyOf(community, newcomer));
  expect(await client.announcement(community.round(later))).toBeDefined();
});
