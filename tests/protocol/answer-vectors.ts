/** Test vectors of what is not signed, or signed for one request: answers of the endpoint, ciphertexts and keys. */
import { concatBytes, toHex, utf8, type Bytes } from '../../src/protocol/bytes.ts';
import { encodeCbor, type CborValue } from '../../src/protocol/cbor.ts';
import { ciphertextBytes, publicKeyBytes } from '../../src/protocol/ciphertext.ts';
import type { Signer } from '../../src/protocol/ed25519.ts';
import { encodeEntries, encodeHead, extend, firstPosition, type LogEntry } from '../../src/protocol/head.ts';
import { encodeSigned, signMessage, type MessageType } from '../../src/protocol/signed.ts';
import { month, seedOf, type Example } from './example.ts';
import { bad, flip, manifestHex, nth, toJson, type Bad, type Good, type Vectors } from './vector-parts.ts';

/** Vectors of all of these. */
export async function answerVectors(example: Example, stranger: Signer): Promise<Vectors[]> {
  return [
    await readVectors(example, stranger),
    await deletionVectors(),
    identityVectors(example),
    roundsVectors(),
    wordsVectors(),
    usedInvitesVectors(example),
    await headAnswerVectors(example),
    ciphertextVectors(),
    publicKeyVectors(),
  ];
}

const goodOf = (name: string, value: CborValue): Good => ({
  name,
  bytes: toHex(encodeCbor(value)),
  value: toJson(value),
});
const malformed = (name: string, value: CborValue): Bad => bad(name, 'malformed', encodeCbor(value));

/** What can be wrong with the encoding of any answer, an array or a map of fewer than 24. */
function encodingFaults(value: CborValue): Bad[] {
  const honest = encodeCbor(value);
  const [first = 0] = honest;
  const fault = (name: string, bytes: Bytes): Bad => bad(name, 'malformed', bytes);
  return [
    fault('a byte follows', concatBytes(honest, new Uint8Array(1))),
    fault('it lacks its last byte', honest.slice(0, -1)),
    fault(
      'its length takes two bytes where one would do',
      concatBytes(Uint8Array.of((first & 0xe0) | 24, first & 31), honest.slice(1)),
    ),
    fault('its length is indefinite', concatBytes(Uint8Array.of(first | 31), honest.slice(1), Uint8Array.of(0xff))),
    fault('it bears a tag', concatBytes(Uint8Array.of(0xd8, 55), honest)),
    malformed('it is null', null),
    malformed('it is in an array', [value]),
  ];
}

/** The message in a steward's `Authorization` header. */
async function readVectors(example: Example, stranger: Signer): Promise<Vectors> {
  const { community, stewards, endpoint } = example;
  const nowMs = 1_769_000_000_000;
  const fields: CborValue[] = [community.id, month, nowMs];
  const [second] = stewards.slice(1);
  if (second === undefined) throw new Error('no steward');
  const made = async (body: CborValue, by: Signer[] = [second], type: MessageType = 'read'): Promise<Bytes> =>
    encodeSigned(await signMessage(type, encodeCbor(body), by));
  const honest = await made(fields);
  const fault = async (name: string, refused: string, ...how: Parameters<typeof made>) =>
    bad(name, refused, await made(...how));
  return {
    message: 'read',
    context: { manifest: manifestHex(example), month, nowMs },
    good: [
      { name: 'of the second steward, made now', bytes: toHex(honest), value: toJson(fields) },
      {
        name: 'made five minutes ago',
        bytes: toHex(await made([community.id, month, nowMs - 300_000])),
        value: toJson([community.id, month, nowMs - 300_000]),
      },
    ],
    bad: [
      bad('a byte follows', 'malformed', concatBytes(honest, new Uint8Array(1))),
      bad('it lacks its last byte', 'malformed', honest.slice(0, -1)),
      await fault('its body is a map', 'malformed', { community: community.id, month, atMs: nowMs }),
      await fault('without its time', 'malformed', [community.id, month]),
      await fault('a thirteenth month', 'malformed', [community.id, '2026-13', nowMs]),
      await fault('a time before 1970', 'malformed', [community.id, month, -1]),
      await fault('another community', 'wrong-community', [await seedOf('other'), month, nowMs]),
      await fault('another month', 'wrong-round', [community.id, '2025-12', nowMs]),
      await fault('by a stranger', 'wrong-signer', fields, [stranger]),
      await fault('by the endpoint', 'wrong-signer', fields, [endpoint]),
      await fault('by two stewards', 'wrong-signer', fields, stewards.slice(0, 2)),
      await fault('signed as a message of another type', 'bad-signature', fields, [second], 'seal'),
      bad('one bit of the signature flipped', 'bad-signature', flip(honest, honest.length - 3)),
      await fault('made more than five minutes ago', 'stale', [community.id, month, nowMs - 300_001]),
      await fault('made more than five minutes from now', 'stale', [community.id, month, nowMs + 300_001]),
    ],
  };
}

