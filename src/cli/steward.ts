/**
 * A steward's work without a browser, for those who would not trust a served page with a round key: founding a
 * community with other stewards, announcing rounds, checking, sealing and opening them. All secrets stay in one folder.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import * as v from 'valibot';
import { checkAmendment, communityOf, decodeAmendment, proposeAmendment, signProposal } from '../protocol/amendment.ts';
import { equalBytes, fromHex, ownBytes, toHex, type Bytes } from '../protocol/bytes.ts';
import { decodeCbor, encodeCbor } from '../protocol/cbor.ts';
import { randomSeed, signerFromSeed, type Signer } from '../protocol/ed25519.ts';
import { EndpointClient, EndpointError } from '../protocol/endpoint-client.ts';
import { bytes, hash, monthPattern, stewardIndex } from '../protocol/fields.ts';
import {
  checkFounding,
  decodeTerms,
  encodeStewardLink,
  encodeTerms,
  parseStewardLink,
  signEntry,
  type Founding,
  type StewardLink,
} from '../protocol/founding.ts';
import { logCheck, type Followed } from '../protocol/follow.ts';
import { sha256 } from '../protocol/hash.ts';
import { encodeInviteLink, endpointUrl as endpointAddress } from '../protocol/invite.ts';
import { checkManifest, findInvite, publishable, type Community } from '../protocol/manifest.ts';
import { phraseOf } from '../protocol/phrase.ts';
import {
  candidatePhrase,
  encodeCandidate,
  encodeSeatOffer,
  parseCandidate,
  parseSeatOffer,
} from '../protocol/replacement.ts';
import { signMessage, type SignedMessage } from '../protocol/signed.ts';
import { Steward, type StewardStore } from '../protocol/steward.ts';
import { signWithdrawal } from '../protocol/withdrawal.ts';
import { fileStore } from '../simulation/file-store.ts';
import { nodeEncryption } from '../simulation/round.ts';
import { followInFolder } from './steward-following.ts';

const usage = `Usage: steward COMMAND --folder DIR [OPTION...]   (DIR keeps this steward's secrets; back it up)

Founding a community, with co-stewards at the command line or in the app:
  draft    --name NAME --community NAME --endpoint URL --app ORIGIN [--stewards 3] [--threshold 2]
           [--minimum-homes 25] [--look-hours 48] [--retention-days 60] [--cohort LABEL...] [--publish profiles,means,deciles]
           [--invites 20]                     takes the first seat, and prints the steward links of the others
  join     --name NAME --link LINK            takes the seat of a steward link
  sign                                        shows what all have agreed on with its phrase, and signs it
  links    --app ORIGIN                       prints this steward's invite links that nobody has used

Changing a community (each change holds once enough stewards have signed the same):
  amend    [--more N] [--revoke KEY...] [--replace LINK] [--from M]
                                              proposes more invites of this steward, invites to be taken back from the
                                              round of M on, or the newcomer of LINK as a steward from then on
  changes                                     what is proposed, with the number of each proposal
  cosign   --change NUMBER                    signs a proposal
  withdraw --change NUMBER                    takes this steward's signature under a proposal back
  offer    --seat NAME --app ORIGIN           prints the link by which somebody takes that steward's place
  take     --link LINK --name NAME --app ORIGIN
                                              takes the place: makes a key, and prints the link to send back

A round, by its month (YYYY-MM):
  status                                      the rounds, and who has done what
  announce --month M... [--closes DAYS]       makes and publishes round keys; closes DAYS (10) after the month's end
  close    --month M                          this steward's word that the round closes now, before its date
  check    --month M                          checks the list and the totals
  seal     --month M                          checks them and seals the list, once and for ever
  open     --month M [--word NAME...]         opens this steward's share; NAME, whose seal is missing, has read the phrase
  norms    --month M [--unchecked]            combines the openings and signs what they come to
  erase    --month M                          erases the round's keys
`;

const parsed = () =>
  parseArgs({
    allowPositionals: true,
    options: {
      folder: { type: 'string' },
      name: { type: 'string' },
      community: { type: 'string' },
      endpoint: { type: 'string' },
      app: { type: 'string' },
      link: { type: 'string' },
      stewards: { type: 'string', default: '3' },
      threshold: { type: 'string', default: '2' },
      'minimum-homes': { type: 'string', default: '25' },
      'look-hours': { type: 'string', default: '48' },
      'retention-days': { type: 'string', default: '60' },
      cohort: { type: 'string', multiple: true, default: [] },
      publish: { type: 'string', default: 'profiles' },
      invites: { type: 'string', default: '20' },
      month: { type: 'string', multiple: true, default: [] },
      closes: { type: 'string', default: '10' },
      word: { type: 'string', multiple: true, default: [] },
      unchecked: { type: 'boolean', default: false },
      more: { type: 'string', default: '0' },
      revoke: { type: 'string', multiple: true, default: [] },
      replace: { type: 'string' },
      from: { type: 'string' },
      change: { type: 'string' },
      seat: { type: 'string' },
    },
  });

function parseOrExit(): ReturnType<typeof parsed> {
  try {
    return parsed();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    return process.exit(2);
  }
}
const { values, positionals } = parseOrExit();

const print = (line: string): void => void process.stdout.write(`${line}\n`);
/** A mistake in how the command was called. */
class UsageError extends Error {}

