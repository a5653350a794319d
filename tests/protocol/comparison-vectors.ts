/** Test vectors of encrypted comparison: announcing a server key, asking, and the answer. */
import { concatBytes, toHex, type Bytes } from '../../src/protocol/bytes.ts';
import type { CborValue } from '../../src/protocol/cbor.ts';
import { certify, type Certificate } from '../../src/protocol/certificate.ts';
import { requestId, signComparisonRequest } from '../../src/protocol/comparison.ts';
import { digitBytes, digitsPerCode } from '../../src/protocol/comparison-digits.ts';
import type { Signer } from '../../src/protocol/ed25519.ts';
import { features } from '../../src/protocol/features.ts';
import { encodeSigned } from '../../src/protocol/signed.ts';
import { month, seedOf, signerOf, type Example } from './example.ts';
import {
  changed,
  good,
  manifestHex,
  nth,
  signedFaults,
  type Fields,
  type Subject,
  type Vectors,
} from './vector-parts.ts';

/** Vectors of the three messages. */
export async function comparisonVectors(example: Example, stranger: Signer): Promise<Vectors[]> {
  return [
    await keyVectors(example, stranger),
    await requestVectors(example, stranger),
    await resultVectors(example, stranger),
  ];
}

async function keyVectors(example: Example, stranger: Signer): Promise<Vectors> {
  const { community, invites } = example;
  const member = await signerOf('member 3');
  const first = await certify(community.id, member.publicKey, nth(invites, 3));
  const chain = (...links: Certificate[]): CborValue => links.map((one) => [one.member, one.signature]);
  const fields: Fields = {
    community: community.id,
    invite: nth(invites, 3).publicKey,
    certificates: chain(first),
    size: 28_459_264,
    sha256: await seedOf('server key'),
  };
  const subject: Subject = { type: 'comparison-key', fields, signers: [member], single: true, stranger };
  const fault = (name: string, refused: string, change: Fields) => changed(subject, name, refused, change);
  const phone = await signerOf('new phone');
  const onPhone = chain(first, await certify(community.id, phone.publicKey, member));
  return {
    message: 'comparison-key',
    context: { manifest: manifestHex(example) },
    good: [
      await good('by the first device', subject),
      await good('by the next device', { ...subject, fields: { ...fields, certificates: onPhone }, signers: [phone] }),
    ],
    bad: [
      ...(await signedFaults(subject)),
      await fault('another community', 'wrong-community', { community: await seedOf('other') }),
      await fault('a foreign invite', 'unknown-invite', { invite: stranger.publicKey }),
      await fault('another home’s invite', 'bad-certificate', { invite: nth(invites, 4).publicKey }),
      await fault('signed by the older device', 'wrong-signer', { certificates: onPhone }),
      await fault('without certificates', 'malformed', { certificates: [] }),
      await fault('a key of no bytes', 'malformed', { size: 0 }),
      await fault('a byte larger than a key is', 'malformed', { size: 28_459_265 }),
      await fault('a hash of 31 bytes', 'malformed', { sha256: new Uint8Array(31) }),
    ],
  };
}

/** Bytes in place of digits; of each only the seed is read before the evaluator does. */
const exampleCodes = (): Bytes =>
  concatBytes(
    ...Array.from({ length: features.length * digitsPerCode }, (_, i) => {
      const digit = new Uint8Array(digitBytes);
      digit[20] = i;
      return digit;
    }),
  );

async function askerOf({ community, invites }: Example) {
  const member = await signerOf('member 3');
  const first = await certify(community.id, member.publicKey, nth(invites, 3));
  return { member, first, invite: nth(invites, 3).publicKey };
}

