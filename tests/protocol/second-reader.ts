/**
 * A second reader of the contribution protocol's messages, written from docs/protocol.md alone: it shares no code and no
 * library with the product (its own CBOR, Node's own Ed25519 and SHA-256), so that the two can find each other's
 * mistakes. Slow, obvious, for tests only.
 */
import { createHash, createPrivateKey, createPublicKey, verify } from 'node:crypto';

/** A message that is not what the document says; `code` is the check's name. */
export class Refusal extends Error {
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

const refuse = (code: string): never => {
  throw new Refusal(code);
};
const must = (holds: boolean, code = 'malformed'): void => {
  if (!holds) refuse(code);
};

// CBOR, core deterministic form.

export type Value = number | string | boolean | null | Buffer | Value[] | Map<string, Value>;

/** An item that must be there. */
const the = <T>(item: T | undefined): T => (item === undefined ? refuse('malformed') : item);

class Cursor {
  at = 0;
  readonly bytes: Buffer;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  take(count: number): Buffer {
    must(this.at + count <= this.bytes.length);
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }

  value(): Value {
    const first = this.take(1).readUInt8();
    const [major, short] = [first >> 5, first & 31];
    if (first === 0xf4) return false;
    if (first === 0xf5) return true;
    if (first === 0xf6) return null;
    must(major < 6 && short < 28);
    let argument = BigInt(short);
    if (short >= 24) {
      const width = 2 ** (short - 24);
      argument = BigInt(`0x${this.take(width).toString('hex')}`);
      must(argument >= the([24n, 0x100n, 0x1_0000n, 0x1_0000_0000n][short - 24]));
    }
    must(argument <= BigInt(Number.MAX_SAFE_INTEGER));
    const count = Number(argument);
    if (major === 0) return count;
    if (major === 1) return -1 - count;
    if (major === 2) return this.take(count);
    if (major === 3) {
      const raw = this.take(count);
      must(Buffer.from(raw.toString('utf8')).equals(raw));
      return raw.toString('utf8');
    }
    if (major === 4) return Array.from({ length: count }, () => this.value());
    const map = new Map<string, Value>();
    let before: Buffer | undefined;
    for (let i = 0; i < count; i++) {
      const from = this.at;
      const key = this.value();
      const encoded = this.bytes.subarray(from, this.at);
      if (typeof key !== 'string') return refuse('malformed');
      must(before === undefined || Buffer.compare(before, encoded) < 0);
      before = encoded;
      map.set(key, this.value());
    }
    return map;
  }
}

const parse = (bytes: Buffer): Value => {
  const cursor = new Cursor(bytes);
  const value = cursor.value();
  must(cursor.at === bytes.length);
  return value;
};

/** CBOR of lists, byte strings, texts and whole numbers: what signatures of nested parts cover. */
const write = (value: Value): Buffer => {
  const head = (major: number, count: number): Buffer => {
    const widths = [24, 0x100, 0x1_0000, 0x1_0000_0000];
    if (count < 24) return Buffer.of((major << 5) | count);
    const size = widths.findIndex((limit, i) => i > 0 && count < limit);
    const width = size === -1 ? 8 : 2 ** (size - 1);
    const argument = Buffer.from(
      BigInt(count)
        .toString(16)
        .padStart(2 * width, '0'),
      'hex',
    );
    return Buffer.concat([Buffer.of((major << 5) | (24 + Math.log2(width))), argument]);
  };
  if (value === null) return Buffer.of(0xf6);
  if (typeof value === 'boolean') return Buffer.of(value ? 0xf5 : 0xf4);
  if (typeof value === 'number') return value < 0 ? head(1, -1 - value) : head(0, value);
  if (typeof value === 'string') return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (Buffer.isBuffer(value)) return Buffer.concat([head(2, value.length), value]);
  if (Array.isArray(value)) return Buffer.concat([head(4, value.length), ...value.map(write)]);
  const pairs = [...value].map(([key, item]) => [write(key), write(item)] as const);
  pairs.sort(([a], [b]) => Buffer.compare(a, b));
  return Buffer.concat([head(5, pairs.length), ...pairs.flat()]);
};

// Shapes.

type Shape<T> = (value: Value | undefined) => T;

const bytes =
  (length: number): Shape<Buffer> =>
  (value) =>
    Buffer.isBuffer(value) && value.length === length ? value : refuse('malformed');
const anyBytes: Shape<Buffer> = (value) => (Buffer.isBuffer(value) ? value : refuse('malformed'));
const whole =
  (least: number, most: number): Shape<number> =>
  (value) =>
    typeof value === 'number' && value >= least && value <= most ? value : refuse('malformed');
const matching =
  (pattern: RegExp): Shape<string> =>
  (value) =>
    typeof value === 'string' && pattern.test(value) ? value : refuse('malformed');
const label = (most: number): Shape<string> => {
  const plain = matching(new RegExp(`^[^\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]{1,${most}}$`, 'u'));
  return (value) => (plain(value).trim() === value ? value : refuse('malformed'));
};
const list =
  <T>(shape: Shape<T>, least: number, most: number): Shape<T[]> =>
  (value) =>
    Array.isArray(value) && value.length >= least && value.length <= most ? value.map(shape) : refuse('malformed');
const fixed =
  (...shapes: Shape<unknown>[]): Shape<Value[]> =>
  (value) => {
    if (!Array.isArray(value) || value.length !== shapes.length) return refuse('malformed');
    shapes.forEach((shape, i) => shape(value[i]));
    return value;
  };
const fields =
  (shapes: Record<string, Shape<unknown>>, optional: Record<string, Shape<unknown>> = {}): Shape<Map<string, Value>> =>
  (value) => {
    if (!(value instanceof Map)) return refuse('malformed');
    const there = Object.entries(optional).filter(([name]) => value.has(name));
    const all = [...Object.entries(shapes), ...there];
    const names = all.map(([name]) => name);
    if ([...value.keys()].sort().join() !== names.sort().join()) return refuse('malformed');
    for (const [name, shape] of all) shape(value.get(name));
    return value;
  };
const orNull =
  (shape: Shape<unknown>): Shape<unknown> =>
  (value) =>
    value === null ? null : shape(value);
const oneOf = (...texts: string[]): Shape<string> => matching(new RegExp(`^(?:${texts.join('|')})$`));

const hash = bytes(32);
const key = bytes(32);
const signature = bytes(64);
const month = matching(/^[0-9]{4}-(0[1-9]|1[0-2])$/);
const instant = whole(0, Date.UTC(9999, 11, 31, 23, 59, 59, 999));
const truth: Shape<boolean> = (value) => (typeof value === 'boolean' ? value : refuse('malformed'));

// Hashes and signatures.

const sha256 = (data: Buffer): Buffer => createHash('sha256').update(data).digest();

const isSigned = (type: string, body: Buffer, by: Buffer, signed: Buffer): boolean => {
  const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), by]);
  const publicKey = createPublicKey({ key: der, format: 'der', type: 'spki' });
  return verify(null, Buffer.concat([Buffer.from(`private-energy ${type} v1\0`), body]), publicKey, signed);
};