const need = (name: 'folder' | 'name' | 'community' | 'endpoint' | 'app' | 'link' | 'change' | 'seat'): string => {
  const value = values[name];
  if (value === undefined) throw new UsageError(`--${name} is missing`);
  return value;
};
const wholeNumber = (
  name: 'stewards' | 'threshold' | 'minimum-homes' | 'look-hours' | 'retention-days' | 'invites' | 'closes' | 'more',
): number => {
  const text = values[name];
  if (!/^\d{1,6}$/.test(text)) throw new UsageError(`--${name} must be a whole number, not "${text}"`);
  return Number(text);
};
const months = (): string[] => {
  const wrong = values.month.find((month) => !monthPattern.test(month));
  if (wrong !== undefined || values.month.length === 0) {
    throw new UsageError(`--month must be a month such as 2026-01${wrong === undefined ? '' : `, not "${wrong}"`}`);
  }
  return values.month;
};
const oneMonth = (): string => {
  const [month, ...more] = months();
  if (month === undefined || more.length > 0) throw new UsageError('Give one --month');
  return month;
};

const store = (): StewardStore => fileStore(need('folder'));
/** Endpoint, the founding's id, and this steward's seat and secret seed. */
const seatSchema = v.strictTuple([endpointAddress, hash, stewardIndex, bytes(32), v.array(bytes(32))]);

interface Seat {
  readonly url: string;
  readonly founding: Bytes;
  readonly index: number;
  readonly signer: Signer;
  readonly invites: readonly Bytes[];
}

/** This steward's seat in the founding, with its key and its invites' secret seeds. */
async function ownSeat(): Promise<Seat> {
  const record = await store().read('seat');
  if (record === undefined) throw new UsageError('This folder has no seat yet: take one with "draft" or "join"');
  const [url, founding, index, seed, invites] = decodeCbor(seatSchema, record, 'The steward’s record');
  return { url, founding, index, signer: await signerFromSeed(seed), invites };
}

const clientOf = (url: string): EndpointClient => new EndpointClient({ url, fetch: (to, init) => fetch(to, init) });

interface Office {
  /** As it is after all amendments. */
  readonly community: Community;
  readonly followed: Followed;
  readonly signer: Signer;
  readonly url: string;
  readonly endpoint: EndpointClient;
  readonly index: number;
  readonly steward: Steward;
}

/** This steward in the community that was founded. */
async function office(): Promise<Office> {
  const { url, index, signer } = await ownSeat();
  const id = await store().read('signed');
  if (id === undefined) throw new UsageError('This steward has not signed what all have agreed on yet: "sign"');
  const endpoint = clientOf(url);
  const founded = await checkManifest(await endpoint.manifest(ownBytes(id)), id);
  const followed = await followInFolder(need('folder'), endpoint, founded);
  const community = communityOf(followed.amended);
  const steward = new Steward({
    community: founded,
    amendments: followed.amended.amendments,
    steward: index,
    signer,
    endpoint,
    inLog: logCheck(endpoint, followed),
    store: fileStore(join(need('folder'), 'rounds')),
    encryption: nodeEncryption,
    now: Date.now,
  });
  return { community, followed, signer, url, endpoint, index, steward };
}

const seedsSchema = v.array(bytes(32));
const moreInvitesName = (number: number): string => `more-invites/${number}`;

/** Secret seeds of all invites that this steward has made, also of proposals. */
async function inviteSeeds(): Promise<Bytes[]> {
  const seeds = [...(await ownSeat()).invites];
  for (let number = 1; ; number++) {
    const record = await store().read(moreInvitesName(number));
    if (record === undefined) return seeds;
    seeds.push(...decodeCbor(seedsSchema, record, 'The record of invites'));
  }
}