async function requestVectors(example: Example, stranger: Signer): Promise<Vectors> {
  const { community, invites } = example;
  const { member, first, invite } = await askerOf(example);
  const chain = (...links: Certificate[]): CborValue => links.map((one) => [one.member, one.signature]);
  const norms = await seedOf('norms');
  const codes = exampleCodes();
  const fields: Fields = {
    community: community.id,
    month,
    norms,
    circuits: 2,
    invite,
    certificates: chain(first),
    cohort: -1,
    serverKey: await seedOf('server key'),
    codes,
  };
  const subject: Subject = { type: 'comparison', fields, signers: [member], single: true, stranger };
  const fault = (name: string, refused: string, change: Fields) => changed(subject, name, refused, change);
  const phone = await signerOf('new phone');
  const onPhone = chain(first, await certify(community.id, phone.publicKey, member));
  const seedTwice = codes.slice();
  seedTwice.copyWithin(digitBytes + 20, 20, 36);
  return {
    message: 'comparison',
    context: { manifest: manifestHex(example), month, norms: toHex(norms) },
    good: [
      await good('with all homes alone', subject),
      await good('with a cohort too', { ...subject, fields: { ...fields, cohort: 1 } }),
      await good('from the home’s second device', {
        ...subject,
        signers: [phone],
        fields: { ...fields, certificates: onPhone },
      }),
    ],
    bad: [
      ...(await signedFaults(subject)),
      await fault('another community', 'wrong-community', { community: await seedOf('other') }),
      await fault('a foreign invite', 'unknown-invite', { invite: stranger.publicKey }),
      await fault('another home’s invite', 'bad-certificate', { invite: nth(invites, 4).publicKey }),
      await fault('signed by the older device', 'wrong-signer', { certificates: onPhone }),
      await fault('without certificates', 'malformed', { certificates: [] }),
      await fault('another month', 'wrong-round', { month: '2025-12' }),
      await fault('other norms', 'wrong-norms', { norms: await seedOf('other') }),
      await fault('circuits of before', 'wrong-circuits', { circuits: 1 }),
      await fault('a cohort that the community has not', 'malformed', { cohort: 2 }),
      await fault('a cohort below "not said"', 'malformed', { cohort: -2 }),
      await fault('31 digits', 'malformed', { codes: codes.slice(digitBytes) }),
      await fault('a digit lacks a byte', 'malformed', { codes: codes.slice(1) }),
      await fault('two digits of one seed', 'bad-ciphertext', { codes: seedTwice }),
      await fault('a key’s hash of 31 bytes', 'malformed', { serverKey: new Uint8Array(31) }),
    ],
  };
}

async function resultVectors(example: Example, stranger: Signer): Promise<Vectors> {
  const { community, endpoint } = example;
  const { member, first, invite } = await askerOf(example);
  const request = await signComparisonRequest(
    {
      community: community.id,
      month,
      norms: await seedOf('norms'),
      circuits: 2,
      invite,
      certificates: [first],
      cohort: 1,
      serverKey: await seedOf('server key'),
      codes: exampleCodes(),
    },
    member,
  );
  // Two bytes in place of each ciphertext: what is in them shows only to the home's key.
  const [all, cohort] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
  const fields: Fields = {
    community: community.id,
    month,
    request: await requestId(request),
    groups: [
      ['community', 25, all],
      ['house', 18, cohort],
    ],
    model: 1,
    scores: new Uint8Array(8).fill(3),
  };
  const subject: Subject = { type: 'comparison-result', fields, signers: [endpoint], single: true, stranger };
  const fault = (name: string, refused: string, change: Fields) => changed(subject, name, refused, change);
  return {
    message: 'comparison-result',
    context: { manifest: manifestHex(example), request: toHex(encodeSigned(request)) },
    good: [
      await good('of all homes and a cohort', subject),
      await good('of all homes alone', { ...subject, fields: { ...fields, groups: [['community', 25, all]] } }),
    ],
    bad: [
      ...(await signedFaults(subject)),
      await fault('another community', 'wrong-community', { community: await seedOf('other') }),
      await fault('of another request', 'wrong-round', { request: await seedOf('other') }),
      await fault('another month than the request’s', 'wrong-round', { month: '2025-12' }),
      await fault('no group', 'malformed', { groups: [] }),
      await fault('three groups', 'malformed', {
        groups: [
          ['community', 25, all],
          ['house', 18, cohort],
          ['flat', 7, cohort],
        ],
      }),
      await fault('a group of no home', 'malformed', { groups: [['community', 0, all]] }),
      await fault('a group’s name of two lines', 'malformed', { groups: [['com\nmunity', 25, all]] }),
      await fault('an answer that is not whole', 'bad-answer', { groups: [['community', 25, all.slice(1)]] }),
      await fault('a score that is not whole', 'bad-answer', { scores: new Uint8Array(7) }),
      await fault('model 0', 'malformed', { model: 0 }),
    ],
  };
}