interface Signed {
  readonly body: Buffer;
  readonly signers: Buffer[];
  readonly signatures: Buffer[];
}

const signedShape = fixed(anyBytes, list(fixed(key, signature), 1, 9));

function open(message: Buffer): Signed {
  const [body, pairs] = signedShape(parse(message)) as [Buffer, [Buffer, Buffer][]];
  const signers = pairs.map(([signer]) => signer);
  signers.forEach((signer, i) => must(i === 0 || Buffer.compare(the(signers[i - 1]), signer) < 0));
  return { body, signers, signatures: pairs.map(([, one]) => one) };
}

/** At least `least` of these keys, and nobody else, have signed. */
function checkSigners(type: string, { body, signers, signatures }: Signed, allowed: Buffer[], least: number): void {
  must(signers.length >= least && signers.every((one) => allowed.some((other) => other.equals(one))), 'wrong-signer');
  must(
    signers.every((signer, i) => isSigned(type, body, signer, the(signatures[i]))),
    'bad-signature',
  );
}

// Messages.

interface Manifest {
  readonly id: Buffer;
  readonly body: Map<string, Value>;
  readonly stewards: Buffer[];
  readonly threshold: number;
  readonly minimumHomes: number;
  readonly cohorts: string[];
  readonly publishes: string[];
  readonly endpointKey: Buffer;
  /** Issuing steward by invite key, hex. */
  readonly issuers: Map<string, number>;
}

const manifestShape = fields(
  {
    name: label(60),
    schema: whole(1, 1),
    stewards: list(fixed(label(40), key), 2, 9),
    threshold: whole(2, 9),
    minimumHomes: whole(15, 1000),
    cohorts: list(label(40), 0, 5),
    publishes: list(oneOf('profiles', 'means', 'deciles'), 0, 3),
    endpointKey: key,
    lookHours: whole(0, 336),
    invites: list(fixed(key, whole(0, 8), signature), 0, 4000),
    salt: bytes(16),
  },
  { retentionDays: whole(7, 366) },
);

const distinct = (items: readonly string[]): boolean => new Set(items).size === items.length;
const hex = (value: Buffer): string => value.toString('hex');
const ascending = (keys: Buffer[]): boolean =>
  keys.every((one, i) => i === 0 || Buffer.compare(the(keys[i - 1]), one) < 0);

function readManifest(message: Buffer): Manifest {
  const signed = open(message);
  const body = manifestShape(parse(signed.body));
  const named = body.get('stewards') as [string, Buffer][];
  const invites = body.get('invites') as [Buffer, number, Buffer][];
  const cohorts = body.get('cohorts') as string[];
  const publishes = body.get('publishes') as string[];
  const threshold = body.get('threshold') as number;
  const stewards = named.map(([, one]) => one);
  const order = ['profiles', 'means', 'deciles'];
  must(threshold <= stewards.length, 'bad-manifest');
  must(distinct(named.map(([name]) => name)) && distinct(stewards.map(hex)), 'bad-manifest');
  must(distinct(['community', ...cohorts]), 'bad-manifest');
  must(order.filter((one) => publishes.includes(one)).join() === publishes.join(), 'bad-manifest');
  must(ascending(invites.map(([invite]) => invite)), 'bad-manifest');
  must(
    invites.every(([, steward]) => steward < stewards.length),
    'bad-manifest',
  );
  checkSigners('manifest', signed, stewards, stewards.length);
  for (const [invite, steward, word] of invites) {
    const covered = write([body.get('salt') as Buffer, invite, steward]);
    must(isSigned('invite', covered, the(stewards[steward]), word), 'bad-signature');
  }
  return {
    id: sha256(signed.body),
    body,
    stewards,
    threshold,
    minimumHomes: body.get('minimumHomes') as number,
    cohorts,
    publishes,
    endpointKey: body.get('endpointKey') as Buffer,
    issuers: new Map(invites.map(([invite, steward]) => [hex(invite), steward])),
  };
}

