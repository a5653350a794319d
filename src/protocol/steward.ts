/**
 * A steward: makes round keys, checks what the endpoint added up, and opens its share of the totals. Everything that
 * may happen only once is on durable record before it happens, so that neither a killed app nor a cheating endpoint
 * gets a second chance.
 */
import * as v from 'valibot';
import { equalBytes, type Bytes } from './bytes.ts';
import { decodeCbor, encodeCbor } from './cbor.ts';
import { encodeClose } from './close.ts';
import { encodeHeader } from './contribution.ts';
import type { Signer } from './ed25519.ts';
import type { EndpointClient, RoundAddress } from './endpoint-client.ts';
import { ProtocolError } from './error.ts';
import { schemaVersion } from './features.ts';
import { bytesUpTo, fieldVector, hash, instantMs } from './fields.ts';
import {
  fingerprint,
  fingerprintCoefficients,
  fingerprintOpener,
  fingerprintPrime,
  makeHpkeKeyPair,
} from './fingerprint.ts';
import { sha256 } from './hash.ts';
import { checkList, decodeList, type CheckedList, type List } from './list.ts';
import type { Community } from './manifest.ts';
import { computeNorms, encodeNorms, type OpenedRound } from './norms-message.ts';
import { checkOpening, encodeOpening, type Opening } from './opening.ts';
import { checkAnnouncement, encodeRoundKey, type Announcement } from './round-key.ts';
import { checkSeals, encodeSeal } from './seal.ts';
import { prime } from './shamir.ts';
import { decodeSigned, encodeSigned, mostSignedBytes, signMessage, type SignedMessage } from './signed.ts';

/** What a steward remembers, durably and kept secret. Names are `/`-separated. */
export interface StewardStore {
  read(name: string): Promise<Uint8Array | undefined>;
  /** Writes a record that is not there yet, durable when this settles; false if one is there, which stays. */
  create(name: string, bytes: Uint8Array): Promise<boolean>;
  /** Erases a record; no error if there is none. */
  remove(name: string): Promise<void>;
}

/** The encryption that a steward needs, bound to a `tfhe` module (`lib/fhe/contribution.ts`). */
export interface StewardEncryption {
  makeRoundKey(): { readonly publicKey: Bytes; readonly secretKey: Bytes };
  decryptTotal(secretKey: Uint8Array, total: Uint8Array): number[];
}

export interface StewardOptions {
  readonly community: Community;
  /** Position in the manifest. */
  readonly steward: number;
  readonly signer: Signer;
  readonly endpoint: EndpointClient;
  readonly store: StewardStore;
  readonly encryption: StewardEncryption;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** A closed round that has been checked and may be sealed from `sealableMs` on. */
export interface Review {
  readonly list: CheckedList;
  /** End of the time in which members can look at the list, counted from when this steward first saw it. */
  readonly sealableMs: number;
}

export type Progress = (done: number, total: number) => void;

const keysSchema = v.strictTuple([bytesUpTo(40_000), bytesUpTo(32), bytesUpTo(mostSignedBytes)]);
const seenSchema = v.strictTuple([hash, instantMs]);
const sumsSchema = v.array(fieldVector);

/** Fingerprints opened at a time. */
const openedAtOnce = 16;

export class Steward {
  readonly #options: StewardOptions;

  constructor(options: StewardOptions) {
    this.#options = options;
  }

  #round(month: string): RoundAddress {
    return { community: this.#options.community.id, month };
  }

