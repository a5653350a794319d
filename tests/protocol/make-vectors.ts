/**
 * Makes the test vectors of every message: good ones, and bad ones with exactly one fault each that a named check must
 * refuse. All keys come from fixed seeds, so that the same vectors are made every time.
 */
import { decode } from 'cborg';
import { concatBytes, toHex, type Bytes } from '../../src/protocol/bytes.ts';
import { encodeCbor, type CborValue } from '../../src/protocol/cbor.ts';
import { certify, type Certificate } from '../../src/protocol/certificate.ts';
import {
  checkSignedContribution,
  encodeContributionBody,
  encodeHeader,
  type CheckedContribution,
  type ContributionHeader,
} from '../../src/protocol/contribution.ts';
import type { Signer } from '../../src/protocol/ed25519.ts';
import { sha256 } from '../../src/protocol/hash.ts';
import { encodeEntries, extend, firstPosition, type LogEntry } from '../../src/protocol/head.ts';
import { correctList, encodeList, makeList, type List } from '../../src/protocol/list.ts';
import { encodeManifest, signInvite, type Manifest } from '../../src/protocol/manifest.ts';
import { computeNorms } from '../../src/protocol/norms-message.ts';
import { splitShares } from '../../src/protocol/shamir.ts';
import { shortenList } from '../../src/protocol/short-list.ts';
import { encodeSigned, signMessage } from '../../src/protocol/signed.ts';
import { exampleContribution, makeExample, month, seedOf, signerOf, type Example } from './example.ts';
import { exampleVector } from './round-example.ts';
import { answerVectors } from './answer-vectors.ts';
import { comparisonVectors } from './comparison-vectors.ts';
import { foundingVectors } from './founding-vectors.ts';
import { linkVectors } from './link-vectors.ts';
import {
  announcementHex,
  bad,
  changed,
  flip,
  good,
  manifestHex,
  nth,
  signedFaults,
  toJson,
  type Fields,
  type Json,
  type Subject,
  type Vectors,
} from './vector-parts.ts';

const homes = 25;

/** All vectors, by the name of their file. */
export async function makeVectors(): Promise<Map<string, Vectors>> {
  const example = await makeExample(homes);
  const stranger = await signerOf('stranger');
  const all = [
    await manifestVectors(example, stranger),
    await roundKeyVectors(example, stranger),
    await announcementVectors(example),
    await contributionVectors(example, stranger),
    await receiptVectors(example, stranger),
    await closeVectors(example, stranger),
    await listVectors(example, stranger),
    await culpritsVectors(example, stranger),
    await sealVectors(example, stranger),
    await openingVectors(example, stranger),
    await normsVectors(example, stranger),
    await amendmentVectors(example, stranger),
    await withdrawalVectors(example, stranger),
    await leaveVectors(example, stranger),
    await headVectors(example, stranger),
    await shortListVectors(example),
    ...(await foundingVectors(stranger)),
    ...(await linkVectors(example, stranger)),
    ...(await comparisonVectors(example, stranger)),
    ...(await answerVectors(example, stranger)),
  ];
  return new Map(all.map((vectors) => [vectors.message, vectors]));
}

const manifestFields = (manifest: Manifest): Fields => ({
  ...manifest,
  stewards: manifest.stewards.map(({ name, key }) => [name, key]),
  invites: manifest.invites.map(({ key, steward, signature }) => [key, steward, signature]),
});

