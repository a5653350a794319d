/**
 * An endpoint in memory that a test can turn against its clients: it follows the protocol, except where a test replaces
 * an answer. (The real endpoint has tests of its own.)
 */
import { concatBytes, equalBytes, fromHex, toHex, type Bytes } from '../../src/protocol/bytes.ts';
import { encodeCbor } from '../../src/protocol/cbor.ts';
import { CiphertextSum } from '../../src/protocol/ciphertext.ts';
import { checkSignedContribution, decodeContribution, type Contribution } from '../../src/protocol/contribution.ts';
import type { Signer } from '../../src/protocol/ed25519.ts';
import { EndpointClient } from '../../src/protocol/endpoint-client.ts';
import { sha256 } from '../../src/protocol/hash.ts';
import { encodeHead, encodeHeadAnswer, extend, firstPosition, type LogEntry } from '../../src/protocol/head.ts';
import { correctList, decodeList, encodeList, makeList, type List } from '../../src/protocol/list.ts';
import { openedGroups } from '../../src/protocol/groups.ts';
import type { Community } from '../../src/protocol/manifest.ts';
import { encodeReceipt } from '../../src/protocol/receipt.ts';
import {
  checkAnnouncement,
  checkRoundKey,
  encodeAnnouncement,
  roundKeyHashes,
  type Announcement,
} from '../../src/protocol/round-key.ts';
import { shortenList } from '../../src/protocol/short-list.ts';
import {
  decodeSigned,
  encodeSigned,
  mergeSignatures,
  signMessage,
  type SignedMessage,
} from '../../src/protocol/signed.ts';

export class TestEndpoint {
  readonly signer: Signer;
  community: Community;
  /** Answers by path below the round, such as `list` or `totals/0-1.bin`. */
  readonly files = new Map<string, Bytes>();
  readonly contributions: Contribution[] = [];
  readonly culprits: SignedMessage[] = [];
  readonly seals: SignedMessage[] = [];
  readonly openings: (SignedMessage | undefined)[] = [];
  readonly roundKeys: SignedMessage[] = [];
  readonly norms: SignedMessage[] = [];
  announcement: Announcement | undefined;
  /** The community’s log, in which everything stands that this endpoint has published. */
  readonly history: LogEntry[] = [];
  /** Every request, `METHOD path`, in order. */
  readonly log: string[] = [];
  /** Of every request its headers and the size of its body. */
  readonly sent: unknown[] = [];
  /** Answers that a file is still what the client has. */
  unchanged = 0;

  constructor(signer: Signer, community: Community) {
    this.signer = signer;
    this.community = community;
  }

  /** Another endpoint with the same state. */
  fork(): TestEndpoint {
    const other = new TestEndpoint(this.signer, this.community);
    for (const [path, file] of this.files) other.files.set(path, file);
    other.contributions.push(...this.contributions);
    other.roundKeys.push(...this.roundKeys);
    other.culprits.push(...this.culprits);
    other.seals.push(...this.seals);
    other.openings.push(...this.openings);
    other.norms.push(...this.norms);
    other.history.push(...this.history);
    other.announcement = this.announcement;
    return other;
  }

  client(): EndpointClient {
    return new EndpointClient({ url: 'http://endpoint.test', fetch: (url, init) => this.fetch(url, init) });
  }

