import { createHash, createPrivateKey, sign } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { concatBytes, toHex, type Bytes } from '../../src/protocol/bytes.ts';
import { certify } from '../../src/protocol/certificate.ts';
import {
  answersPerGroup,
  checkComparisonRequest,
  checkComparisonResult,
  checkKeyAnnouncement,
  encodeComparisonResult,
  normsId,
  placesOf,
  requestId,
  scoresOf,
  serverKeyBytes,
  signComparisonRequest,
  signKeyAnnouncement,
  type ComparisonRequest,
} from '../../src/protocol/comparison.ts';
import { answerBytes, digitBytes, digitsOf, digitsPerCode } from '../../src/protocol/comparison-digits.ts';
import { ProtocolError } from '../../src/protocol/error.ts';
import { decodeSigned, encodeSigned, signMessage } from '../../src/protocol/signed.ts';
import type { RoundNorms } from '../../src/protocol/norms-message.ts';
import { makeExample, month, seedOf, signerOf } from './example.ts';

const example = await makeExample(23);
const { community, invites, endpoint } = example;
const member = await signerOf('member 0');
const invite = invites[0] ?? member;
const certificates = [await certify(community.id, member.publicKey, invite)];

/** Digits whose seeds differ; the rest of their bytes is what the evaluator, not the protocol, reads. */
const codes = concatBytes(
  ...Array.from({ length: 8 * digitsPerCode }, (_, i) => {
    const digit = new Uint8Array(digitBytes);
    digit[20] = i;
    return digit;
  }),
);
const norms = await seedOf('norms');
const request: ComparisonRequest = {
  community: community.id,
  month,
  norms,
  circuits: 2,
  invite: invite.publicKey,
  certificates,
  cohort: 1,
  serverKey: await seedOf('server key'),
  codes,
};
const round = { month, norms };
const codeOfError = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'accepted',
    (error: unknown) => (error instanceof ProtocolError ? error.code : String(error)),
  );

/** RFC 8949 by hand, for what these messages hold; written apart from the product's encoder. */
function cbor(value: unknown): Buffer {
  const head = (major: number, n: number): Buffer => {
    if (n < 24) return Buffer.from([(major << 5) | n]);
    if (n < 256) return Buffer.from([(major << 5) | 24, n]);
    if (n < 65_536) return Buffer.from([(major << 5) | 25, n >> 8, n & 255]);
    return Buffer.from([(major << 5) | 26, n >>> 24, (n >> 16) & 255, (n >> 8) & 255, n & 255]);
  };
  if (value instanceof Uint8Array) return Buffer.concat([head(2, value.length), value]);
  if (typeof value === 'string') return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (typeof value === 'number') return head(value < 0 ? 1 : 0, value < 0 ? -1 - value : value);
  if (Array.isArray(value)) return Buffer.concat([head(4, value.length), ...value.map(cbor)]);
  const entries = Object.entries(typeof value === 'object' && value !== null ? value : {}).map(
    ([name, inner]): [Buffer, Buffer] => [cbor(name), cbor(inner)],
  );
  entries.sort(([a], [b]) => Buffer.compare(a, b));
  return Buffer.concat([head(5, entries.length), ...entries.flat()]);
}

/** Ed25519 by Node's OpenSSL over the documented input. */
async function signedByNode(type: string, body: Buffer, name: string): Promise<string> {
  const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), await seedOf(name)]);
  const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  const signature = sign(null, Buffer.concat([Buffer.from(`private-energy ${type} v1\0`), body]), key);
  return cbor([body, [[(await signerOf(name)).publicKey, signature]]]).toString('hex');
}
const pairs = certificates.map(({ member: key, signature }) => [key, signature]);

describe('messages are the documented bytes', () => {
  test('announcement of a server key', async () => {
    const fields = { community: community.id, invite: invite.publicKey, size: serverKeyBytes, sha256: norms };
    const message = await signKeyAnnouncement({ ...fields, certificates }, member);
    const body = cbor({ ...fields, certificates: pairs });
    expect(toHex(encodeSigned(message))).toBe(await signedByNode('comparison-key', body, 'member 0'));
    expect(await checkKeyAnnouncement(message, community)).toEqual({ ...fields, certificates });
  });

  test('request', async () => {
    const message = await signComparisonRequest(request, member);
    const body = cbor({ ...request, certificates: pairs });
    expect(toHex(encodeSigned(message))).toBe(await signedByNode('comparison', body, 'member 0'));
    const checked = await checkComparisonRequest(message, community, round);
    expect(checked.request).toEqual(request);
    expect(toHex(checked.id)).toBe(createHash('sha256').update(body).digest('hex'));
    expect(checked.digits.map((digits) => digits.map((digit) => digit[20]))).toEqual(
      Array.from({ length: 8 }, (_, i) => [4 * i, 4 * i + 1, 4 * i + 2, 4 * i + 3]),
    );
  });

  test('result', async () => {
    const asked = await signComparisonRequest(request, member);
    const answers = Array.from({ length: answersPerGroup }, (_, i) => new Uint8Array(answerBytes).fill(i));
    const result = { community: community.id, month, request: await requestId(asked) };
    const scores = Array.from({ length: 4 }, (_, i) => new Uint8Array(answerBytes).fill(100 + i));
    const groups = [{ name: 'community', homes: 41, answers }];
    const encoded = encodeComparisonResult({ ...result, groups, model: 7, scores });
    const joined = [['community', 41, Buffer.concat(answers)]];
    const body = cbor({ ...result, groups: joined, model: 7, scores: Buffer.concat(scores) });
    expect(toHex(encoded)).toBe(body.toString('hex'));
    const message = await signMessage('comparison-result', encoded, [endpoint]);
    const read = await checkComparisonResult(message, community, asked);
    expect(read).toEqual({ ...result, groups, model: 7, scores });
    const other = await signMessage('comparison-result', encoded, [member]);
    expect(await codeOfError(checkComparisonResult(other, community, asked))).toBe('wrong-signer');
    const another = await signComparisonRequest({ ...request, cohort: -1 }, member);
    expect(await codeOfError(checkComparisonResult(message, community, another))).toBe('wrong-round');
  });
});