async function manifestVectors(example: Example, stranger: Signer): Promise<Vectors> {
  // A few invites are enough here.
  const manifest = { ...example.community.manifest, invites: example.community.manifest.invites.slice(0, 3) };
  const { stewards: named, invites, salt } = manifest;
  const signers = example.stewards;
  const subject: Subject = { type: 'manifest', fields: manifestFields(manifest), signers, single: false, stranger };
  const fault = (name: string, refused: string, change: Partial<Manifest>) =>
    changed(subject, name, refused, manifestFields({ ...manifest, ...change }));
  const foreignInvite = await signInvite(salt, (await signerOf('new invite')).publicKey, 0, stranger);
  const unnamed = await signMessage('manifest', encodeManifest(manifest), [...signers, stranger]);
  return {
    message: 'manifest',
    context: {},
    good: [
      await good('three stewards, two of whom open', subject),
      await good('without cohorts and invites, publishing nothing', {
        ...subject,
        fields: manifestFields({ ...manifest, cohorts: [], invites: [], publishes: [] }),
      }),
      await good('saying nothing about deletion', {
        ...subject,
        fields: Object.fromEntries(
          Object.entries(manifestFields(manifest)).filter(([field]) => field !== 'retentionDays'),
        ),
      }),
    ],
    bad: [
      ...(await signedFaults(subject)),
      bad(
        'one steward has not signed',
        'wrong-signer',
        encodeSigned(await signMessage('manifest', encodeManifest(manifest), signers.slice(1))),
      ),
      bad('somebody else has signed too', 'wrong-signer', encodeSigned(unnamed)),
      await fault('one steward opens alone', 'malformed', { threshold: 1 }),
      await fault('more stewards needed than there are', 'bad-manifest', { threshold: 4 }),
      await fault('fewer homes than 15 open', 'malformed', { minimumHomes: 14 }),
      await fault('another feature schema', 'malformed', { schema: 2 }),
      await fault('a name of two lines', 'malformed', { name: 'Example\nStreet' }),
      await fault('a name that changes the direction of writing', 'malformed', { name: 'Example \u202eteertS' }),
      await fault('two stewards of one name', 'bad-manifest', {
        stewards: named.map(({ key }) => ({ name: 'A', key })),
      }),
      await fault('a steward stands there under two names', 'bad-manifest', {
        stewards: named.map(({ name }) => ({ name, key: nth(named, 0).key })),
      }),
      await fault('a cohort called as the whole community', 'bad-manifest', { cohorts: ['community'] }),
      await fault('ciphertexts kept for six days', 'malformed', { retentionDays: 6 }),
      await fault('ciphertexts kept for two years', 'malformed', { retentionDays: 731 }),
      await fault('six cohorts', 'malformed', { cohorts: ['a', 'b', 'c', 'd', 'e', 'f'] }),
      await fault('what is published is out of order', 'bad-manifest', { publishes: ['means', 'profiles'] }),
      await fault('invites out of order', 'bad-manifest', { invites: [...invites].reverse() }),
      await fault('an invite twice', 'bad-manifest', { invites: [nth(invites, 0), ...invites] }),
      await fault('an invite of a steward who does not exist', 'bad-manifest', {
        invites: invites.map((invite) => ({ ...invite, steward: 3 })),
      }),
      await fault('an invite signed by nobody who may', 'bad-signature', { invites: [foreignInvite] }),
      await fault('an invite claimed to be another steward’s', 'bad-signature', {
        invites: invites.map((invite) => ({ ...invite, steward: (invite.steward + 1) % 3 })),
      }),
      await fault('invites of another manifest', 'bad-signature', { salt: new Uint8Array(16) }),
    ],
  };
}

async function roundKeyVectors(example: Example, stranger: Signer): Promise<Vectors> {
  const { stewards, announcement } = example;
  const subject: Subject = {
    type: 'round-key',
    fields: { ...nth(announcement.roundKeys, 1) },
    signers: [nth(stewards, 1)],
    single: true,
    stranger,
  };
  const fault = (name: string, refused: string, change: Fields) => changed(subject, name, refused, change);
  return {
    message: 'round-key',
    context: { manifest: manifestHex(example) },
    good: [await good('of the second steward (its public key is not one of tfhe)', subject)],
    bad: [
      ...(await signedFaults(subject)),
      await fault('another community', 'wrong-community', { community: await seedOf('other') }),
      await fault('in the name of another steward', 'wrong-signer', { steward: 0 }),
      await fault('of a steward who does not exist', 'wrong-signer', { steward: 5 }),
      await fault('a thirteenth month', 'malformed', { month: '2026-13' }),
      await fault('a month without a century', 'malformed', { month: '26-01' }),
      await fault('another feature schema', 'malformed', { schema: 2 }),
      await fault('closes before 1970', 'malformed', { closesMs: -1 }),
      await fault('an HPKE key of 31 bytes', 'malformed', { hpkeKey: new Uint8Array(31) }),
    ],
  };
}

async function announcementVectors(example: Example): Promise<Vectors> {
  const { stewards, announcement } = example;
  const sign = async (i: number, change: Fields = {}): Promise<Bytes> =>
    encodeSigned(
      await signMessage('round-key', encodeCbor({ ...nth(announcement.roundKeys, i), ...change }), [nth(stewards, i)]),
    );
  const keys = await Promise.all([0, 1, 2].map((i) => sign(i)));
  const [a, b, c] = [nth(keys, 0), nth(keys, 1), nth(keys, 2)];
  const honest = encodeCbor(keys);
  return {
    message: 'announcement',
    context: { manifest: manifestHex(example) },
    good: [{ name: 'one key of each steward', bytes: toHex(honest), value: { hash: toHex(announcement.hash) } }],
    bad: [
      bad('the third steward’s key is missing', 'bad-announcement', encodeCbor([a, b])),
      bad('only one key', 'malformed', encodeCbor([a])),
      bad('the keys are out of order', 'bad-announcement', encodeCbor([b, a, c])),
      bad('one key twice', 'bad-announcement', encodeCbor([a, b, b])),
      bad('a fourth key', 'bad-announcement', encodeCbor([a, b, c, c])),
      bad('one key is for another month', 'bad-announcement', encodeCbor([a, b, await sign(2, { month: '2026-02' })])),
      bad('one key closes at another time', 'bad-announcement', encodeCbor([a, b, await sign(2, { closesMs: 5 })])),
      bad(
        'one key is of another community',
        'wrong-community',
        encodeCbor([a, b, await sign(2, { community: await seedOf('other') })]),
      ),
      bad('the third steward signs as the second', 'wrong-signer', encodeCbor([a, b, await sign(2, { steward: 1 })])),
      bad('one bit of a signature flipped', 'bad-signature', encodeCbor([a, b, flip(c, c.length - 3)])),
      bad('a byte follows', 'malformed', concatBytes(honest, new Uint8Array(1))),
      bad(
        'an array of indefinite length',
        'malformed',
        concatBytes(Uint8Array.of(0x9f), honest.slice(1), Uint8Array.of(0xff)),
      ),
      bad('arrays in place of byte strings', 'malformed', encodeCbor([[1], [2], [3]])),
    ],
  };
}