const ofCommunity = (body: Map<string, Value>, { id }: Manifest): void =>
  must((body.get('community') as Buffer).equals(id), 'wrong-community');

const roundKeyShape = fields({
  community: hash,
  month,
  steward: whole(0, 8),
  schema: whole(1, 1),
  closesMs: instant,
  publicKey: anyBytes,
  hpkeKey: key,
});

function readRoundKey(message: Buffer, manifest: Manifest): Map<string, Value> {
  const signed = open(message);
  const body = roundKeyShape(parse(signed.body));
  ofCommunity(body, manifest);
  const steward = manifest.stewards[body.get('steward') as number];
  if (steward === undefined) return refuse('wrong-signer');
  checkSigners('round-key', signed, [steward], 1);
  return body;
}

interface Round {
  readonly hash: Buffer;
  readonly month: string;
}

function readAnnouncement(message: Buffer, manifest: Manifest): Round {
  const messages = list(anyBytes, 2, 9)(parse(message));
  const keys = messages.map((one) => readRoundKey(one, manifest));
  const months = keys.map((one) => one.get('month') as string);
  must(
    keys.length === manifest.stewards.length &&
      keys.every((one, i) => one.get('steward') === i && one.get('closesMs') === the(keys[0]).get('closesMs')) &&
      new Set(months).size === 1,
    'bad-announcement',
  );
  return { hash: sha256(Buffer.concat(messages.map(sha256))), month: the(months[0]) };
}

const chainShape = list(fixed(key, signature), 1, 8);
const cohortShape = whole(-1, 4);
const versionShape = whole(0, 0xffff_ffff);
const headerShape = fixed(hash, month, hash, key, chainShape, cohortShape, versionShape, list(hash, 2, 9));
const contributionShape = fields({ header: anyBytes, fingerprints: list(hash, 2, 9) });

/** The key that a chain of certificates ends with. */
function endOfChain(community: Buffer, invite: Buffer, chain: [Buffer, Buffer][]): Buffer {
  let by = invite;
  for (const [member, word] of chain) {
    const covered = write(new Map<string, Value>(Object.entries({ community, member })));
    must(isSigned('certificate', covered, by, word), 'bad-certificate');
    by = member;
  }
  return by;
}

function readContribution(signed: Signed, manifest: Manifest, round: Round): Map<string, Value> {
  const body = contributionShape(parse(signed.body));
  const header = headerShape(parse(body.get('header') as Buffer));
  const [community, ofMonth, announcement, invite, chain, cohort, , ciphertexts] = header as [
    Buffer,
    string,
    Buffer,
    Buffer,
    [Buffer, Buffer][],
    number,
    number,
    Buffer[],
  ];
  must(community.equals(manifest.id), 'wrong-community');
  must(ofMonth === round.month, 'wrong-round');
  must(announcement.equals(round.hash), 'wrong-announcement');
  const count = manifest.stewards.length;
  must(ciphertexts.length === count && (body.get('fingerprints') as Buffer[]).length === count);
  must(cohort < manifest.cohorts.length);
  must(manifest.issuers.has(hex(invite)), 'unknown-invite');
  const by = endOfChain(community, invite, chain);
  checkSigners('contribution', signed, [by], 1);
  must(signed.signers.length === 1, 'wrong-signer');
  return new Map<string, Value>([...body, ['header', header]]);
}

const receiptShape = fields({
  community: hash,
  month,
  member: key,
  version: versionShape,
  contribution: hash,
  receivedMs: instant,
});
const closeShape = fields({ community: hash, month, announcement: hash });
const sealShape = fields({ community: hash, month, list: hash });
const culpritsShape = fields({ community: hash, month, list: hash, invites: list(key, 1, 10) });
const sums = list(whole(0, 1_048_572), 313, 313);
const openingShape = fields({
  community: hash,
  month,
  list: hash,
  steward: whole(0, 8),
  words: list(whole(0, 8), 0, 9),
  sums: list(sums, 1, 6),
});
const profile = list(whole(0, 10_230), 24, 24);
const groupShape = fields({
  name: label(40),
  homes: whole(1, 1000),
  profiles: orNull(fields({ weekdayWh: profile, weekendWh: profile })),
  means: orNull(list(whole(0, 255), 8, 8)),
  deciles: orNull(list(list(whole(1, 255), 9, 9), 8, 8)),
});
const normsShape = fields({
  community: hash,
  month,
  list: hash,
  groups: list(groupShape, 1, 6),
  rest: hash,
  checked: truth,
});
const entryShape = fixed(key, chainShape, cohortShape, versionShape, anyBytes, anyBytes, signature);
const listShape = fields({
  community: hash,
  month,
  announcement: hash,
  closedMs: instant,
  entries: list(entryShape, 0, 1000),
  groups: list(fixed(label(40), whole(1, 1000)), 0, 6),
  culprits: list(anyBytes, 0, 9),
  removed: list(entryShape, 0, 90),
});

/** The one steward who signed. */
function soleSteward(type: string, signed: Signed, { stewards }: Manifest): number {
  must(signed.signers.length === 1, 'wrong-signer');
  checkSigners(type, signed, stewards, 1);
  return stewards.findIndex((one) => one.equals(the(signed.signers[0])));
}