async function keepMoreInvites(seeds: readonly Bytes[]): Promise<void> {
  for (let number = 1; !(await store().create(moreInvitesName(number), encodeCbor(seeds))); number++);
}

/** The proposal whose number was given. */
async function proposalOf(endpoint: EndpointClient, { id }: Community): Promise<SignedMessage> {
  const wanted = need('change').replaceAll(' ', '');
  for (const message of await endpoint.proposals(id)) {
    if (phraseOf(await sha256(message.body)).replaceAll(' ', '') === wanted) return message;
  }
  throw new UsageError('--change: there is no such proposal (any more)');
}

/** What a proposal changes, in words. */
async function printChange(message: SignedMessage, { manifest }: Community): Promise<void> {
  const { from, invites, revoked, replaced } = decodeAmendment(message.body);
  const nameOf = (steward: number): string => manifest.stewards[steward]?.name ?? '?';
  print(`Proposal ${phraseOf(await sha256(message.body))}`);
  for (const [steward, { name }] of manifest.stewards.entries()) {
    const count = invites.filter((invite) => invite.steward === steward).length;
    if (count > 0) print(`  ${count} more invites from ${name}, at once`);
  }
  for (const key of revoked) {
    const issuer = manifest.invites[findInvite(manifest, key)]?.steward ?? -1;
    print(`  takes back invite ${toHex(key)} from ${nameOf(issuer)}, from ${from} on`);
  }
  for (const { steward, name, key } of replaced) {
    print(`  ${name} takes the place of ${nameOf(steward)}, from ${from} on; key: ${await candidatePhrase(key)}`);
  }
  const signers = manifest.stewards.filter(({ key }) =>
    message.signatures.some(({ signer }) => equalBytes(signer, key)),
  );
  print(`  signed by ${signers.map(({ name }) => name).join(', ')}; ${manifest.threshold} are needed`);
}

const missing = (): never => {
  throw new Error('A record of this steward is missing or damaged');
};

async function foundingAt(url: string, id: Bytes): Promise<Founding> {
  const state = await clientOf(url).founding(id);
  if (state === undefined) throw new Error('The endpoint knows no such founding (any more)');
  return checkFounding(state, id);
}

/** Makes this steward's key and invites, keeps them, and enters them for a seat; again enters the same. */
async function takeSeat({ endpointUrl, founding, seat, seed }: StewardLink): Promise<void> {
  const name = need('name');
  const { terms } = await foundingAt(endpointUrl, founding);
  await mkdir(need('folder'), { recursive: true, mode: 0o700 });
  const invites = Array.from({ length: terms.invitesEach }, randomSeed);
  await store().create('seat', encodeCbor([endpointUrl, founding, seat, randomSeed(), invites]));
  const own = await ownSeat();
  if (own.index !== seat || !equalBytes(own.founding, founding)) {
    throw new UsageError('This folder holds another seat already; give another --folder');
  }
  const keys = await Promise.all(own.invites.map(async (invite) => (await signerFromSeed(invite)).publicKey));
  const seatKey = { index: seat, signer: await signerFromSeed(seed) };
  await clientOf(endpointUrl).postEntry(founding, await signEntry(terms, { name, invites: keys }, seatKey, own.signer));
}

const progress = (what: string) => (done: number, total: number) => {
  if (process.stderr.isTTY) process.stderr.write(`\r${what}: ${done} of ${total}${done === total ? '\n' : ''}`);
};