const headerFields = (header: ContributionHeader): CborValue[] => [
  header.community,
  header.month,
  header.announcement,
  header.invite,
  header.certificates.map(({ member, signature }) => [member, signature]),
  header.cohort,
  header.version,
  [...header.ciphertexts],
];

async function contributionVectors(example: Example, stranger: Signer): Promise<Vectors> {
  const { community, announcement, invites } = example;
  const { signed } = await exampleContribution(example, 3);
  const { header, fingerprints } = await checkSignedContribution(signed, community, announcement);
  const member = await signerOf('member 3');
  const body = (change: Partial<ContributionHeader> = {}): Fields => ({
    header: encodeHeader({ ...header, ...change }),
    fingerprints: [...fingerprints],
  });
  const subject: Subject = { type: 'contribution', fields: body(), signers: [member], single: true, stranger };
  const fault = async (name: string, refused: string, change: Partial<ContributionHeader>, by: Signer = member) =>
    bad(name, refused, encodeSigned(await signMessage('contribution', encodeCbor(body(change)), [by])));
  const chain = (...links: Certificate[]) => ({ certificates: links });
  const first = nth(header.certificates, 0);
  const phone = await signerOf('new phone');
  const value = { header: toJson(headerFields(header)), fingerprints: toJson([...fingerprints]) };
  const secondDevice = chain(first, await certify(community.id, phone.publicKey, member));
  const onPhone = encodeCbor(body(secondDevice));
  return {
    message: 'contribution',
    context: { manifest: manifestHex(example), announcement: announcementHex(example) },
    good: [
      { ...(await good('of the fourth home', subject)), value },
      {
        name: 'from the home’s second device',
        bytes: toHex(encodeSigned(await signMessage('contribution', onPhone, [phone]))),
        value: { ...value, header: toJson(headerFields({ ...header, ...secondDevice })) },
      },
    ],
    bad: [
      ...(await signedFaults(subject)),
      await fault('another community', 'wrong-community', { community: await seedOf('other') }),
      await fault('another month', 'wrong-round', { month: '2025-12' }),
      await fault('other round keys', 'wrong-announcement', { announcement: await seedOf('other') }),
      await fault('an invite of nobody', 'unknown-invite', { invite: stranger.publicKey }),
      await fault('another home’s invite', 'bad-certificate', { invite: nth(invites, 4).publicKey }),
      await fault(
        'a member whom nobody invited',
        'bad-certificate',
        chain({ ...first, member: stranger.publicKey }),
        stranger,
      ),
      await fault(
        'certified for another community',
        'bad-certificate',
        chain(await certify(await seedOf('other'), member.publicKey, nth(invites, 3))),
      ),
      await fault(
        'a second device that the first has not certified',
        'bad-certificate',
        chain(first, await certify(community.id, phone.publicKey, stranger)),
        phone,
      ),
      await fault('signed by the older device', 'wrong-signer', secondDevice, member),
      await fault('without certificates', 'malformed', chain()),
      await fault('nine certificates', 'malformed', chain(...Array<Certificate>(9).fill(first))),
      await fault('a cohort that the community has not', 'malformed', { cohort: 2 }),
      await fault('a cohort below "not said"', 'malformed', { cohort: -2 }),
      await fault('a version beyond 32 bits', 'malformed', { version: 2 ** 32 }),
      await fault('a ciphertext for two stewards only', 'malformed', { ciphertexts: header.ciphertexts.slice(1) }),
      bad(
        'a fingerprint for two stewards only',
        'malformed',
        encodeSigned(
          await signMessage('contribution', encodeContributionBody(encodeHeader(header), fingerprints.slice(1)), [
            member,
          ]),
        ),
      ),
      bad(
        'the header is not canonical',
        'malformed',
        encodeSigned(
          await signMessage(
            'contribution',
            encodeContributionBody(concatBytes(Uint8Array.of(0x98, 8), encodeHeader(header).slice(1)), fingerprints),
            [member],
          ),
        ),
      ),
    ],
  };
}

async function receiptVectors(example: Example, stranger: Signer): Promise<Vectors> {
  const { community, endpoint } = example;
  const { signed } = await exampleContribution(example, 3);
  const fields: Fields = {
    community: community.id,
    month,
    member: (await signerOf('member 3')).publicKey,
    version: 1,
    contribution: await sha256(signed.body),
    receivedMs: 1_769_000_000_000,
  };
  const subject: Subject = { type: 'receipt', fields, signers: [endpoint], single: true, stranger };
  const fault = (name: string, refused: string, change: Fields) => changed(subject, name, refused, change);
  return {
    message: 'receipt',
    context: { manifest: manifestHex(example), contribution: toHex(encodeSigned(signed)) },
    good: [await good('for the fourth home’s contribution', subject)],
    bad: [
      ...(await signedFaults(subject)),
      await fault('another community', 'wrong-community', { community: await seedOf('other') }),
      await fault('for another contribution', 'wrong-round', { contribution: await seedOf('other') }),
      await fault('a hash of 31 bytes', 'malformed', { contribution: new Uint8Array(31) }),
      await fault('a time that is no whole number of ms', 'malformed', { receivedMs: 'now' }),
      await fault('a month with a day', 'malformed', { month: '2026-01-01' }),
    ],
  };
}