function readCulprits(message: Buffer, manifest: Manifest): Map<string, Value> {
  const signed = open(message);
  const body = culpritsShape(parse(signed.body));
  must(ascending(body.get('invites') as Buffer[]));
  ofCommunity(body, manifest);
  return new Map([...body, ['steward', soleSteward('culprits', signed, manifest)]]);
}

type Entry = [Buffer, [Buffer, Buffer][], number, number, Buffer, Buffer, Buffer];

const split = (joined: Buffer): Buffer[] => {
  must(joined.length % 32 === 0);
  return Array.from({ length: joined.length / 32 }, (_, i) => joined.subarray(32 * i, 32 * (i + 1)));
};

/** The groups that open, as `[name, homes]`. */
function groupsOf(entries: Entry[], manifest: Manifest): [string, number][] {
  const issuerOf = (entry: Entry): number => manifest.issuers.get(hex(entry[0])) ?? refuse('unknown-invite');
  const enough = (some: Entry[]): boolean => {
    const counts = manifest.stewards.map((_, steward) => some.filter((entry) => issuerOf(entry) === steward).length);
    counts.sort((a, b) => b - a);
    const others = counts.slice(manifest.threshold - 1).reduce((sum, count) => sum + count, 0);
    return others >= manifest.minimumHomes;
  };
  if (!enough(entries)) return [];
  let opened = manifest.cohorts.map((_, i) => i).filter((i) => enough(entries.filter((entry) => entry[2] === i)));
  for (;;) {
    const rest = entries.filter((entry) => !opened.includes(entry[2]));
    if (opened.length === 0 || rest.length === 0 || enough(rest)) break;
    const sizes = opened.map((i) => entries.filter((entry) => entry[2] === i).length);
    opened = opened.filter((_, i) => i !== sizes.indexOf(Math.min(...sizes)));
  }
  return [
    ['community', entries.length],
    ...opened.map((i): [string, number] => [
      the(manifest.cohorts[i]),
      entries.filter((entry) => entry[2] === i).length,
    ]),
  ];
}

function readList(message: Buffer, manifest: Manifest, round: Round): Map<string, Value> {
  const signed = open(message);
  const body = listShape(parse(signed.body));
  must(signed.signers.length === 1, 'wrong-signer');
  checkSigners('list', signed, [manifest.endpointKey], 1);
  ofCommunity(body, manifest);
  must(body.get('month') === round.month, 'wrong-round');
  must((body.get('announcement') as Buffer).equals(round.hash), 'wrong-announcement');
  const entries = body.get('entries') as Entry[];
  const removed = body.get('removed') as Entry[];
  must(ascending(entries.map(([invite]) => invite)) && ascending(removed.map(([invite]) => invite)), 'bad-list');
  must(distinct(entries.map((entry) => hex(the(entry[1].at(-1))[0]))), 'bad-list');
  must(distinct(entries.flatMap((entry) => split(entry[4]).map(hex))), 'bad-list');
  for (const [invite, chain, cohort, version, ciphertexts, fingerprints, word] of entries) {
    const header = [manifest.id, round.month, round.hash, invite, chain, cohort, version, split(ciphertexts)];
    const covered = write(new Map<string, Value>([['header', write(header)], ['fingerprints', split(fingerprints)]])); // prettier-ignore
    const one = { body: covered, signers: [the(chain.at(-1))[0]], signatures: [word] };
    readContribution(one, manifest, round);
  }
  const groups = groupsOf(entries, manifest);
  must(groups.length > 0, 'not-enough-homes');
  must(JSON.stringify(body.get('groups')) === JSON.stringify(groups), 'bad-list');

  // A corrected list leaves out whom stewards have named on the first list, and nobody else.
  const first = [...entries, ...removed].sort(([a], [b]) => Buffer.compare(a, b));
  const before = new Map<string, Value>([...body]);
  before.set('entries', first).set('groups', groupsOf(first, manifest)).set('culprits', []).set('removed', []);
  const firstHash = sha256(write(before));
  const words = (body.get('culprits') as Buffer[]).map((word) => readCulprits(word, manifest));
  must(
    words.every((word) => word.get('month') === round.month && (word.get('list') as Buffer).equals(firstHash)),
    'bad-list',
  );
  must(
    words.every((word, i) => i === 0 || Number(the(words[i - 1]).get('steward')) < Number(word.get('steward'))),
    'bad-list',
  );
  const named = new Set(words.flatMap((word) => (word.get('invites') as Buffer[]).map(hex)));
  must(
    first.every((entry) => named.has(hex(entry[0])) === removed.includes(entry)),
    'bad-list',
  );
  return body;
}

const serverKeyShape = fields({
  community: hash,
  invite: key,
  certificates: chainShape,
  size: whole(1, 28_459_264),
  sha256: hash,
});

const shortEntryShape = fixed(whole(0, 3999), cohortShape, versionShape, anyBytes);
const shortListShape = fixed(
  instant,
  list(shortEntryShape, 0, 1000),
  list(anyBytes, 0, 9),
  list(shortEntryShape, 0, 90),
  signature,
);

