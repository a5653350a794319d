/**
 * A steward's work without a browser, for those who would not trust a served page with a round key: founding a
 * community with other stewards, announcing rounds, checking, sealing and opening them. All secrets stay in one folder.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import * as v from 'valibot';
import { decryptTotal, makeRoundKey } from '../lib/fhe/contribution.ts';
import { nodeTfhe } from '../lib/fhe/node.ts';
import { fromHex, toHex, type Bytes } from '../protocol/bytes.ts';
import { decodeCbor, encodeCbor } from '../protocol/cbor.ts';
import {
  addInvites,
  decodeDraft,
  draftId,
  encodeDraft,
  mergeDrafts,
  newDraft,
  signDraft,
  stewardIndexOf,
} from '../protocol/draft.ts';
import { randomSeed, signerFromSeed, type Signer } from '../protocol/ed25519.ts';
import { EndpointClient } from '../protocol/endpoint-client.ts';
import { schemaVersion } from '../protocol/features.ts';
import { bytes, bytesUpTo, label, monthPattern } from '../protocol/fields.ts';
import { encodeInviteLink, endpointUrl as endpointAddress } from '../protocol/invite.ts';
import { checkManifest, decodeManifest, publishable, type Community } from '../protocol/manifest.ts';
import { phraseOf } from '../protocol/phrase.ts';
import { decodeSigned, encodeSigned, mergeSignatures, mostSignedBytes } from '../protocol/signed.ts';
import { Steward, type StewardStore } from '../protocol/steward.ts';
import { fileStore } from '../simulation/file-store.ts';

const usage = `Usage: steward COMMAND --folder DIR [OPTION...]   (DIR keeps this steward's secrets; back it up)

Founding a community; FILE goes from steward to steward:
  key     --name NAME                       makes this steward's key and prints it for the others
  draft   --file FILE --community NAME --endpoint URL --steward NAME=KEY --steward NAME=KEY...
          [--threshold 2] [--minimum-homes 25] [--look-hours 48] [--cohort LABEL...] [--publish profiles,means,deciles]
  invite  --file FILE --count N             adds this steward's invites (everybody, before anybody signs)
  sign    --file FILE [--merge FILE...]     shows the draft and its phrase, and signs it
  found   --file FILE                       registers the community that all have signed
  links   --app ORIGIN                      prints this steward's invite links

A round, by its month (YYYY-MM):
  status                                    the rounds, and what this steward can do
  announce --month M... [--closes DAYS]     makes and publishes round keys; closes DAYS (10) after the month's end
  close   --month M --file FILE             signs that the round closes now; sends it when enough have signed FILE
  check   --month M                         checks the list and the totals
  seal    --month M                         checks them and seals the list, once and for ever
  open    --month M [--word NAME...]        opens this steward's share; NAME, whose seal is missing, has read the phrase
  norms   --month M [--unchecked]           combines the openings and signs what they come to
  erase   --month M                         erases the round's keys
`;

const parsed = () =>
  parseArgs({
    allowPositionals: true,
    options: {
      folder: { type: 'string' },
      name: { type: 'string' },
      file: { type: 'string' },
      merge: { type: 'string', multiple: true, default: [] },
      community: { type: 'string' },
      endpoint: { type: 'string' },
      steward: { type: 'string', multiple: true, default: [] },
      threshold: { type: 'string', default: '2' },
      'minimum-homes': { type: 'string', default: '25' },
      'look-hours': { type: 'string', default: '48' },
      cohort: { type: 'string', multiple: true, default: [] },
      publish: { type: 'string', default: 'profiles' },
      count: { type: 'string' },
      app: { type: 'string' },
      month: { type: 'string', multiple: true, default: [] },
      closes: { type: 'string', default: '10' },
      word: { type: 'string', multiple: true, default: [] },
      unchecked: { type: 'boolean', default: false },
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

const need = (name: 'folder' | 'name' | 'file' | 'community' | 'endpoint' | 'count' | 'app'): string => {
  const value = values[name];
  if (value === undefined) throw new UsageError(`--${name} is missing`);
  return value;
};
const wholeNumber = (name: 'threshold' | 'minimum-homes' | 'look-hours' | 'count' | 'closes'): number => {
  const text = values[name] ?? '';
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
const keySchema = v.strictTuple([label(40), bytes(32)]);
const communitySchema = v.strictTuple([endpointAddress, bytesUpTo(mostSignedBytes)]);
const seedsSchema = v.array(bytes(32));

async function ownKey(): Promise<{ name: string; signer: Signer }> {
  const record = await store().read('key');
  if (record === undefined) throw new UsageError('There is no key in this folder yet: make one with the command "key"');
  const [name, seed] = decodeCbor(keySchema, record, 'The steward’s key');
  return { name, signer: await signerFromSeed(seed) };
}

const clientOf = (url: string): EndpointClient => new EndpointClient({ url, fetch: (to, init) => fetch(to, init) });

interface Office {
  readonly community: Community;
  readonly url: string;
  readonly endpoint: EndpointClient;
  readonly index: number;
  readonly steward: Steward;
}

/** This steward in the community that was founded. */
async function office(): Promise<Office> {
  const record = await store().read('community');
  if (record === undefined) throw new UsageError('No community was founded in this folder yet');
  const [url, message] = decodeCbor(communitySchema, record, 'The community’s record');
  const community = await checkManifest(decodeSigned(message));
  const { signer } = await ownKey();
  const index = stewardIndexOf(community.manifest, signer.publicKey);
  const endpoint = clientOf(url);
  const steward = new Steward({
    community,
    steward: index,
    signer,
    endpoint,
    store: fileStore(join(need('folder'), 'rounds')),
    encryption: {
      makeRoundKey: () => makeRoundKey(nodeTfhe),
      decryptTotal: (secretKey, total) => decryptTotal(nodeTfhe, secretKey, total),
    },
    now: Date.now,
  });
  return { community, url, endpoint, index, steward };
}