async function closeVectors(example: Example, stranger: Signer): Promise<Vectors> {
  const { community, stewards, announcement } = example;
  const fields: Fields = { community: community.id, month, announcement: announcement.hash };
  const subject: Subject = { type: 'close', fields, signers: stewards.slice(0, 2), single: true, stranger };
  const fault = (name: string, refused: string, change: Fields) => changed(subject, name, refused, change);
  return {
    message: 'close',
    context: { manifest: manifestHex(example), announcement: announcementHex(example) },
    good: [await good('by two of three', subject), await good('by all three', { ...subject, signers: stewards })],
    bad: [
      ...(await signedFaults(subject)),
      bad(
        'by one steward',
        'wrong-signer',
        encodeSigned(await signMessage('close', encodeCbor(fields), stewards.slice(0, 1))),
      ),
      await fault('another community', 'wrong-community', { community: await seedOf('other') }),
      await fault('another month', 'wrong-announcement', { month: '2026-02' }),
      await fault('other round keys', 'wrong-announcement', { announcement: await seedOf('other') }),
    ],
  };
}

async function exampleList(example: Example): Promise<List> {
  const { community, announcement } = example;
  const contributions: CheckedContribution[] = [];
  for (let home = 0; home < homes; home++) {
    const { signed } = await exampleContribution(example, home);
    contributions.push(await checkSignedContribution(signed, community, announcement));
  }
  return makeList(community, announcement, contributions, 1_770_000_000_000);
}

async function listVectors(example: Example, stranger: Signer): Promise<Vectors> {
  const { community, stewards, endpoint } = example;
  const list = await exampleList(example);
  const sign = async (one: List, by = endpoint) => encodeSigned(await signMessage('list', encodeList(one), [by]));
  const fault = async (name: string, refused: string, change: Partial<List>) =>
    bad(name, refused, await sign({ ...list, ...change }));
  const { entries } = list;
  const first = nth(entries, 0);
  const firstHash = await sha256(encodeList(list));
  const naming = async (by: number, hash: Bytes, ...named: number[]) =>
    signMessage(
      'culprits',
      encodeCbor({ community: community.id, month, list: hash, invites: named.map((i) => nth(entries, i).invite) }),
      [nth(stewards, by)],
    );
  const word = await naming(1, firstHash, 2);
  const corrected = await correctList(list, [word], community);
  const otherWord = await naming(1, await seedOf('other'), 2);
  const entryFields = (entry: List['entries'][number]): CborValue => [
    entry.invite,
    entry.certificates.map(({ member, signature }) => [member, signature]),
    entry.cohort,
    entry.version,
    concatBytes(...entry.ciphertexts),
    concatBytes(...entry.fingerprints),
    entry.signature,
  ];
  const valueOf = (one: List): Json =>
    toJson({
      community: one.community,
      month: one.month,
      announcement: one.announcement,
      closedMs: one.closedMs,
      entries: one.entries.map(entryFields),
      groups: one.groups.map(({ name, homes }) => [name, homes]),
      culprits: one.culprits.map(encodeSigned),
      removed: one.removed.map(entryFields),
    });
  const body = encodeList(list);
  const wrongType = encodeSigned(await signMessage('seal', body, [endpoint]));
  const encoded = await sign(list);
  const copied = entries.map((entry, i) => (i === 1 ? { ...entry, ciphertexts: first.ciphertexts } : entry));
  return {
    message: 'list',
    context: { manifest: manifestHex(example), announcement: announcementHex(example) },
    good: [
      { name: 'the first list, of 25 homes', bytes: toHex(encoded), value: valueOf(list) },
      {
        name: 'a corrected list, without one named culprit',
        bytes: toHex(await sign(corrected)),
        value: valueOf(corrected),
      },
    ],
    bad: [
      bad('signed by a steward', 'wrong-signer', await sign(list, nth(stewards, 0))),
      bad('signed by a stranger', 'wrong-signer', await sign(list, stranger)),
      bad('signed as a message of another type', 'bad-signature', wrongType),
      bad('one bit of the endpoint’s signature flipped', 'bad-signature', flip(encoded, encoded.length - 3)),
      bad('a byte follows the message', 'malformed', concatBytes(encoded, new Uint8Array(1))),
      await fault('another community', 'wrong-community', { community: await seedOf('other') }),
      await fault('another month', 'wrong-round', { month: '2026-02' }),
      await fault('other round keys', 'wrong-announcement', { announcement: await seedOf('other') }),
      await fault('an entry twice', 'bad-list', { entries: [first, ...entries] }),
      await fault('entries out of order', 'bad-list', { entries: [...entries].reverse() }),
      await fault('one home’s ciphertexts as another’s', 'bad-list', { entries: copied }),
      await fault('another version than the home signed', 'bad-signature', {
        entries: entries.map((entry, i) => (i === 3 ? { ...entry, version: 2 } : entry)),
      }),
      await fault('another cohort than the home said', 'bad-signature', {
        entries: entries.map((entry, i) => (i === 3 ? { ...entry, cohort: ((entry.cohort + 2) % 3) - 1 } : entry)),
      }),
      await fault('an invite of nobody', 'unknown-invite', {
        entries: [
          ...entries,
          {
            ...first,
            invite: new Uint8Array(32).fill(255),
            certificates: [{ member: stranger.publicKey, signature: first.signature }],
            ciphertexts: [await seedOf('x'), await seedOf('y'), await seedOf('z')],
          },
        ],
      }),
      await fault('a group that must not open', 'bad-list', { groups: [...list.groups, { name: 'flat', homes: 8 }] }),
      await fault('no group', 'bad-list', { groups: [] }),
      await fault('a wrong number of homes', 'bad-list', { groups: [{ name: 'community', homes: 24 }] }),
      bad('too few homes', 'not-enough-homes', await sign({ ...list, entries: entries.slice(0, 20), groups: [] })),
      bad(
        'one home left out of a corrected list that nobody named',
        'bad-list',
        await sign({ ...corrected, entries: corrected.entries.slice(1), groups: [{ name: 'community', homes: 23 }] }),
      ),
      bad('a corrected list without the stewards’ words', 'bad-list', await sign({ ...corrected, culprits: [] })),
      bad(
        'a culprit still on the corrected list',
        'bad-list',
        await sign({ ...corrected, entries, removed: [], groups: list.groups }),
      ),
      bad('culprits of another list', 'bad-list', await sign({ ...corrected, culprits: [otherWord] })),
    ],
  };
}