/** The hash of the list that a short form stands for, all of whose checks it passes. */
function readShortList(encoded: Buffer, manifest: Manifest, round: Round, steward: number, file: Buffer): Buffer {
  const [closedMs, kept, culprits, left, signed] = shortListShape(parse(encoded)) as [
    number,
    [number, number, number, Buffer][],
    Buffer[],
    [number, number, number, Buffer][],
    Buffer,
  ];
  const n = manifest.stewards.length;
  const invites = (manifest.body.get('invites') as [Buffer, number, Buffer][]).map(([invite]) => invite);
  const rows = [...kept, ...left].map(([position, cohort, version, raw]) => {
    const certificates = raw.length - 32 * (2 * n - 1) - 64;
    must(certificates > 0 && certificates % 96 === 0);
    const invite = invites[position] ?? refuse('unknown-invite');
    return { invite, cohort, version, raw, certificates };
  });
  const order = rows.map(({ invite }) => hex(invite)).sort();
  must(file.length === 56 * order.length, 'bad-fingerprint');
  const entries = rows.map(({ invite, cohort, version, raw, certificates }): Entry => {
    const chain = Array.from({ length: certificates / 96 }, (_, i): [Buffer, Buffer] => [
      raw.subarray(96 * i, 96 * i + 32),
      raw.subarray(96 * i + 32, 96 * i + 96),
    ]);
    const ciphertexts = raw.subarray(certificates, certificates + 32 * n);
    const others = raw.subarray(certificates + 32 * n, raw.length - 64);
    const at = 56 * order.indexOf(hex(invite));
    const own = sha256(file.subarray(at, at + 56));
    const fingerprints = Buffer.concat([others.subarray(0, 32 * steward), own, others.subarray(32 * steward)]);
    return [invite, chain, cohort, version, ciphertexts, fingerprints, raw.subarray(raw.length - 64)];
  });
  const [listed, removed] = [entries.slice(0, kept.length), entries.slice(kept.length)];
  const body = write(
    new Map<string, Value>([
      ['community', manifest.id],
      ['month', round.month],
      ['announcement', round.hash],
      ['closedMs', closedMs],
      ['entries', listed],
      ['groups', groupsOf(listed, manifest)],
      ['culprits', culprits],
      ['removed', removed],
    ]),
  );
  must(isSigned('list', body, manifest.endpointKey, signed), 'bad-signature');
  readList(write([body, [[manifest.endpointKey, signed]]]), manifest, round);
  return sha256(body);
}

const leaveShape = fields({ community: hash, invite: key, certificates: chainShape, atMs: instant });
const headShape = fields({ community: hash, count: whole(0, 2 ** 31), head: hash, atMs: instant });
const amendmentShape = fields({
  community: hash,
  number: whole(1, 10_000),
  previous: hash,
  from: month,
  invites: list(fixed(key, whole(0, 8), signature), 0, 4000),
  revoked: list(key, 0, 4000),
  replaced: list(fixed(whole(0, 8), label(40), key), 0, 9),
});

/** The first amendment of a community. */
function readAmendment(message: Buffer, manifest: Manifest): Map<string, Value> {
  const signed = open(message);
  const body = amendmentShape(parse(signed.body));
  ofCommunity(body, manifest);
  const invites = body.get('invites') as [Buffer, number, Buffer][];
  const revoked = body.get('revoked') as Buffer[];
  const replaced = body.get('replaced') as [number, string, Buffer][];
  const count = manifest.stewards.length;
  must(body.get('number') === 1 && (body.get('previous') as Buffer).equals(manifest.id), 'bad-amendment');
  must(invites.length + revoked.length + replaced.length > 0, 'bad-amendment');
  must(ascending(invites.map(([invite]) => invite)) && ascending(revoked), 'bad-amendment');
  must(!invites.some(([invite]) => manifest.issuers.has(hex(invite))), 'bad-amendment');
  must(
    revoked.every((invite) => manifest.issuers.has(hex(invite))),
    'bad-amendment',
  );
  must(
    [...invites.map(([, steward]) => steward), ...replaced.map(([steward]) => steward)].every((one) => one < count),
    'bad-amendment',
  );
  must(
    replaced.every(([steward], i) => i === 0 || steward > the(replaced[i - 1])[0]),
    'bad-amendment',
  );
  const stewards = (manifest.body.get('stewards') as [string, Buffer][]).map(
    ([name, one], i): [string, Buffer] =>
      replaced.filter(([steward]) => steward === i).map(([, other, by]): [string, Buffer] => [other, by])[0] ?? [
        name,
        one,
      ],
  );
  must(distinct(stewards.map(([name]) => name)) && distinct(stewards.map(([, one]) => hex(one))), 'bad-manifest');
  checkSigners('amendment', signed, manifest.stewards, manifest.threshold);
  for (const [invite, steward, word] of invites) {
    const covered = write([manifest.body.get('salt') as Buffer, invite, steward]);
    must(isSigned('invite', covered, the(manifest.stewards[steward]), word), 'bad-signature');
  }
  return body;
}

const termsShape = fields(
  {
    name: label(60),
    threshold: whole(2, 9),
    minimumHomes: whole(15, 1000),
    cohorts: list(label(40), 0, 5),
    publishes: list(oneOf('profiles', 'means', 'deciles'), 0, 3),
    endpointKey: key,
    lookHours: whole(0, 336),
    invitesEach: whole(1, 200),
    seats: list(key, 2, 9),
    salt: bytes(16),
  },
  { retentionDays: whole(7, 366) },
);
const entryOfSeatShape = fields({
  founding: hash,
  seat: whole(0, 8),
  name: label(40),
  key,
  invites: list(fixed(key, signature), 0, 200),
});