async function deletionVectors(): Promise<Vectors> {
  const [a, b] = [await seedOf('a file'), await seedOf('another file')];
  const round: CborValue[] = [1_769_000_000_000, 'round', month, [a, b]];
  const key: CborValue[] = [1_770_000_000_000, 'server-key', null, [a]];
  const whole: CborValue = [round, key];
  const first = (...fields: CborValue[]): CborValue => [fields, key];
  const [atMs = 0, kind = '', of = '', hashes = []] = round;
  return {
    message: 'deletions',
    context: {},
    good: [
      goodOf('a round and a key', whole),
      goodOf('an upload and a comparison', [
        [5, 'upload', null, [b]],
        [6, 'comparison', month, [a]],
      ]),
      goodOf('nothing yet', []),
    ],
    bad: [
      ...encodingFaults(whole),
      malformed('a kind that is none', first(atMs, 'contribution', of, hashes)),
      malformed('a thirteenth month', first(atMs, kind, '2026-13', hashes)),
      malformed('a time before 1970', first(-1, kind, of, hashes)),
      malformed('a hash of 31 bytes', first(atMs, kind, of, [a.slice(1)])),
      malformed('without hashes', first(atMs, kind, of)),
      malformed('a field too many', first(atMs, kind, of, hashes, 0)),
    ],
  };
}

function identityVectors({ endpoint }: Example): Vectors {
  const fields = { key: endpoint.publicKey };
  return {
    message: 'identity',
    context: {},
    good: [goodOf('the endpoint’s key', fields)],
    bad: [
      ...encodingFaults(fields),
      malformed('a key of 31 bytes', { key: endpoint.publicKey.slice(1) }),
      malformed('a key in hex', { key: toHex(endpoint.publicKey) }),
      malformed('without the key', {}),
      malformed('a field too many', { ...fields, name: 'endpoint' }),
    ],
  };
}

function roundsVectors(): Vectors {
  const round = { month, state: 'collecting', closesMs: 1_770_000_000_000, homes: 12 };
  const fault = (name: string, change: { readonly [field: string]: CborValue }): Bad =>
    malformed(name, [{ ...round, ...change }]);
  const states = ['announced', 'collecting', 'closed', 'sealed', 'opened', 'expired'];
  return {
    message: 'rounds',
    context: {},
    good: [
      goodOf('one that collects', [round]),
      goodOf(
        'one of each state',
        states.map((state) => ({ ...round, state })),
      ),
      goodOf('none yet', []),
    ],
    bad: [
      ...encodingFaults([round]),
      fault('a state that is none', { state: 'done' }),
      fault('a month with a day', { month: '2026-01-01' }),
      fault('a time before 1970', { closesMs: -1 }),
      fault('more homes than a round has', { homes: 1001 }),
      fault('a field too many', { extra: 0 }),
    ],
  };
}

function wordsVectors(): Vectors {
  const fields = { keys: [0, 1, 2], closes: [0, 2], seals: [1], openings: [], norms: [] };
  return {
    message: 'words',
    context: {},
    good: [goodOf('keys of all, two closes, one seal', fields)],
    bad: [
      ...encodingFaults(fields),
      malformed('a tenth steward', { ...fields, keys: [9] }),
      malformed('a steward below zero', { ...fields, seals: [-1] }),
      malformed('ten stewards', { ...fields, keys: [0, 1, 2, 3, 4, 5, 6, 7, 8, 8] }),
      malformed('without norms', { keys: [], closes: [], seals: [], openings: [] }),
      malformed('a field too many', { ...fields, lists: [] }),
    ],
  };
}

function usedInvitesVectors({ invites }: Example): Vectors {
  const keys = invites.slice(0, 3).map(({ publicKey }) => publicKey);
  return {
    message: 'used-invites',
    context: {},
    good: [goodOf('three', keys), goodOf('none yet', [])],
    bad: [
      ...encodingFaults(keys),
      malformed('a key of 33 bytes', [concatBytes(nth(keys, 0), new Uint8Array(1))]),
      malformed('a key in hex', [toHex(nth(keys, 0))]),
      malformed('a map', { keys }),
    ],
  };
}