  async fetch(url: string, init: RequestInit): Promise<Response> {
    const path = new URL(url).pathname
      .replace(/^\/communities\/[0-9a-f]{64}\//, '')
      .replace(/^rounds\/[0-9-]{7}\//, '');
    this.log.push(`${init.method ?? 'GET'} ${path}`);
    this.sent.push([[...new Headers(init.headers)].map(([name, value]) => [name, value.length]), sizeOf(init.body)]);
    if (init.method === 'POST') return this.#post(path, new Uint8Array(init.body as Bytes));
    return this.#get(path, new Headers(init.headers).get('if-none-match'));
  }

  async #post(path: string, body: Bytes): Promise<Response> {
    if (path === 'contributions') return new Response(await this.#contribute(body));
    const message = decodeSigned(body);
    if (path === 'round-keys') {
      this.roundKeys[(await checkRoundKey(message, this.community)).steward] = message;
      if (this.roundKeys.filter(Boolean).length === this.community.manifest.stewards.length) {
        this.files.set('announcement', encodeAnnouncement(this.roundKeys));
        this.announcement = await checkAnnouncement(encodeAnnouncement(this.roundKeys), this.community);
        this.history.push({ kind: 'announcement', hash: this.announcement.hash });
      }
    } else if (path === 'close') await this.close();
    else if (path === 'culprits') {
      this.culprits.push(message);
      await this.publishList(
        await correctList(decodeList(decodeSigned(this.file('list')).body), this.culprits, this.community),
        'corrected-list',
      );
    } else if (path === 'seals') this.seals.push(message);
    else if (path === 'openings') this.openings[this.#stewardOf(message)] = message;
    else if (path === 'norms') {
      this.norms.push(message);
      const same = this.norms.filter(({ body: other }) => equalBytes(other, message.body)).reduce(mergeSignatures);
      if (same.signatures.length >= this.community.manifest.threshold) {
        this.files.set('norms', encodeSigned(same));
        this.history.push({ kind: 'norms', hash: await sha256(same.body) });
      }
    }
    return new Response(null, { status: 204 });
  }

  async #get(path: string, known: string | null): Promise<Response> {
    const file = this.files.get(path) ?? (await this.#derived(path));
    if (file !== undefined && known === `"${toHex(await sha256(file))}"`) {
      this.unchanged++;
      return new Response(null, { status: 304 });
    }
    if (file !== undefined) return new Response(file);
    const since = /^head\/(\d+)$/.exec(path)?.[1];
    if (since !== undefined) return new Response(await this.#head(Number(since)));
    if (path === 'seals') return new Response(encodeCbor(this.seals.map(encodeSigned)));
    const opening = /^openings\/(\d)$/.exec(path);
    const message = opening && this.openings[Number(opening[1])];
    if (message) return new Response(encodeSigned(message));
    const problem = { type: 'urn:peua:not-found', title: 'Not there', status: 404 };
    return new Response(JSON.stringify(problem), { status: 404 });
  }

  async #head(since: number): Promise<Bytes> {
    const { id } = this.community;
    const { count, head } = await extend(firstPosition(id), this.history);
    const body = encodeHead({ community: id, count, head, atMs: 0 });
    const entries = this.history.slice(since);
    return encodeHeadAnswer({ head: await signMessage('head', body, [this.signer]), entries });
  }

  /** What follows from other files, which a test may have replaced. */
  async #derived(path: string): Promise<Bytes | undefined> {
    const announcement = this.files.get('announcement');
    if (path === 'round-key-hashes') return announcement && concatBytes(...(await roundKeyHashes(announcement)));
    const short = /^short-list\/(\d)$/.exec(path);
    const list = this.files.get('corrected-list') ?? this.files.get('list');
    if (short === null || list === undefined) return undefined;
    return shortenList(decodeSigned(list), this.community, Number(short[1]));
  }

  #stewardOf(message: SignedMessage): number {
    return this.community.manifest.stewards.findIndex(({ key }) =>
      equalBytes(key, message.signatures[0]?.signer ?? new Uint8Array()),
    );
  }

  async #contribute(body: Bytes): Promise<Bytes> {
    const contribution = decodeContribution(body);
    if (this.announcement === undefined) throw new Error('not announced');
    const { member, header } = await checkSignedContribution(contribution.signed, this.community, this.announcement);
    this.contributions.push(contribution);
    const receipt = encodeReceipt({
      community: this.community.id,
      month: header.month,
      member,
      version: header.version,
      contribution: await sha256(contribution.signed.body),
      receivedMs: 0,
    });
    return encodeSigned(await signMessage('receipt', receipt, [this.signer]));
  }

  /** Makes list, totals, fingerprints and ciphertext files of these contributions (all, unless a test says otherwise). */
  async close(
    contributions: readonly Contribution[] = this.contributions,
    change: (list: List) => List = (list) => list,
  ) {
    const { community, announcement } = this;
    if (announcement === undefined) throw new Error('not announced');
    const checked = await Promise.all(
      contributions.map(async (contribution) => ({
        contribution,
        checked: await checkSignedContribution(contribution.signed, community, announcement),
      })),
    );
    const list = makeList(
      community,
      announcement,
      checked.map((one) => one.checked),
      1,
    );
    const sorted = list.entries.map(({ invite }) => {
      const found = checked.find((one) => equalBytes(one.checked.header.invite, invite));
      if (found === undefined) throw new Error('entry without contribution');
      return found;
    });
    const groups = openedGroups(
      sorted.map((one) => ({ issuer: one.checked.issuer, cohort: one.checked.header.cohort })),
      community.manifest,
    );
    for (const [steward, { publicKey }] of announcement.roundKeys.entries()) {
      for (const [group, { members }] of groups.entries()) {
        const sum = new CiphertextSum();
        for (const member of members) sum.add(sorted[member]?.contribution.ciphertexts[steward] ?? new Uint8Array());
        this.files.set(`totals/${group}-${steward}.bin`, sum.total(publicKey));
      }
      const column = sorted.map(({ contribution }) => contribution.sealedFingerprints[steward] ?? new Uint8Array());
      this.files.set(`fingerprints/${steward}.bin`, concatBytes(...column));
      for (const { contribution } of sorted) {
        const ciphertext = contribution.ciphertexts[steward] ?? new Uint8Array();
        this.files.set(`ciphertexts/${toHex(await sha256(ciphertext))}.bin`, ciphertext);
      }
    }
    await this.publishList(change(list));
  }

  async publishList(list: List, path: 'list' | 'corrected-list' = 'list'): Promise<void> {
    const body = encodeList(list);
    this.files.set(path, encodeSigned(await signMessage('list', body, [this.signer])));
    this.history.push({ kind: path, hash: await sha256(body) });
  }

  file(path: string): Bytes {
    return this.files.get(path) ?? fromHex('') ?? new Uint8Array();
  }
}

const sizeOf = (body: unknown): number => (body instanceof Uint8Array ? body.length : 0);