async function culpritsVectors(example: Example, stranger: Signer): Promise<Vectors> {
  const { community, stewards, announcement, invites } = example;
  const named = [nth(community.manifest.invites, 2).key, nth(community.manifest.invites, 7).key];
  const fields: Fields = { community: community.id, month, list: announcement.hash, invites: named };
  const subject: Subject = { type: 'culprits', fields, signers: [nth(stewards, 2)], single: true, stranger };
  const fault = (name: string, refused: string, change: Fields) => changed(subject, name, refused, change);
  return {
    message: 'culprits',
    context: { manifest: manifestHex(example) },
    good: [await good('two, named by the third steward', subject)],
    bad: [
      ...(await signedFaults(subject)),
      await fault('another community', 'wrong-community', { community: await seedOf('other') }),
      await fault('nobody is named', 'malformed', { invites: [] }),
      await fault('eleven are named', 'malformed', {
        invites: community.manifest.invites.slice(0, 11).map(({ key }) => key),
      }),
      await fault('named out of order', 'malformed', { invites: [...named].reverse() }),
      await fault('one named twice', 'malformed', { invites: [nth(named, 0), nth(named, 0)] }),
      bad(
        'named by a home',
        'wrong-signer',
        encodeSigned(await signMessage('culprits', encodeCbor(fields), [nth(invites, 0)])),
      ),
    ],
  };
}

async function sealVectors(example: Example, stranger: Signer): Promise<Vectors> {
  const { community, stewards, announcement, endpoint } = example;
  const fields: Fields = { community: community.id, month, list: announcement.hash };
  const subject: Subject = { type: 'seal', fields, signers: [nth(stewards, 0)], single: true, stranger };
  const fault = (name: string, refused: string, change: Fields) => changed(subject, name, refused, change);
  return {
    message: 'seal',
    context: { manifest: manifestHex(example) },
    good: [await good('of the first steward', subject)],
    bad: [
      ...(await signedFaults(subject)),
      await fault('another community', 'wrong-community', { community: await seedOf('other') }),
      await fault('a list hash of 33 bytes', 'malformed', { list: new Uint8Array(33) }),
      await fault('month zero', 'malformed', { month: '2026-00' }),
      bad(
        'sealed by the endpoint',
        'wrong-signer',
        encodeSigned(await signMessage('seal', encodeCbor(fields), [endpoint])),
      ),
    ],
  };
}

const opened = (shift: number): CborValue => Array.from({ length: 313 }, (_, slot) => slot * 3000 + shift);

async function openingVectors(example: Example, stranger: Signer): Promise<Vectors> {
  const { community, stewards, announcement } = example;
  const list = announcement.hash;
  const fields: Fields = { community: community.id, month, list, steward: 1, words: [], sums: [opened(1), opened(2)] };
  const subject: Subject = { type: 'opening', fields, signers: [nth(stewards, 1)], single: true, stranger };
  const fault = (name: string, refused: string, change: Fields) => changed(subject, name, refused, change);
  const short = Array.from({ length: 312 }, () => 0);
  return {
    message: 'opening',
    context: { manifest: manifestHex(example), month, list: toHex(list), groups: 2 },
    good: [
      await good('of two groups, by the second steward', subject),
      await good('on the third steward’s word', { ...subject, fields: { ...fields, words: [2] } }),
    ],
    bad: [
      ...(await signedFaults(subject)),
      await fault('another community', 'wrong-community', { community: await seedOf('other') }),
      await fault('another month', 'wrong-list', { month: '2025-12' }),
      await fault('another list', 'wrong-list', { list: await seedOf('other') }),
      await fault('of one group only', 'wrong-list', { sums: [opened(1)] }),
      await fault('of no group', 'malformed', { sums: [] }),
      await fault('312 slots', 'malformed', { sums: [opened(1), short] }),
      await fault('a sum that is the prime', 'malformed', { sums: [opened(1), [...short, 1_048_573]] }),
      await fault('a negative sum', 'malformed', { sums: [opened(1), [...short, -1]] }),
      await fault('in the name of another steward', 'wrong-signer', { steward: 0 }),
      await fault('of a steward who does not exist', 'wrong-signer', { steward: 7 }),
      await fault('on its own word', 'malformed', { words: [1] }),
      await fault('on the word of a steward who does not exist', 'malformed', { words: [3] }),
      await fault('words out of order', 'malformed', { words: [2, 0] }),
    ],
  };
}