/** A home that says something: its community, invite, certificates and signature. */
function readAsker(type: string, signed: Signed, body: Map<string, Value>, manifest: Manifest): void {
  ofCommunity(body, manifest);
  const invite = body.get('invite') as Buffer;
  must(manifest.issuers.has(hex(invite)), 'unknown-invite');
  const by = endOfChain(manifest.id, invite, body.get('certificates') as [Buffer, Buffer][]);
  must(signed.signers.length === 1, 'wrong-signer');
  checkSigners(type, signed, [by], 1);
}

function readEntry(message: Buffer, encodedTerms: Buffer): Map<string, Value> {
  const terms = termsShape(parse(encodedTerms));
  const signed = open(message);
  const body = entryOfSeatShape(parse(signed.body));
  must((body.get('founding') as Buffer).equals(sha256(encodedTerms)), 'wrong-community');
  const seat = (terms.get('seats') as Buffer[])[body.get('seat') as number];
  const steward = body.get('key') as Buffer;
  if (seat === undefined) return refuse('wrong-signer');
  must(signed.signers.length === 2, 'wrong-signer');
  checkSigners('founding', signed, [seat, steward], 2);
  const invites = body.get('invites') as [Buffer, Buffer][];
  must(invites.length === terms.get('invitesEach'), 'bad-manifest');
  for (const [invite, word] of invites) {
    const covered = write([the(terms.get('salt')), invite, the(body.get('seat'))]);
    must(isSigned('invite', covered, steward, word), 'bad-signature');
  }
  return body;
}

/** A founding: the manifest that comes of it, once all seats are taken, and how many have signed that. */
function readFoundingState(encoded: Buffer, id: Buffer): { manifest: Buffer | undefined; signatures: number } {
  const [encodedTerms, messages, pairs] = fixed(
    anyBytes,
    list(orNull(anyBytes), 0, 9),
    list(fixed(key, signature), 0, 9),
  )(parse(encoded)) as [Buffer, (Buffer | null)[], [Buffer, Buffer][]];
  must(sha256(encodedTerms).equals(id), 'wrong-community');
  const terms = termsShape(parse(encodedTerms));
  must(messages.length === (terms.get('seats') as Buffer[]).length);
  const entries = messages.map((message, seat) => {
    if (message === null) return undefined;
    const entry = readEntry(message, encodedTerms);
    must(entry.get('seat') === seat, 'wrong-signer');
    return entry;
  });
  const taken = entries.filter((entry) => entry !== undefined);
  if (taken.length < entries.length) return { manifest: undefined, signatures: 0 };
  const named = taken.map((entry): Value[] => [the(entry.get('name')), the(entry.get('key'))]);
  const keys = taken.map((entry) => entry.get('key') as Buffer);
  must(distinct(taken.map((entry) => entry.get('name') as string)) && distinct(keys.map(hex)), 'bad-manifest');
  const invites = taken.flatMap((entry, seat) =>
    (entry.get('invites') as [Buffer, Buffer][]).map(([invite, word]): [Buffer, number, Buffer] => [
      invite,
      seat,
      word,
    ]),
  );
  const manifest = new Map(terms);
  manifest.delete('invitesEach');
  manifest.delete('seats');
  manifest.set('schema', 1).set('stewards', named);
  manifest.set(
    'invites',
    invites.sort(([a], [b]) => Buffer.compare(a, b)),
  );
  const body = write(manifest);
  must(
    pairs.every(([signer]) => keys.some((one) => one.equals(signer))),
    'wrong-signer',
  );
  must(
    pairs.every(([signer, word]) => isSigned('manifest', body, signer, word)),
    'bad-signature',
  );
  return { manifest: body, signatures: pairs.length };
}