const commands: Readonly<Record<string, () => Promise<void>>> = {
  async draft() {
    const [url, app] = [need('endpoint'), need('app')];
    const named = new Set(values.publish.split(',').filter((part) => part !== ''));
    const publishes = publishable.filter((part) => named.delete(part));
    if (named.size > 0) throw new UsageError(`--publish knows ${publishable.join(', ')}, not "${[...named].join()}"`);
    const seeds = Array.from({ length: wholeNumber('stewards') }, randomSeed);
    const signers = await Promise.all(seeds.map(signerFromSeed));
    const terms = encodeTerms({
      name: need('community'),
      threshold: wholeNumber('threshold'),
      minimumHomes: wholeNumber('minimum-homes'),
      cohorts: values.cohort,
      publishes,
      endpointKey: await clientOf(url).identity(),
      lookHours: wholeNumber('look-hours'),
      retentionDays: wholeNumber('retention-days'),
      invitesEach: wholeNumber('invites'),
      seats: signers.map(({ publicKey }) => publicKey),
      salt: randomSeed().slice(0, 16),
    });
    decodeTerms(terms);
    const founding = await sha256(terms);
    await clientOf(url).postTerms(terms);
    const links = seeds.map((seed, seat) => ({ endpointUrl: url, founding, seat, seed }));
    await takeSeat(links[0] ?? missing());
    print('Send each of the other stewards one of these links; whoever has it takes that seat:');
    for (const link of links.slice(1)) print(encodeStewardLink(app, link));
  },

  async join() {
    await takeSeat(parseStewardLink(need('link')));
    print('Took the seat. When all have, everybody signs.');
  },

  async sign() {
    const { url, founding, signer } = await ownSeat();
    const { terms, entries, manifest } = await foundingAt(url, founding);
    print(`${terms.name}: ${terms.threshold} of ${entries.length} stewards open a total`);
    for (const entry of entries) {
      print(entry === undefined ? '  (a seat is empty)' : `  ${entry.name}: ${entry.invites.length} invites`);
    }
    print(`  at least ${terms.minimumHomes} homes; members can look at a list for ${terms.lookHours} hours`);
    print(`  the endpoint deletes what homes sent ${terms.retentionDays} days after it was needed`);
    print(`  homes like yours: ${terms.cohorts.join(', ') || 'none'}`);
    print(`  published: ${terms.publishes.join(', ') || 'the number of homes'}`);
    if (manifest === undefined) throw new Error('Nothing to sign yet: a seat is still empty');
    // Once signed, no other manifest is: the record comes first.
    if (!(await store().create('signed', manifest.id))) {
      const signed = await store().read('signed');
      if (!equalBytes(signed ?? missing(), manifest.id))
        throw new Error('This steward has signed something else before');
    }
    await clientOf(url).postManifestSignature(founding, await signMessage('manifest', manifest.body, [signer]));
    print('Signed. All stewards must see this phrase:');
    print(phraseOf(manifest.id));
  },

  async links() {
    const { community, url, endpoint } = await office();
    const used = await endpoint.usedInvites(community.id);
    for (const seed of await inviteSeeds()) {
      const { publicKey } = await signerFromSeed(seed);
      if (findInvite(community.manifest, publicKey) === -1 || used.some((key) => equalBytes(key, publicKey))) continue;
      print(encodeInviteLink(need('app'), { endpointUrl: url, community: community.id, seed }));
    }
  },

  async amend() {
    const { community, followed, signer, endpoint, index } = await office();
    const seeds = Array.from({ length: wholeNumber('more') }, randomSeed);
    const keys = await Promise.all(seeds.map(async (seed) => (await signerFromSeed(seed)).publicKey));
    const revoked = values.revoke.map((text) => {
      const key = fromHex(text);
      if (key === null || key.length !== 32) throw new UsageError(`--revoke: "${text}" is no key of an invite`);
      return key;
    });
    const candidate = values.replace === undefined ? undefined : parseCandidate(values.replace);
    if (candidate !== undefined && !equalBytes(candidate.community, community.id)) {
      throw new UsageError('--replace: the newcomer was asked by another community');
    }
    const from = values.from ?? new Date().toISOString().slice(0, 7);
    if (!monthPattern.test(from)) throw new UsageError(`--from must be a month such as 2026-01, not "${from}"`);
    const replaced = candidate && [{ steward: candidate.seat, name: candidate.name, key: candidate.key }];
    const change = { from, invites: keys, revoked, replaced: replaced ?? [] };
    const message = await proposeAmendment(followed.amended, change, index, signer);
    // The seeds are kept before anybody hears of their keys.
    if (seeds.length > 0) await keepMoreInvites(seeds);
    await endpoint.postAmendment(community.id, message);
    if (candidate) print(`Compare with ${candidate.name}: ${await candidatePhrase(candidate.key)}`);
    print(`Proposed and signed: ${phraseOf(await sha256(message.body))}`);
  },

  async changes() {
    const { community, followed, endpoint } = await office();
    for (const message of await endpoint.proposals(community.id)) {
      await checkAmendment(message, followed.amended, 1);
      await printChange(message, community);
    }
  },

  async cosign() {
    const { community, followed, signer, endpoint } = await office();
    const message = await proposalOf(endpoint, community);
    await printChange(message, community);
    await endpoint.postAmendment(community.id, await signProposal(message, followed.amended, signer));
    print('Signed.');
  },

  async withdraw() {
    const { community, signer, endpoint } = await office();
    const message = await proposalOf(endpoint, community);
    const amendment = await sha256(message.body);
    await endpoint.postWithdrawal(community.id, await signWithdrawal({ community: community.id, amendment }, signer));
    print('Your signature is not under it any more.');
  },

  async offer() {
    const { community, url } = await office();
    const seat = community.manifest.stewards.findIndex(({ name }) => name === need('seat'));
    if (seat === -1) throw new UsageError(`--seat: there is no steward "${need('seat')}"`);
    print(encodeSeatOffer(need('app'), { endpointUrl: url, community: community.id, seat }));
  },

  async take() {
    const { endpointUrl, community, seat } = parseSeatOffer(need('link'));
    await checkManifest(await clientOf(endpointUrl).manifest(community), community);
    await mkdir(need('folder'), { recursive: true, mode: 0o700 });
    await store().create('seat', encodeCbor([endpointUrl, community, seat, randomSeed(), []]));
    await store().create('signed', community);
    const own = await ownSeat();
    if (own.index !== seat || !equalBytes(own.founding, community)) {
      throw new UsageError('This folder holds another seat already; give another --folder');
    }
    const { publicKey: key } = own.signer;
    print('Send this link back to the steward who asked you:');
    print(encodeCandidate(need('app'), { community, seat, name: need('name'), key }));
    print(`and read these numbers to the stewards: ${await candidatePhrase(key)}`);
  },

  async status() {
    const { community, endpoint, followed } = await office();
    print(`${community.manifest.name}: ${phraseOf(community.id)}`);
    print(`log at entry ${followed.position.count}: ${phraseOf(followed.position.head)}`);
    for (const { month, state, homes, closesMs } of await endpoint.rounds(community.id)) {
      print(`${month}  ${state}  ${homes} homes, closes ${new Date(closesMs).toISOString()}`);
      for (const [what, by] of Object.entries(await endpoint.stewardWords({ community: community.id, month }))) {
        const names = by.map((i) => community.manifest.stewards[i]?.name ?? '?');
        if (names.length > 0) print(`  ${what}: ${names.join(', ')}`);
      }
    }
  },

  async announce() {
    const { steward } = await office();
    const days = wholeNumber('closes');
    for (const month of months()) {
      const [year = 0, ordinal = 0] = month.split('-').map(Number);
      await steward.announce(month, Date.UTC(year, ordinal, 1 + days));
      print(`Announced this steward’s keys for ${month}`);
    }
  },

  async close() {
    const { community, endpoint, steward } = await office();
    const month = oneMonth();
    const round = { community: community.id, month };
    await endpoint.close(round, await steward.signClose(month));
    const { closes } = await endpoint.stewardWords(round);
    print(`${closes.length} of ${community.manifest.threshold} stewards needed have said that the round closes now`);
  },

  async check() {
    const { community, steward } = await office();
    const month = oneMonth();
    const { list, sealableMs } = await steward.review(month);
    for (const { name, homes } of list.list.groups) print(`${name}: ${homes} homes`);
    for (const [i, { name }] of community.manifest.stewards.entries()) {
      print(`  invited by ${name}: ${list.contributions.filter(({ issuer }) => issuer === i).length}`);
    }
    const right = await steward.check(month, progress('Checked'));
    print(
      right
        ? 'The totals are what the homes sent.'
        : 'Contributions are not what they claim; the list leaves them out.',
    );
    print(`It can be sealed from ${new Date(sealableMs).toISOString()} on.`);
  },

  async seal() {
    const { steward } = await office();
    const month = oneMonth();
    await steward.seal(month, progress('Checked'));
    print(`Sealed. The phrase of the list: ${await steward.sealedPhrase(month)}`);
  },

  async open() {
    const { community, steward } = await office();
    const words = values.word.map((name) => {
      const index = community.manifest.stewards.findIndex((other) => other.name === name);
      if (index === -1) throw new UsageError(`--word: there is no steward "${name}"`);
      return index;
    });
    await steward.open(oneMonth(), words);
    print('Opened this steward’s share.');
  },

  async norms() {
    const { steward } = await office();
    const { norms } = await steward.publishNorms(oneMonth(), values.unchecked);
    for (const { name, homes } of norms.groups) print(`${name}: ${homes} homes`);
    print(norms.checked ? 'Signed; more openings than needed agree.' : 'Signed, unchecked: a liar would not be seen.');
  },

  async erase() {
    const { steward } = await office();
    await steward.erase(oneMonth());
    print('Erased the round’s keys.');
  },
};

try {
  const [name = '', ...more] = positionals;
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined || more.length > 0) throw new UsageError(usage);
  need('folder');
  await command();
} catch (error) {
  // What the endpoint says of itself tells more than the words for its kind of refusal.
  const details = error instanceof EndpointError && typeof error.cause === 'string' ? ` (${error.cause})` : '';
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}${details}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