async function normsVectors(example: Example, stranger: Signer): Promise<Vectors> {
  const { community, stewards } = example;
  const list = await exampleList(example);
  const hash = await sha256(encodeList(list));
  const vectors = Array.from({ length: homes }, (_, home) => exampleVector(home));
  const shares = vectors.map((vector) => splitShares(vector, 2, 3));
  const openings = [0, 1, 2].map((steward) => ({
    community: community.id,
    month,
    list: hash,
    steward,
    words: [],
    sums: [
      nth(vectors, 0).map((_, slot) => shares.reduce((sum, one) => sum + nth(nth(one, steward), slot), 0) % 1_048_573),
    ],
  }));
  const { norms } = await computeNorms(community, { hash, list }, openings);
  const group = nth(norms.groups, 0);
  const groupFields: Fields = {
    name: group.name,
    homes: group.homes,
    profiles: group.profiles && { weekdayWh: group.profiles.weekdayWh, weekendWh: group.profiles.weekendWh },
    means: group.means,
    deciles: group.deciles,
  };
  // The salted hash depends on random shares; any 32 bytes will do here.
  const fields: Fields = {
    community: community.id,
    month,
    list: hash,
    groups: [groupFields],
    rest: await seedOf('rest'),
    checked: true,
  };
  const subject: Subject = { type: 'norms', fields, signers: stewards.slice(0, 2), single: true, stranger };
  const fault = (name: string, refused: string, change: Fields) => changed(subject, name, refused, change);
  const inGroup = (name: string, refused: string, change: Fields) =>
    fault(name, refused, { groups: [{ ...groupFields, ...change }] });
  return {
    message: 'norms',
    context: { manifest: manifestHex(example), month },
    good: [await good('of the community alone', subject)],
    bad: [
      ...(await signedFaults(subject)),
      bad(
        'by one steward',
        'wrong-signer',
        encodeSigned(await signMessage('norms', encodeCbor(fields), stewards.slice(1, 2))),
      ),
      await fault('another community', 'wrong-community', { community: await seedOf('other') }),
      await fault('another month', 'wrong-round', { month: '2025-12' }),
      await fault('no group', 'malformed', { groups: [] }),
      await inGroup('a part that the manifest publishes is missing', 'malformed', { means: null }),
      await inGroup('a mean code of 256', 'malformed', { means: [256, 0, 0, 0, 0, 0, 0, 0] }),
      await inGroup('a decile of 0', 'malformed', {
        deciles: Array.from({ length: 8 }, () => [0, 1, 1, 1, 1, 1, 1, 1, 1]),
      }),
      await inGroup('eight deciles', 'malformed', {
        deciles: Array.from({ length: 8 }, () => [1, 1, 1, 1, 1, 1, 1, 1]),
      }),
      await inGroup('no home', 'malformed', { homes: 0 }),
      await inGroup('an hour of more than 10.23 kWh', 'malformed', {
        profiles: { weekdayWh: Array<number>(24).fill(10_231), weekendWh: Array<number>(24).fill(0) },
      }),
      await inGroup('a float for a mean', 'malformed', {
        profiles: { weekdayWh: Array<number>(23).fill(1), weekendWh: Array<number>(24).fill(0) },
      }),
    ],
  };
}