const requestShape = fields({
  community: hash,
  month,
  norms: hash,
  circuits: whole(0, 65_535),
  invite: key,
  certificates: chainShape,
  cohort: cohortShape,
  serverKey: hash,
  codes: bytes(3968),
});
const resultShape = fields({
  community: hash,
  month,
  request: hash,
  groups: list(fixed(label(40), whole(1, 1000), anyBytes), 1, 2),
  model: whole(1, 65_535),
  scores: anyBytes,
});
const entryKind = oneOf(
  ...['amendment', 'binding', 'leave', 'announcement', 'list', 'corrected-list', 'seal', 'opening', 'norms'],
);
const address = matching(/^https?:\/\/[^/?#@]+(?:\/[^?#@]*[^?#@/])?$/);

/** What stands in a link's fragment, in the order of the fields. */
function readLink(encoded: Buffer, mark: string, shapes: Record<string, Shape<unknown>>): Map<string, Value> {
  const text = encoded.toString('utf8');
  const fragment = text.slice(text.indexOf('#') + 1);
  must(fragment.startsWith(mark));
  const base64 = fragment.slice(mark.length);
  const raw = Buffer.from(base64, 'base64url');
  must(raw.length > 0 && raw.toString('base64url') === base64);
  const values = fixed(...Object.values(shapes))(parse(raw));
  return new Map(Object.keys(shapes).map((name, i) => [name, the(values[i])]));
}

/** A file of words between a head, their number, and a footer of numbers `[value, bytes]`; all little endian. */
function readWords(encoded: Buffer, words: number, footer: [number, number][], code: string): Map<string, Value> {
  const little = ([value, width]: [number, number]): Buffer => {
    const field = Buffer.alloc(width);
    field.writeUIntLE(value, 0, Math.min(width, 6));
    return field;
  };
  const end = Buffer.concat(footer.map(little));
  const at = 8 + 8 * words;
  must(encoded.length === at + end.length, code);
  must(encoded.subarray(0, 8).equals(little([words, 8])) && encoded.subarray(at).equals(end), code);
  return new Map([['words', words]]);
}
const modulus: [number, number][] = [
  [0, 16],
  [64, 8],
];
const ciphertextFooter: [number, number][] = [
  [2049, 8],
  [320, 8],
  ...modulus,
  [2 ** 30 - 1, 8],
  [2 ** 30, 8],
  [1, 8],
  [1, 4],
  [0, 4],
  [0, 4],
  [40, 8],
  ...Array.from({ length: 40 }, (): [number, number][] => [
    [0, 4],
    [8, 8],
  ]).flat(),
  [0, 8],
];
const publicKeyFooter: [number, number][] = [
  [2048, 8],
  ...modulus,
  [2048, 8],
  [1, 4],
  [17, 4],
  [2 ** 30, 8],
  [1, 8],
  ...modulus,
  [1, 4],
  [0, 4],
  [0, 4],
  [0, 4],
  [0, 8],
];

/**
 * Reads one message of the vectors.
 *
 * @param context - hex of what the reader knows beforehand
 * @returns the message's fields
 * @throws {Refusal}
 */
export function readMessage(message: string, encoded: Buffer, context: Readonly<Record<string, unknown>>): Value {
  const known = (name: string): Buffer => Buffer.from(String(context[name]), 'hex');
  const manifest = (): Manifest => readManifest(known('manifest'));
  const round = (): Round => readAnnouncement(known('announcement'), manifest());
  switch (message) {
    case 'manifest':
      return readManifest(encoded).body;
    case 'round-key':
      return readRoundKey(encoded, manifest());
    case 'announcement':
      return new Map([['hash', readAnnouncement(encoded, manifest()).hash]]);
    case 'contribution':
      return readContribution(open(encoded), manifest(), round());
    case 'receipt': {
      const signed = open(encoded);
      const body = receiptShape(parse(signed.body));
      must(signed.signers.length === 1, 'wrong-signer');
      checkSigners('receipt', signed, [manifest().endpointKey], 1);
      ofCommunity(body, manifest());
      must((body.get('contribution') as Buffer).equals(sha256(open(known('contribution')).body)), 'wrong-round');
      return body;
    }
    case 'close': {
      const signed = open(encoded);
      const body = closeShape(parse(signed.body));
      ofCommunity(body, manifest());
      const same = body.get('month') === round().month && (body.get('announcement') as Buffer).equals(round().hash);
      must(same, 'wrong-announcement');
      checkSigners('close', signed, manifest().stewards, manifest().threshold);
      return body;
    }
    case 'list':
      return readList(encoded, manifest(), round());
    case 'culprits': {
      const body = readCulprits(encoded, manifest());
      body.delete('steward');
      return body;
    }
    case 'seal': {
      const signed = open(encoded);
      const body = sealShape(parse(signed.body));
      ofCommunity(body, manifest());
      soleSteward('seal', signed, manifest());
      return body;
    }
    case 'opening': {
      const signed = open(encoded);
      const body = openingShape(parse(signed.body));
      ofCommunity(body, manifest());
      const same = body.get('month') === context.month && (body.get('list') as Buffer).equals(known('list'));
      must(same && (body.get('sums') as Value[]).length === context.groups, 'wrong-list');
      const words = body.get('words') as number[];
      must(words.every((word, i) => i === 0 || word > the(words[i - 1])));
      must(words.every((word) => word !== body.get('steward') && word < manifest().stewards.length));
      must(soleSteward('opening', signed, manifest()) === body.get('steward'), 'wrong-signer');
      return body;
    }
    case 'norms': {
      const signed = open(encoded);
      const body = normsShape(parse(signed.body));
      ofCommunity(body, manifest());
      must(body.get('month') === context.month, 'wrong-round');
      for (const group of body.get('groups') as Map<string, Value>[]) {
        for (const part of ['profiles', 'means', 'deciles'])
          must((group.get(part) !== null) === manifest().publishes.includes(part));
      }
      checkSigners('norms', signed, manifest().stewards, manifest().threshold);
      return body;
    }
    case 'amendment':
      return readAmendment(encoded, manifest());
    case 'withdrawal': {
      const signed = open(encoded);
      const body = fields({ community: hash, amendment: hash })(parse(signed.body));
      ofCommunity(body, manifest());
      soleSteward('withdrawal', signed, manifest());
      return body;
    }
    case 'leave': {
      const signed = open(encoded);
      const body = leaveShape(parse(signed.body));
      readAsker('leave', signed, body, manifest());
      return body;
    }
    case 'comparison-key': {
      const signed = open(encoded);
      const body = serverKeyShape(parse(signed.body));
      readAsker('comparison-key', signed, body, manifest());
      return body;
    }
    case 'short-list':
      return new Map([
        ['list', readShortList(encoded, manifest(), round(), Number(context.steward), known('fingerprints'))],
      ]);
    case 'head': {
      const signed = open(encoded);
      const body = headShape(parse(signed.body));
      ofCommunity(body, manifest());
      must(signed.signers.length === 1, 'wrong-signer');
      checkSigners('head', signed, [manifest().endpointKey], 1);
      let [count, head] = [Number(context.knownCount), known('knownHead')];
      must((body.get('count') as number) >= count, 'rolled-back');
      for (const [kind, entry] of parse(known('entries')) as [string, Buffer][]) {
        head = sha256(write([head, kind, entry]));
        count++;
      }
      must(body.get('count') === count && (body.get('head') as Buffer).equals(head), 'split-view');
      return body;
    }
    case 'founding':
      return readEntry(encoded, known('terms'));
    case 'founding-state': {
      const { manifest: made, signatures } = readFoundingState(encoded, known('founding'));
      return new Map<string, Value>([
        ['manifest', made === undefined ? null : sha256(made)],
        ['signatures', signatures],
      ]);
    }
    case 'comparison': {
      const signed = open(encoded);
      const body = requestShape(parse(signed.body));
      readAsker('comparison', signed, body, manifest());
      must(body.get('month') === context.month, 'wrong-round');
      must((body.get('norms') as Buffer).equals(known('norms')), 'wrong-norms');
      must(body.get('circuits') === 2, 'wrong-circuits');
      must((body.get('cohort') as number) < manifest().cohorts.length);
      const codes = body.get('codes') as Buffer;
      const seeds = Array.from({ length: 32 }, (_, i) => hex(codes.subarray(124 * i + 20, 124 * i + 36)));
      must(distinct(seeds), 'bad-ciphertext');
      return body;
    }
    case 'comparison-result': {
      const signed = open(encoded);
      const body = resultShape(parse(signed.body));
      must(signed.signers.length === 1, 'wrong-signer');
      checkSigners('comparison-result', signed, [manifest().endpointKey], 1);
      ofCommunity(body, manifest());
      const request = open(known('request')).body;
      must((body.get('request') as Buffer).equals(sha256(request)), 'wrong-round');
      must(body.get('month') === requestShape(parse(request)).get('month'), 'wrong-round');
      for (const [, , answers] of body.get('groups') as [string, number, Buffer][])
        must(answers.length % 16 === 0, 'bad-answer');
      must((body.get('scores') as Buffer).length % 4 === 0, 'bad-answer');
      return body;
    }
    case 'read': {
      const signed = open(encoded);
      const body = fixed(hash, month, instant)(parse(signed.body));
      must((body[0] as Buffer).equals(manifest().id), 'wrong-community');
      must(body[1] === context.month, 'wrong-round');
      soleSteward('read', signed, manifest());
      must(Math.abs(Number(context.nowMs) - Number(body[2])) <= 300_000, 'stale');
      return body;
    }
    case 'invite-link':
      return readLink(encoded, '', { endpointUrl: address, community: hash, seed: bytes(32) });
    case 'device-link': {
      const shapes = { endpointUrl: address, community: hash, invite: key, certificates: chainShape, seed: bytes(32) };
      const link = readLink(encoded, 'device.', shapes);
      const [community, invite, seed] = ['community', 'invite', 'seed'].map((name) => link.get(name) as Buffer);
      const member = endOfChain(the(community), the(invite), link.get('certificates') as [Buffer, Buffer][]);
      const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), the(seed)]);
      const own = createPublicKey(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }));
      must(own.export({ format: 'der', type: 'spki' }).subarray(-32).equals(member), 'bad-certificate');
      return link;
    }
    case 'steward-link':
      return readLink(encoded, '', { endpointUrl: address, founding: hash, seat: whole(0, 8), seed: bytes(32) });
    case 'seat-link':
      return readLink(encoded, '', { endpointUrl: address, community: hash, seat: whole(0, 8) });
    case 'newcomer-link':
      return readLink(encoded, '', { community: hash, seat: whole(0, 8), name: label(40), key });
    case 'identity':
      return fields({ key })(parse(encoded));
    case 'deletions': {
      const kind = oneOf('round', 'server-key', 'upload', 'comparison');
      return list(fixed(instant, kind, orNull(month), list(hash, 0, 1e6)), 0, 1e6)(parse(encoded));
    }
    case 'rounds': {
      const state = oneOf('announced', 'collecting', 'closed', 'sealed', 'opened', 'expired');
      return list(fields({ month, state, closesMs: instant, homes: whole(0, 1000) }), 0, 1200)(parse(encoded));
    }
    case 'words': {
      const some = list(whole(0, 8), 0, 9);
      return fields({ keys: some, closes: some, seals: some, openings: some, norms: some })(parse(encoded));
    }
    case 'used-invites':
      return list(key, 0, 4000)(parse(encoded));
    case 'head-answer': {
      const answer = fixed(anyBytes, anyBytes)(parse(encoded)) as [Buffer, Buffer];
      open(answer[0]);
      list(fixed(entryKind, hash), 0, 1e6)(parse(answer[1]));
      return answer;
    }
    case 'ciphertext':
      return readWords(encoded, 2368, ciphertextFooter, 'bad-ciphertext');
    case 'public-key':
      return readWords(encoded, 4096, publicKeyFooter, 'bad-announcement');
    default:
      throw new Error(`no reader of ${message}`);
  }
}

/** A value as the vectors' JSON has it. */
export const asJson = (value: Value): unknown => {
  if (Buffer.isBuffer(value)) return hex(value);
  if (Array.isArray(value)) return value.map(asJson);
  if (value instanceof Map) return Object.fromEntries([...value].map(([name, item]) => [name, asJson(item)]));
  return value;
};