const readDraft = async (file: string) => decodeDraft(await readFile(file, 'utf8'));

const progress = (what: string) => (done: number, total: number) => {
  if (process.stderr.isTTY) process.stderr.write(`\r${what}: ${done} of ${total}${done === total ? '\n' : ''}`);
};

const commands: Readonly<Record<string, () => Promise<void>>> = {
  async key() {
    const name = need('name');
    await mkdir(need('folder'), { recursive: true, mode: 0o700 });
    const record = encodeCbor([name, randomSeed()]);
    decodeCbor(keySchema, record, 'The name');
    await store().create('key', record);
    const own = await ownKey();
    print(`${own.name}=${toHex(own.signer.publicKey)}`);
  },

  async draft() {
    const url = need('endpoint');
    const stewards = values.steward.map((text) => {
      const at = text.lastIndexOf('=');
      const key: Bytes | null = fromHex(text.slice(at + 1));
      if (at < 1 || key?.length !== 32) throw new UsageError(`--steward must be NAME=KEY, not "${text}"`);
      return { name: text.slice(0, at), key };
    });
    const named = new Set(values.publish.split(',').filter((part) => part !== ''));
    const publishes = publishable.filter((part) => named.delete(part));
    if (named.size > 0) throw new UsageError(`--publish knows ${publishable.join(', ')}, not "${[...named].join()}"`);
    const draft = newDraft(url, {
      name: need('community'),
      schema: schemaVersion,
      stewards,
      threshold: wholeNumber('threshold'),
      minimumHomes: wholeNumber('minimum-homes'),
      cohorts: values.cohort,
      publishes,
      endpointKey: await clientOf(url).identity(),
      lookHours: wholeNumber('look-hours'),
    });
    const text = encodeDraft(draft);
    decodeDraft(text);
    await writeFile(need('file'), `${text}\n`, { flag: 'wx' });
    print('Drafted. Every steward, this one too, now adds invites to the file with the command "invite".');
  },

  async invite() {
    const draft = await readDraft(need('file'));
    const { signer } = await ownKey();
    const count = wholeNumber('count');
    const made = Array.from({ length: count }, randomSeed);
    if (!(await store().create('invites', encodeCbor(made)))) {
      throw new UsageError('This folder’s invites have been made already; they are in a draft');
    }
    try {
      await writeFile(need('file'), `${encodeDraft(await addInvites(draft, signer, made))}\n`);
    } catch (error) {
      await store().remove('invites');
      throw error;
    }
    print(`Added ${count} invites. When all stewards have, everybody signs.`);
  },

  async sign() {
    const { signer } = await ownKey();
    let draft = await readDraft(need('file'));
    for (const other of values.merge) draft = mergeDrafts(draft, await readDraft(other));
    const manifest = decodeManifest(draft.message.body);
    print(`${manifest.name}: ${manifest.threshold} of ${manifest.stewards.length} stewards open a total`);
    for (const [i, { name, key }] of manifest.stewards.entries()) {
      print(`  ${name}: ${manifest.invites.filter(({ steward }) => steward === i).length} invites, key ${toHex(key)}`);
    }
    print(`  at least ${manifest.minimumHomes} homes; members can look at a list for ${manifest.lookHours} hours`);
    print(
      `  homes like yours: ${manifest.cohorts.join(', ') || 'none'}; published: ${manifest.publishes.join(', ') || 'the number of homes'}`,
    );
    print(`  endpoint ${draft.endpointUrl}, key ${toHex(manifest.endpointKey)}`);
    const signed = await signDraft(draft, signer);
    await writeFile(need('file'), `${encodeDraft(signed)}\n`);
    print(`Signed by ${signed.message.signatures.length} of ${manifest.stewards.length}. All must see this phrase:`);
    print(phraseOf(await draftId(signed)));
  },

  async found() {
    const { endpointUrl, message } = await readDraft(need('file'));
    const community = await checkManifest(message);
    stewardIndexOf(community.manifest, (await ownKey()).signer.publicKey);
    await clientOf(endpointUrl).registerCommunity(message);
    await store().create('community', encodeCbor([endpointUrl, encodeSigned(message)]));
    print(`Founded: ${community.manifest.name}, ${toHex(community.id)}`);
  },

  async links() {
    const { community, url } = await office();
    const record = await store().read('invites');
    const seeds = record === undefined ? [] : decodeCbor(seedsSchema, record, 'The invites');
    for (const seed of seeds) print(encodeInviteLink(need('app'), { endpointUrl: url, community: community.id, seed }));
  },

  async status() {
    const { community, endpoint } = await office();
    print(`${community.manifest.name}: ${phraseOf(community.id)}`);
    for (const { month, state, homes, closesMs } of await endpoint.rounds(community.id)) {
      print(
        `${month}  ${state.padEnd(10)} ${String(homes).padStart(4)} homes, closes ${new Date(closesMs).toISOString()}`,
      );
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
    const before = await readFile(need('file')).catch(() => undefined);
    const own = await steward.signClose(month);
    const close = before === undefined ? own : mergeSignatures(decodeSigned(before), own);
    await writeFile(need('file'), encodeSigned(close));
    const { threshold } = community.manifest;
    if (close.signatures.length >= threshold) await endpoint.close({ community: community.id, month }, close);
    print(
      close.signatures.length >= threshold
        ? `The round of ${month} is closed`
        : `Signed by ${close.signatures.length} of ${threshold}: pass ${need('file')} on`,
    );
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
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