async function amendmentVectors(example: Example, stranger: Signer): Promise<Vectors> {
  const { community, stewards, invites } = example;
  const { salt } = community.manifest;
  const added = await signInvite(salt, (await signerOf('invite 100')).publicKey, 1, nth(stewards, 1));
  const entry = ({ key, steward, signature }: typeof added): CborValue => [key, steward, signature];
  const revoked = community.manifest.invites.slice(0, 2).map(({ key }) => key);
  const newcomer = (await signerOf('steward 3')).publicKey;
  const fields: Fields = {
    community: community.id,
    number: 1,
    previous: community.id,
    from: '2026-03',
    invites: [entry(added)],
    revoked,
    replaced: [[2, 'Steward 4', newcomer]],
  };
  const subject: Subject = { type: 'amendment', fields, signers: stewards.slice(0, 2), single: true, stranger };
  const fault = (name: string, refused: string, change: Fields) => changed(subject, name, refused, change);
  const twice = nth(community.manifest.invites, 4);
  return {
    message: 'amendment',
    context: { manifest: manifestHex(example) },
    good: [
      await good('an invite more, two fewer, the third steward replaced', subject),
      await good('an invite more, by all stewards', {
        ...subject,
        signers: stewards,
        fields: { ...fields, revoked: [], replaced: [] },
      }),
    ],
    bad: [
      ...(await signedFaults(subject)),
      bad(
        'by one steward',
        'wrong-signer',
        encodeSigned(await signMessage('amendment', encodeCbor(fields), stewards.slice(1, 2))),
      ),
      await fault('another community', 'wrong-community', { community: await seedOf('other') }),
      await fault('one is left out before it', 'bad-amendment', { number: 2 }),
      await fault('follows another one', 'bad-amendment', { previous: await seedOf('other') }),
      await fault('changes nothing', 'bad-amendment', { invites: [], revoked: [], replaced: [] }),
      await fault('adds an invite that is there', 'bad-amendment', { invites: [entry(twice)] }),
      await fault('revokes an invite that is not there', 'bad-amendment', { revoked: [stranger.publicKey] }),
      await fault('revokes out of order', 'bad-amendment', { revoked: [...revoked].reverse() }),
      await fault('replaces a steward who does not exist', 'bad-amendment', { replaced: [[3, 'Steward 4', newcomer]] }),
      await fault('replaces one steward twice', 'bad-amendment', {
        replaced: [
          [2, 'Steward 4', newcomer],
          [2, 'Steward 5', stranger.publicKey],
        ],
      }),
      await fault('gives a steward a second seat', 'bad-manifest', {
        replaced: [[2, 'Steward 4', nth(stewards, 0).publicKey]],
      }),
      await fault('gives two stewards one name', 'bad-manifest', { replaced: [[2, 'Steward 1', newcomer]] }),
      await fault('an invite that its steward has not signed', 'bad-signature', {
        invites: [entry({ ...added, steward: 0 })],
      }),
      await fault('an invite of the steward who is yet to come', 'bad-signature', {
        invites: [
          entry(
            await signInvite(
              salt,
              nth(invites, 0).publicKey.map((byte) => byte ^ 1),
              2,
              await signerOf('steward 3'),
            ),
          ),
        ],
      }),
      await fault('number 0', 'malformed', { number: 0 }),
    ],
  };
}

async function withdrawalVectors(example: Example, stranger: Signer): Promise<Vectors> {
  const { community, stewards, endpoint, invites } = example;
  const fields: Fields = { community: community.id, amendment: await seedOf('amendment') };
  const subject: Subject = { type: 'withdrawal', fields, signers: [nth(stewards, 1)], single: true, stranger };
  const fault = (name: string, refused: string, change: Fields) => changed(subject, name, refused, change);
  const by = async (name: string, signer: Signer) =>
    bad(name, 'wrong-signer', encodeSigned(await signMessage('withdrawal', encodeCbor(fields), [signer])));
  return {
    message: 'withdrawal',
    context: { manifest: manifestHex(example) },
    good: [await good('by the second steward', subject)],
    bad: [
      ...(await signedFaults(subject)),
      await fault('another community', 'wrong-community', { community: await seedOf('other') }),
      await fault('a hash of 31 bytes', 'malformed', { amendment: new Uint8Array(31) }),
      await by('by the endpoint', endpoint),
      await by('by a home', nth(invites, 0)),
    ],
  };
}

async function leaveVectors(example: Example, stranger: Signer): Promise<Vectors> {
  const { community, invites } = example;
  const member = await signerOf('member 3');
  const first = await certify(community.id, member.publicKey, nth(invites, 3));
  const chain = (...links: Certificate[]): CborValue => links.map((one) => [one.member, one.signature]);
  const fields: Fields = {
    community: community.id,
    invite: nth(invites, 3).publicKey,
    certificates: chain(first),
    atMs: 1_769_000_000_000,
  };
  const subject: Subject = { type: 'leave', fields, signers: [member], single: true, stranger };
  const fault = (name: string, refused: string, change: Fields) => changed(subject, name, refused, change);
  const phone = await signerOf('new phone');
  const onPhone = chain(first, await certify(community.id, phone.publicKey, member));
  return {
    message: 'leave',
    context: { manifest: manifestHex(example) },
    good: [
      await good('of the fourth home', subject),
      await good('from its second device', {
        ...subject,
        signers: [phone],
        fields: { ...fields, certificates: onPhone },
      }),
    ],
    bad: [
      ...(await signedFaults(subject)),
      await fault('another community', 'wrong-community', { community: await seedOf('other') }),
      await fault('an invite of nobody', 'unknown-invite', { invite: stranger.publicKey }),
      await fault('another home’s invite', 'bad-certificate', { invite: nth(invites, 4).publicKey }),
      await fault('without certificates', 'malformed', { certificates: [] }),
      await fault('signed by the older device', 'wrong-signer', { certificates: onPhone }),
      await fault('a time before 1970', 'malformed', { atMs: -1 }),
    ],
  };
}