/** What `GET …/head/<since>` answers; the head in it has vectors of its own. */
async function headAnswerVectors({ community, endpoint }: Example): Promise<Vectors> {
  const entries: LogEntry[] = [
    { kind: 'binding', hash: await seedOf('binding') },
    { kind: 'norms', hash: await seedOf('norms') },
  ];
  const { count, head } = await extend(firstPosition(community.id), entries);
  const body = encodeHead({ community: community.id, count, head, atMs: 1_769_000_000_000 });
  const signed = encodeSigned(await signMessage('head', body, [endpoint]));
  const log = (rows: CborValue): CborValue => [signed, encodeCbor(rows)];
  const rows: CborValue[] = entries.map(({ kind, hash }) => [kind, hash]);
  const whole: CborValue = [signed, encodeEntries(entries)];
  return {
    message: 'head-answer',
    context: {},
    good: [goodOf('a head and two entries', whole), goodOf('a head and nothing new', log([]))],
    bad: [
      ...encodingFaults(whole),
      malformed('the entries are not in bytes', [signed, rows]),
      malformed('the head is not in bytes', [1, encodeEntries(entries)]),
      malformed('the head bears no signature', [encodeCbor([body, []]), encodeEntries(entries)]),
      malformed('an entry of a kind that is none', log([['receipt', await seedOf('binding')]])),
      malformed('an entry’s hash of 31 bytes', log([['seal', new Uint8Array(31)]])),
      malformed('an entry with a third field', log([['seal', await seedOf('binding'), 0]])),
    ],
  };
}

/** Bytes whose words count up; everything around them is given. */
function counting(length: number, words: number, head: string, footer: string): Bytes {
  const bytes = new Uint8Array(length);
  bytes.set(Buffer.from(head, 'hex'));
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < words; i++) view.setBigUint64(8 + 8 * i, BigInt(i), true);
  bytes.set(Buffer.from(footer, 'hex'), 8 + 8 * words);
  return bytes;
}

const zeros = (count: number): string => '00'.repeat(count);
/** 2049; 320; modulus 2^64; degree 2^30 − 1, message 2^30, carry 1; kinds; forty integers of eight blocks; no tag. */
const ciphertextFooter = [
  '0108000000000000',
  '4001000000000000',
  `${zeros(16)}4000000000000000`,
  'ffffff3f00000000',
  '0000004000000000',
  '0100000000000000',
  `01000000${zeros(8)}`,
  '2800000000000000',
  '000000000800000000000000'.repeat(40),
  zeros(8),
].join('');
/** 2048; modulus 2^64; 2048, TUniform(17), message 2^30, carry 1; modulus; kinds; no tag. */
const publicKeyFooter = [
  '0008000000000000',
  `${zeros(16)}4000000000000000`,
  '0008000000000000',
  '0100000011000000',
  '0000004000000000',
  '0100000000000000',
  `${zeros(16)}4000000000000000`,
  `01000000${zeros(12)}`,
  zeros(8),
].join('');

/** What can be wrong with a file of words between a head and a footer. */
const templateFaults = (honest: Bytes, refused: string, at: number, fields: readonly (readonly [string, number])[]) => [
  bad('it lacks its last byte', refused, honest.slice(0, -1)),
  bad('a byte follows', refused, concatBytes(honest, new Uint8Array(1))),
  bad('empty', refused, new Uint8Array()),
  bad('another number of words', refused, flip(honest, 0)),
  bad('a number of words beyond memory', refused, flip(honest, 7, 0x80)),
  bad('a tag', refused, flip(honest, honest.length - 8)),
  bad('a page in its place', refused, utf8('<!doctype html><title>404</title>')),
  ...fields.map(([name, offset]) => bad(name, refused, flip(honest, at + offset))),
];

function ciphertextVectors(): Vectors {
  const honest = counting(ciphertextBytes, 2368, '4009000000000000', ciphertextFooter);
  return {
    message: 'ciphertext',
    context: {},
    good: [{ name: 'whose words count up', bytes: toHex(honest), value: { words: 2368 } }],
    bad: templateFaults(honest, 'bad-ciphertext', 8 + 8 * 2368, [
      ['another dimension', 0],
      ['another number of bodies', 8],
      ['another modulus', 16],
      ['another scale', 48],
      ['another carry modulus', 56],
      ['another number of integers', 76],
      ['an integer of another kind', 84],
    ]),
  };
}

function publicKeyVectors(): Vectors {
  const honest = counting(publicKeyBytes, 4096, '0010000000000000', publicKeyFooter);
  return {
    message: 'public-key',
    context: {},
    good: [{ name: 'whose words count up', bytes: toHex(honest), value: { words: 4096 } }],
    bad: templateFaults(honest, 'bad-announcement', 8 + 8 * 4096, [
      ['another dimension', 0],
      ['another modulus', 8],
      ['no noise', 40],
      ['another noise', 44],
      ['another scale', 48],
      ['another carry modulus', 56],
    ]),
  };
}