  /**
   * Makes this steward's keys for a month's round, keeps them, and announces them. Doing it again announces the same
   * keys again.
   */
  async announce(month: string, closesMs: number): Promise<void> {
    const { community, steward, signer, endpoint, store, encryption } = this.#options;
    const name = `${month}/keys`;
    if ((await store.read(`${month}/over`)) !== undefined) {
      throw new ProtocolError('wrong-round', `The round of ${month} is over; a month has one round only`);
    }
    if ((await store.read(name)) === undefined) {
      const [round, hpke] = [encryption.makeRoundKey(), await makeHpkeKeyPair()];
      const body = encodeRoundKey({
        community: community.id,
        month,
        steward,
        schema: schemaVersion,
        closesMs,
        publicKey: round.publicKey,
        hpkeKey: hpke.publicKey,
      });
      const message = encodeSigned(await signMessage('round-key', body, [signer]));
      await store.create(name, encodeCbor([round.secretKey, hpke.secretKey, message]));
    }
    await endpoint.postRoundKey(community.id, (await this.#keys(month)).message);
  }

  async #keys(month: string): Promise<{ secretKey: Bytes; hpkeSecretKey: Bytes; message: SignedMessage }> {
    const record = await this.#options.store.read(`${month}/keys`);
    if (record === undefined)
      throw new ProtocolError('wrong-round', `This steward has no keys for ${month} (any more)`);
    const [secretKey, hpkeSecretKey, message] = decodeCbor(keysSchema, record, 'The record of round keys');
    return { secretKey, hpkeSecretKey, message: decodeSigned(message) };
  }

  /** The round's announcement, which must hold this steward's own key. */
  async #announcement(month: string): Promise<Announcement> {
    const { community, steward, endpoint } = this.#options;
    const bytes = await endpoint.announcement(this.#round(month));
    if (bytes === undefined) throw new ProtocolError('bad-announcement', `The round of ${month} is not announced`);
    const announcement = await checkAnnouncement(bytes, community);
    const mine = encodeRoundKey(announcement.roundKeys[steward] ?? fail());
    if (announcement.month !== month || !equalBytes(mine, (await this.#keys(month)).message.body)) {
      throw new ProtocolError('bad-announcement', 'The announcement does not hold this steward’s own key');
    }
    return announcement;
  }

  /** This steward's signature under closing a round before its date. */
  async signClose(month: string): Promise<SignedMessage> {
    const { community, signer } = this.#options;
    const { hash } = await this.#announcement(month);
    return signMessage('close', encodeClose({ community: community.id, month, announcement: hash }), [signer]);
  }

  /**
   * Fetches and checks the list of a closed round. The first list that passes stands: another one later is refused.
   *
   * @throws {ProtocolError} whatever is wrong with it
   */
  async review(month: string): Promise<Review> {
    const { community, endpoint, store, now } = this.#options;
    const announcement = await this.#announcement(month);
    const message = await endpoint.list(this.#round(month));
    if (message === undefined) throw new ProtocolError('wrong-round', `The round of ${month} has no list yet`);
    const list = await checkList(message, community, announcement);
    await store.create(`${month}/list`, encodeCbor([list.hash, now()]));
    const [firstHash, firstSeenMs] = await this.#seen(month);
    if (!equalBytes(firstHash, list.hash)) {
      throw new ProtocolError('wrong-list', 'The endpoint shows another list than it did before');
    }
    return { list, sealableMs: firstSeenMs + community.manifest.lookHours * 3_600_000 };
  }

  async #seen(month: string): Promise<readonly [hash: Bytes, firstSeenMs: number]> {
    const record = await this.#options.store.read(`${month}/list`);
    if (record === undefined) throw new ProtocolError('wrong-round', `The list of ${month} was not looked at yet`);
    return decodeCbor(seenSchema, record, 'The record of the list');
  }

  /**
   * Checks the list and this steward's totals, and seals them: once per round, ever.
   *
   * @throws {ProtocolError} `too-early` while members may still look, `totals-mismatch` if what the endpoint added up is
   *   not what the homes sent, and what {@link review} throws
   */
  async seal(month: string, onprogress: Progress = () => undefined): Promise<void> {
    const { community, signer, endpoint, store, now } = this.#options;
    if ((await store.read(`${month}/seal`)) === undefined) {
      const { list, sealableMs } = await this.review(month);
      if (now() < sealableMs) throw new ProtocolError('too-early', 'Members can still look at the list');
      const sums = await this.#checkedSums(month, list, onprogress);
      await store.create(`${month}/sums`, encodeCbor(sums));
      const body = encodeSeal({ community: community.id, month, list: list.hash });
      await store.create(`${month}/seal`, encodeSigned(await signMessage('seal', body, [signer])));
    }
    const seal = (await store.read(`${month}/seal`)) ?? fail();
    await endpoint.postSeal(this.#round(month), decodeSigned(seal));
  }

  /** Share sums modulo p, per group of the list, after the fingerprints have shown that they are the homes'. */
  async #checkedSums(
    month: string,
    { list, contributions, groups }: CheckedList,
    onprogress: Progress,
  ): Promise<number[][]> {
    const { community, steward, endpoint } = this.#options;
    const { secretKey, hpkeSecretKey } = await this.#keys(month);
    const sealed = await endpoint.fingerprints(this.#round(month), steward);
    if (sealed.length !== contributions.length) {
      throw new ProtocolError('bad-fingerprint', 'The endpoint shows another number of fingerprints than homes');
    }
    const open = await fingerprintOpener(hpkeSecretKey, { community: community.id, month, steward });
    const fingerprints: bigint[] = [];
    for (let from = 0; from < sealed.length; from += openedAtOnce) {
      const opened = sealed.slice(from, from + openedAtOnce).map(async (box, i) => {
        const contribution = contributions[from + i] ?? fail();
        if (!equalBytes(await sha256(box), contribution.fingerprints[steward] ?? fail())) {
          throw new ProtocolError('bad-fingerprint', 'A sealed fingerprint is not the one that its home signed');
        }
        return open(box, encodeHeader(contribution.header));
      });
      fingerprints.push(...(await Promise.all(opened)));
      onprogress(fingerprints.length, sealed.length);
    }
    const coefficients = await fingerprintCoefficients(list.announcement);
    const sums: number[][] = [];
    for (const [group, { members }] of groups.entries()) {
      const expected = members.reduce((sum, home) => sum + (fingerprints[home] ?? fail()), 0n) % fingerprintPrime;
      const total = await this.#decryptOnce(month, group, secretKey);
      if (fingerprint(coefficients, total) !== expected) {
        throw new ProtocolError('totals-mismatch', 'What the endpoint added up is not what the homes sent');
      }
      sums.push(total.map((value) => value % prime));
    }
    return sums;
  }

  /**
   * Decrypts the endpoint's total of a group. Each further one whose acceptance could be watched would tell the
   * endpoint a bit of the round key, so the first one's hash is kept and no other is ever decrypted.
   */
  async #decryptOnce(month: string, group: number, secretKey: Bytes): Promise<number[]> {
    const { steward, endpoint, store, encryption } = this.#options;
    const total = await endpoint.total(this.#round(month), group, steward);
    const name = `${month}/total-${group}`;
    const hash = await sha256(total);
    if (!(await store.create(name, hash)) && !equalBytes((await store.read(name)) ?? fail(), hash)) {
      throw new ProtocolError('already-decided', 'The endpoint shows another total than before; only the first counts');
    }
    return encryption.decryptTotal(secretKey, total);
  }

  /**
   * Posts this steward's share sums, if enough stewards have sealed the very list that it sealed.
   *
   * @throws {ProtocolError} `not-enough-seals`
   */
  async open(month: string): Promise<void> {
    const { community, steward, signer, endpoint, store } = this.#options;
    if ((await store.read(`${month}/opening`)) === undefined) {
      const list = await this.#sealedHash(month);
      await checkSeals(await endpoint.seals(this.#round(month)), community, { month, list });
      const sums = decodeCbor(sumsSchema, (await store.read(`${month}/sums`)) ?? fail(), 'The record of sums');
      const body = encodeOpening({ community: community.id, month, list, steward, sums });
      await store.create(`${month}/opening`, encodeSigned(await signMessage('opening', body, [signer])));
    }
    await endpoint.postOpening(this.#round(month), decodeSigned((await store.read(`${month}/opening`)) ?? fail()));
  }

  async #sealedHash(month: string): Promise<Bytes> {
    if ((await this.#options.store.read(`${month}/seal`)) === undefined) {
      throw new ProtocolError('not-enough-seals', `This steward has not sealed the list of ${month}`);
    }
    const [hash] = await this.#seen(month);
    return hash;
  }

  /** The list that this steward sealed. */
  async #sealedList(month: string): Promise<{ hash: Bytes; list: List }> {
    const hash = await this.#sealedHash(month);
    const message = await this.#options.endpoint.list(this.#round(month));
    if (message === undefined || !equalBytes(await sha256(message.body), hash)) {
      throw new ProtocolError('wrong-list', 'The endpoint shows another list than the sealed one');
    }
    return { hash, list: decodeList(message.body) };
  }

  /**
   * Combines the openings that are there, checks them against each other, and signs and posts the norms.
   *
   * @param acceptUnchecked - whether threshold openings are enough, which show no liar among them; else all are needed
   * @throws {ProtocolError} `not-enough-openings`, `openings-disagree`, `spoiled`
   */
  async publishNorms(month: string, acceptUnchecked = false): Promise<OpenedRound> {
    const { community, signer, endpoint } = this.#options;
    const sealed = await this.#sealedList(month);
    const openings = await this.#openings(month, sealed);
    if (
      !acceptUnchecked &&
      openings.length <= community.manifest.threshold &&
      openings.length < community.manifest.stewards.length
    ) {
      throw new ProtocolError(
        'not-enough-openings',
        `${openings.length} openings are there; one more would show a liar`,
      );
    }
    const opened = await computeNorms(community, sealed, openings);
    await endpoint.postNorms(this.#round(month), await signMessage('norms', encodeNorms(opened.norms), [signer]));
    return opened;
  }

  async #openings(month: string, { hash, list }: { hash: Bytes; list: List }): Promise<Opening[]> {
    const { community, steward, signer, endpoint, store, now } = this.#options;
    const own = await store.read(`${month}/opening`);
    const others = community.manifest.stewards.map(async (_, other) => {
      const message =
        other === steward && own !== undefined
          ? decodeSigned(own)
          : await endpoint.opening(this.#round(month), other, signer, now());
      if (message === undefined) return undefined;
      const opening = await checkOpening(message, community, { month, list: hash, groups: list.groups.length });
      if (opening.steward !== other)
        throw new ProtocolError('wrong-signer', 'The endpoint shows one opening as another');
      return opening;
    });
    return (await Promise.all(others)).filter((opening) => opening !== undefined);
  }

  /** Erases the round's secret keys and sums; what may happen only once stays on record. */
  async erase(month: string): Promise<void> {
    const { store } = this.#options;
    await store.create(`${month}/over`, new Uint8Array());
    await store.remove(`${month}/keys`);
    await store.remove(`${month}/sums`);
    await store.remove(`${month}/opening`);
  }
}

function fail(): never {
  throw new ProtocolError('malformed', 'A record of this steward is missing or damaged');
}