describe('a request is refused', () => {
  const changed = async (change: Partial<ComparisonRequest>, by = member): Promise<string> =>
    codeOfError(checkComparisonRequest(await signComparisonRequest({ ...request, ...change }, by), community, round));

  test.each<[string, Partial<ComparisonRequest>]>([
    ['wrong-community', { community: norms }],
    ['wrong-round', { month: '2026-02' }],
    ['wrong-norms', { norms: community.id }],
    ['wrong-circuits', { circuits: 1 }],
    ['malformed', { cohort: 2 }],
    ['malformed', { month: '2026-13' }],
    ['malformed', { codes: codes.slice(1) }],
    ['malformed', { certificates: [] }],
    ['unknown-invite', { invite: member.publicKey }],
    ['bad-certificate', { invite: invites[1]?.publicKey ?? norms }],
    ['bad-ciphertext', { codes: concatBytes(codes.slice(0, digitBytes), codes.slice(0, 31 * digitBytes)) }],
  ])('%s: %j', async (code, change) => {
    expect(await changed(change)).toBe(code);
  });

  test('signed by another, or not at all', async () => {
    expect(await changed({}, await signerOf('member 1'))).toBe('wrong-signer');
    const message = await signComparisonRequest(request, member);
    const [first] = message.signatures;
    const forged = { ...message, signatures: [{ signer: member.publicKey, signature: new Uint8Array(64) }] };
    expect(await codeOfError(checkComparisonRequest(forged, community, round))).toBe('bad-signature');
    // A signature of another type of message.
    const passedOff = await signMessage('comparison-key', message.body, [member]);
    expect(first).toBeDefined();
    expect(await codeOfError(checkComparisonRequest(passedOff, community, round))).toBe('bad-signature');
  });

  test('with any byte changed', async () => {
    const bytes = encodeSigned(await signComparisonRequest(request, member));
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (at, by) => {
        const other: Bytes = bytes.slice();
        other[at] = (other[at] ?? 0) ^ by;
        const check = async () => checkComparisonRequest(decodeSigned(other), community, round);
        expect(await codeOfError(check())).not.toBe('accepted');
      }),
      { numRuns: 60 },
    );
  });
});

test('norms have one identity, checked or not, and another one with another hidden part', async () => {
  const published: RoundNorms = {
    community: community.id,
    month,
    list: norms,
    groups: [{ name: 'community', homes: 41, profiles: null, means: null, deciles: null }],
    rest: await seedOf('rest'),
    checked: true,
  };
  const id = toHex(await normsId(published));
  expect(toHex(await normsId({ ...published, checked: false }))).toBe(id);
  expect(toHex(await normsId({ ...published, rest: await seedOf('other') }))).not.toBe(id);
});

test('codes have four base-4 digits', () => {
  expect(digitsOf(0)).toEqual([0, 0, 0, 0]);
  expect(digitsOf(255)).toEqual([3, 3, 3, 3]);
  expect(digitsOf(0b01_10_11_00)).toEqual([1, 2, 3, 0]);
});

test('places are read from values that they can have, and from no others', () => {
  const values = Array.from({ length: answersPerGroup }, (_, i) => (i % 2 === 0 ? i / 2 : i % 4 === 1 ? 0 : 1));
  expect(placesOf(values)).toEqual(Array.from({ length: 8 }, (_, rank) => ({ rank, aboveMean: rank % 2 === 1 })));
  for (const [at, value] of [
    [0, 10],
    [1, 2],
    [15, 15],
    [2, -1],
  ] as const) {
    expect(placesOf(values.with(at, value))).toBeUndefined();
  }
  expect(placesOf(values.slice(1))).toBeUndefined();
});

test('scores are read from values that they can have, and from no others', () => {
  expect(scoresOf([0, 1, 2, 3])).toEqual({ baseload: 0, evening: 1, night: 2, heating: 3 });
  for (const values of [[0, 1, 2], [0, 1, 2, 4], [-1, 1, 2, 3], []]) expect(scoresOf(values)).toBeUndefined();
});