async function headVectors(example: Example, stranger: Signer): Promise<Vectors> {
  const { community, endpoint, announcement } = example;
  const entries: LogEntry[] = [
    { kind: 'binding', hash: await seedOf('binding') },
    { kind: 'announcement', hash: announcement.hash },
    { kind: 'list', hash: await seedOf('list') },
  ];
  const known = await extend(firstPosition(community.id), entries.slice(0, 1));
  const { count, head } = await extend(known, entries.slice(1));
  const fields: Fields = { community: community.id, count, head, atMs: 1_769_000_000_000 };
  const subject: Subject = { type: 'head', fields, signers: [endpoint], single: true, stranger };
  const fault = (name: string, refused: string, change: Fields) => changed(subject, name, refused, change);
  const other = await extend(firstPosition(community.id), [...entries.slice(1), ...entries.slice(0, 1)]);
  const relabelled = await extend(
    known,
    entries.slice(1).map((one) => ({ ...one, kind: 'seal' as const })),
  );
  return {
    message: 'head',
    context: {
      manifest: manifestHex(example),
      knownCount: known.count,
      knownHead: toHex(known.head),
      entries: toHex(encodeEntries(entries.slice(1))),
    },
    good: [await good('two entries after the known one', subject)],
    bad: [
      ...(await signedFaults(subject)),
      await fault('another community', 'wrong-community', { community: await seedOf('other') }),
      await fault('before the known one', 'rolled-back', { count: 0, head: community.id }),
      await fault('the entries in another order', 'split-view', { head: other.head }),
      await fault('an entry of another kind', 'split-view', { head: relabelled.head }),
      await fault('one entry fewer than the log', 'split-view', { count: 2 }),
      await fault('one entry more than the log', 'split-view', { count: 4 }),
      await fault('the known head again', 'split-view', { count: known.count, head: known.head }),
      await fault('a count below zero', 'malformed', { count: -1 }),
    ],
  };
}

/** The short form of the list for the second steward; what is restored of it must pass every check of a list. */
async function shortListVectors(example: Example): Promise<Vectors> {
  const { community, announcement, endpoint } = example;
  const contributions = await Promise.all(
    Array.from({ length: homes }, (_, home) => exampleContribution(example, home)),
  );
  const checked = await Promise.all(
    contributions.map(({ signed }) => checkSignedContribution(signed, community, announcement)),
  );
  const list = makeList(community, announcement, checked, 1_770_000_000_000);
  const message = await signMessage('list', encodeList(list), [endpoint]);
  const steward = 1;
  const boxes = list.entries.map(({ invite }) => {
    const home = checked.findIndex(({ header }) => toHex(header.invite) === toHex(invite));
    return nth(nth(contributions, home).sealedFingerprints, steward);
  });
  type Parts = [number, [number, number, number, Bytes][], Bytes[], CborValue[], Bytes];
  const honest = shortenList(message, community, steward);
  const parts = (change: (parts: Parts) => CborValue): Bytes => encodeCbor(change(decode(honest) as Parts));
  const entry = (change: (fields: [number, number, number, Bytes]) => CborValue): Bytes =>
    parts(([closed, [first, ...rest], ...others]) => [
      closed,
      [change(first ?? [0, 0, 0, new Uint8Array()]), ...rest],
      ...others,
    ]);
  return {
    message: 'short-list',
    context: {
      manifest: manifestHex(example),
      announcement: toHex(example.announcementBytes),
      steward,
      fingerprints: toHex(concatBytes(...boxes)),
    },
    good: [{ name: 'of the second steward', bytes: toHex(honest), value: { list: toHex(await sha256(message.body)) } }],
    bad: [
      bad('a byte follows', 'malformed', concatBytes(honest, new Uint8Array(1))),
      bad('it lacks its last byte', 'malformed', honest.slice(0, -1)),
      bad(
        'a part is missing',
        'malformed',
        parts((all) => all.slice(0, 4)),
      ),
      bad(
        'closed before 1970',
        'malformed',
        parts(([, ...rest]) => [-1, ...rest]),
      ),
      bad(
        'an entry lacks a byte',
        'malformed',
        entry(([invite, cohort, version, bytes]) => [invite, cohort, version, bytes.slice(1)]),
      ),
      bad(
        'an entry without certificates',
        'malformed',
        entry(([invite, cohort, version, bytes]) => [invite, cohort, version, bytes.slice(96)]),
      ),
      bad(
        'an invite that the manifest does not have',
        'unknown-invite',
        entry(([, ...rest]) => [homes, ...rest]),
      ),
      bad(
        'another time of closing',
        'bad-signature',
        parts(([closed, ...rest]) => [closed + 1, ...rest]),
      ),
      bad(
        'another version',
        'bad-signature',
        entry(([invite, cohort, version, bytes]) => [invite, cohort, version + 1, bytes]),
      ),
      bad(
        'a bit of a ciphertext’s hash flipped',
        'bad-signature',
        entry(([invite, cohort, version, bytes]) => [invite, cohort, version, flip(bytes, 100)]),
      ),
      bad(
        'a home left out',
        'bad-fingerprint',
        parts(([closed, entries, ...rest]) => [closed, entries.slice(1), ...rest]),
      ),
      bad(
        'a bit of the signature flipped',
        'bad-signature',
        parts(([closed, entries, culprits, removed, signature]) => [
          closed,
          entries,
          culprits,
          removed,
          flip(signature, 5),
        ]),
      ),
    ],
  };
}
