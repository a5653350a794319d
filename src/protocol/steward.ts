/**
 * A steward: makes round keys, checks what the endpoint added up, and opens its share of the totals. Everything that
 * may happen only once is on durable record before it happens, so that neither a killed app nor a cheating endpoint
 * gets a second chance.
 */
import * as v from 'valibot';
import { communityOf, type Amendment } from './amendment.ts';
import { concatBytes, equalBytes, toHex, type Bytes } from './bytes.ts';
import { decodeCbor, encodeCbor } from './cbor.ts';
import { encodeClose } from './close.ts';
import { decryptColumn, fitsFingerprints, openFingerprints, type Progress } from './column.ts';
import { sealedFingerprintBytes, splitFingerprints } from './contribution.ts';
import { encodeCulprits, mostCulprits } from './culprits.ts';
import type { Signer } from './ed25519.ts';
import type { EndpointClient, RoundAddress } from './endpoint-client.ts';
import { ProtocolError } from './error.ts';
import type { LogCheck } from './follow.ts';
import { schemaVersion, vectorLength } from './features.ts';
import { bytesUpTo, fieldVector, hash, instantMs, integer, label, mostHomes } from './fields.ts';
import { fingerprintCoefficients, makeHpkeKeyPair } from './fingerprint.ts';
import { sha256 } from './hash.ts';
import { checkList, type CheckedList, type List } from './list.ts';
import type { Community } from './manifest.ts';
import { computeNorms, encodeNorms, type OpenedRound } from './norms-message.ts';
import { checkOpening, encodeOpening, type Opening } from './opening.ts';
import { announcementHash, encodeRoundKey, type Announcement } from './round-key.ts';
import { checkSeals, encodeSeal } from './seal.ts';
import { phraseOf } from './phrase.ts';
import { prime } from './shamir.ts';
import { restoreList } from './short-list.ts';
import {
  decodeSigned,
  encodeSigned,
  mostSignedBytes,
  signMessage,
  verifySignedBy,
  type MessageType,
  type SignedMessage,
} from './signed.ts';

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
  /** The community's amendments so far, checked. */
  readonly amendments?: readonly Amendment[];
  /** Position in the manifest. */
  readonly steward: number;
  readonly signer: Signer;
  readonly endpoint: EndpointClient;
  /** Refuses what the community’s log does not name. */
  readonly inLog: LogCheck;
  readonly store: StewardStore;
  readonly encryption: StewardEncryption;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** A closed round that has been checked and may be sealed from `sealableMs` on. */
export interface Review {
  readonly list: CheckedList;
  /** This steward's sealed fingerprints as the endpoint shows them, in the order of the first list. */
  readonly sealed: readonly Bytes[];
  /** End of the time in which members can look at the list, counted from when this steward first saw it. */
  readonly sealableMs: number;
}

const keysSchema = v.strictTuple([bytesUpTo(40_000), bytesUpTo(32), bytesUpTo(mostSignedBytes)]);
const seenSchema = v.strictTuple([hash, instantMs]);
/** What is checked against an announcement that was once seen whole. */
type KnownAnnouncement = Pick<Announcement, 'hash' | 'month'>;
const groupsSchema = v.array(v.strictTuple([label(40), integer(1, mostHomes)]));
const sealedSchema = v.strictTuple([bytesUpTo(1024), hash, groupsSchema, v.array(fieldVector)]);
/** A short list and the sealed fingerprints it was restored with. */
const fetchedSchema = v.strictTuple([bytesUpTo(mostSignedBytes), bytesUpTo(mostHomes * sealedFingerprintBytes)]);

interface Sealed {
  readonly seal: SignedMessage;
  readonly list: Bytes;
  readonly groups: List['groups'];
  readonly sums: readonly number[][];
}

export class Steward {
  readonly #options: StewardOptions;
  /** Share sums that the fingerprints have shown to be right, by the list's hash. */
  readonly #sums = new Map<string, number[][]>();

  constructor(options: StewardOptions) {
    this.#options = options;
  }

  #round(month: string): RoundAddress {
    return { community: this.#options.community.id, month };
  }

  /** The community as it is in a month's round. */
  #communityOf(month: string): Community {
    const { community, amendments = [] } = this.#options;
    return communityOf({ founded: community, amendments, last: community.id }, month);
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

  /**
   * The round's announcement, which must hold this steward's own key. The first that this steward sees stands. The other
   * stewards' keys are the homes' to check, which encrypt under them.
   */
  async #announcement(month: string): Promise<KnownAnnouncement> {
    const { community, steward, endpoint, store } = this.#options;
    const own = await sha256(encodeSigned((await this.#keys(month)).message));
    const record = `${month}/announcement`;
    const known = await store.read(record);
    if (known !== undefined) return { hash: decodeCbor(hash, known, 'The record of the announcement'), month };
    const hashes = await endpoint.roundKeyHashes(this.#round(month));
    if (hashes === undefined) throw new ProtocolError('bad-announcement', `The round of ${month} is not announced`);
    if (hashes.length !== community.manifest.stewards.length || !equalBytes(hashes[steward] ?? fail(), own)) {
      throw new ProtocolError('bad-announcement', 'The announcement does not hold this steward’s own key');
    }
    const announcement = { hash: await announcementHash(hashes), month };
    await this.#options.inLog('announcement', announcement.hash);
    await store.create(record, encodeCbor(announcement.hash));
    return announcement;
  }

  /** This steward's signature under closing a round before its date. */
  async signClose(month: string): Promise<SignedMessage> {
    const { community, signer } = this.#options;
    const { hash } = await this.#announcement(month);
    return signMessage('close', encodeClose({ community: community.id, month, announcement: hash }), [signer]);
  }

  /**
   * Fetches and checks the list of a closed round: the corrected one, once culprits have been named. The first list that
   * this steward sees stands: no later one may come from another.
   *
   * @throws {ProtocolError} whatever is wrong with it
   */
  async review(month: string): Promise<Review> {
    const { store, now, inLog } = this.#options;
    const announcement = await this.#announcement(month);
    const { message, sealed } = await this.#fetchList(month, announcement);
    const list = await checkList(message, this.#communityOf(month), announcement);
    await inLog('list', list.firstHash);
    if (list.list.culprits.length > 0) await inLog('corrected-list', list.hash);
    await store.create(`${month}/list`, encodeCbor([list.firstHash, now()]));
    const [firstHash, firstSeenMs] = await this.#seen(month);
    if (!equalBytes(firstHash, list.firstHash)) {
      throw new ProtocolError('wrong-list', 'The endpoint shows another list than it did before');
    }
    return { list, sealed, sealableMs: firstSeenMs + this.#options.community.manifest.lookHours * 3_600_000 };
  }

  /**
   * The list as the endpoint shows it now, and this steward's sealed fingerprints. Both are kept, so that a large list is
   * fetched once however often it is looked at. Where the short form does not come to what the endpoint signed, the whole
   * list shows what is wrong.
   */
  async #fetchList(
    month: string,
    announcement: KnownAnnouncement,
  ): Promise<{ message: SignedMessage; sealed: Bytes[] }> {
    const { steward, endpoint, store } = this.#options;
    const community = this.#communityOf(month);
    const round = this.#round(month);
    const record = await store.read(`${month}/fetched`);
    const [keptShort, keptSealed] =
      record === undefined ? [] : decodeCbor(fetchedSchema, record, 'The record of a list');
    const short = await endpoint.shortList(round, steward, keptShort);
    const whole = async () => (await endpoint.correctedList(round)) ?? (await endpoint.list(round));
    let message = short === undefined ? await whole() : undefined;
    if (short === undefined && message === undefined)
      throw new ProtocolError('wrong-round', `The round of ${month} has no list yet`);
    const sealed =
      keptSealed === undefined ? await endpoint.fingerprints(round, steward) : splitFingerprints(keptSealed);
    if (short !== undefined) {
      try {
        const restored = await restoreList(short, community, announcement, steward, sealed);
        await verifySignedBy('list', restored, community.manifest.endpointKey);
        if (short !== keptShort) {
          await store.remove(`${month}/fetched`);
          await store.create(`${month}/fetched`, encodeCbor([short, concatBytes(...sealed)]));
        }
        message = restored;
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
        message = await whole();
      }
    }
    if (message === undefined) throw new ProtocolError('wrong-round', `The endpoint shows no whole list of ${month}`);
    return { message, sealed };
  }

  async #seen(month: string): Promise<readonly [hash: Bytes, firstSeenMs: number]> {
    const record = await this.#options.store.read(`${month}/list`);
    if (record === undefined) throw new ProtocolError('wrong-round', `The list of ${month} was not looked at yet`);
    return decodeCbor(seenSchema, record, 'The record of the list');
  }

  /**
   * Checks the list and this steward's totals, while members may still look. If what the endpoint added up does not fit
   * what the homes sent, the steward names the culprits, if any: all stewards should have checked before the first one
   * seals, because a seal on the list with a culprit cannot be taken back.
   *
   * @returns whether the list is right; false if this steward has named culprits on it
   * @throws {ProtocolError} `spoiled` if there are too many of them (the keys are then erased), and what {@link review}
   *   throws
   */
  async check(month: string, progress: Progress = () => undefined): Promise<boolean> {
    if ((await this.#options.store.read(`${month}/seal`)) !== undefined) return true;
    return (await this.#checkedSums(month, await this.review(month), progress)) !== undefined;
  }

  /**
   * Checks the list and this steward's totals, and seals them: once per round, ever.
   *
   * @throws {ProtocolError} `too-early` while members may still look, `totals-mismatch` while culprits stand on the list,
   *   and what {@link check} throws
   */
  async seal(month: string, progress: Progress = () => undefined): Promise<void> {
    const { community, signer, endpoint, store } = this.#options;
    if ((await store.read(`${month}/seal`)) === undefined) {
      let review = await this.#sealableList(month);
      let sums = await this.#checkedSums(month, review, progress);
      if (sums === undefined) {
        // The culprits have been named: the corrected list should be there.
        review = await this.#sealableList(month);
        sums = await this.#checkedSums(month, review, progress);
      }
      if (sums === undefined) {
        throw new ProtocolError(
          'totals-mismatch',
          'Contributions were found that are not what they claim; the endpoint must leave them out',
        );
      }
      const { hash, groups } = review.list;
      const body = encodeSeal({ community: community.id, month, list: hash });
      const seal = encodeSigned(await signMessage('seal', body, [signer]));
      const counted = groups.map(({ name, members }) => [name, members.length]);
      await store.create(`${month}/seal`, encodeCbor([seal, hash, counted, sums]));
    }
    await endpoint.postSeal(this.#round(month), (await this.#sealed(month)).seal);
  }

  async #sealableList(month: string): Promise<Review> {
    const review = await this.review(month);
    if (this.#options.now() < review.sealableMs)
      throw new ProtocolError('too-early', 'Members can still look at the list');
    return review;
  }

  /**
   * Share sums modulo p, per group of the list, which the fingerprints have shown to be the homes'; undefined if culprits
   * had to be named. The endpoint's totals are those of the first list; others this steward adds up itself.
   */
  async #checkedSums(month: string, review: Review, progress: Progress): Promise<number[][] | undefined> {
    const hash = toHex(review.list.hash);
    const known = this.#sums.get(hash);
    if (known !== undefined) return known;
    const sums = await this.#computedSums(month, review, progress);
    if (sums !== undefined) this.#sums.set(hash, sums);
    return sums;
  }

  async #computedSums(
    month: string,
    { list: checked, sealed }: Review,
    progress: Progress,
  ): Promise<number[][] | undefined> {
    const { community, steward, endpoint, store } = this.#options;
    const { list, contributions, groups } = checked;
    const { secretKey, hpkeSecretKey } = await this.#keys(month);
    const context = { community: community.id, month, steward };
    const fingerprints = await openFingerprints(sealed, checked, hpkeSecretKey, context, progress);
    const coefficients = await fingerprintCoefficients(list.announcement);

    const isFirst = list.culprits.length === 0;
    if (isFirst && !fingerprints.includes(undefined) && (await store.read(`${month}/column`)) === undefined) {
      const totals: number[][] = [];
      for (const [group, { members }] of groups.entries()) {
        const total = await this.#decryptOnce(month, group, secretKey);
        if (
          !fitsFingerprints(
            total,
            members.map((home) => fingerprints[home]),
            coefficients,
          )
        )
          break;
        totals.push(total);
      }
      if (totals.length === groups.length) return totals.map((total) => total.map((value) => value % prime));
    }

    // From here on no total of the endpoint is ever decrypted again for this round.
    await store.create(`${month}/column`, new Uint8Array());
    const { culprits, shares } = await decryptColumn(
      contributions,
      steward,
      fingerprints,
      coefficients,
      (hash) => endpoint.ciphertext(this.#round(month), hash),
      (ciphertext) => this.#options.encryption.decryptTotal(secretKey, ciphertext),
      progress,
    );
    if (culprits.length > 0) {
      await this.#name(month, checked, culprits);
      return undefined;
    }
    return groups.map(({ members }) =>
      Array.from({ length: vectorLength }, (_, slot) =>
        members.reduce((sum, home) => (sum + (shares[home]?.[slot] ?? 0)) % prime, 0),
      ),
    );
  }

  /** Names culprits, once; gives the round up if they are too many. */
  async #name(month: string, { firstHash, contributions }: CheckedList, culprits: readonly number[]): Promise<void> {
    const { community, endpoint } = this.#options;
    if (culprits.length > mostCulprits) {
      await this.erase(month);
      throw new ProtocolError(
        'spoiled',
        `${culprits.length} contributions are not what they claim: the round is given up`,
      );
    }
    const invites = culprits.flatMap((home) => contributions[home]?.header.invite ?? []);
    const body = encodeCulprits({ community: community.id, month, list: firstHash, invites });
    await endpoint.postCulprits(this.#round(month), await this.#signOnce(`${month}/culprits`, 'culprits', body));
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

  /** This steward's seal, the hash of the list it is on, that list's groups, and the sums that the seal stands for. */
  async #sealed(month: string): Promise<Sealed> {
    const record = await this.#options.store.read(`${month}/seal`);
    if (record === undefined) {
      throw new ProtocolError('not-enough-seals', `This steward has not sealed the list of ${month}`);
    }
    const [seal, list, groups, sums] = decodeCbor(sealedSchema, record, 'The record of the seal');
    return { seal: decodeSigned(seal), list, groups: groups.map(([name, homes]) => ({ name, homes })), sums };
  }

  /** The phrase of the list that this steward sealed, for missing stewards to compare. */
  async sealedPhrase(month: string): Promise<string> {
    return phraseOf((await this.#sealed(month)).list);
  }

  /**
   * Posts this steward's share sums, if enough stewards have sealed the very list that it sealed.
   *
   * @param words - missing stewards (by index) who, by voice or in person, have read the same {@link sealedPhrase} to
   *   this one; they stand in the opening
   * @throws {ProtocolError} `not-enough-seals`
   */
  async open(month: string, words: readonly number[] = []): Promise<void> {
    const { endpoint } = this.#options;
    const { list } = await this.#sealed(month);
    await checkSeals(await endpoint.seals(this.#round(month)), this.#communityOf(month), { month, list }, words);
    await endpoint.postOpening(this.#round(month), await this.#opening(month, words));
  }

  /** This steward's opening, which is made once. */
  async #opening(month: string, words: readonly number[] = []): Promise<SignedMessage> {
    const { community, steward } = this.#options;
    const { list, sums } = await this.#sealed(month);
    const body = encodeOpening({ community: community.id, month, list, steward, words, sums });
    return this.#signOnce(`${month}/opening`, 'opening', body);
  }

  /** Signs the first body for a record, and gives that very message ever after: some systems never sign alike twice. */
  async #signOnce(name: string, type: MessageType, body: Bytes): Promise<SignedMessage> {
    const { signer, store } = this.#options;
    if ((await store.read(name)) === undefined) {
      await store.create(name, encodeSigned(await signMessage(type, body, [signer])));
    }
    return decodeSigned((await store.read(name)) ?? fail());
  }

  /**
   * Combines the openings that are there, checks them against each other, and signs and posts the norms.
   *
   * @param acceptUnchecked - whether threshold openings are enough, which show no liar among them; else all are needed
   * @throws {ProtocolError} `not-enough-openings`, `openings-disagree`, `spoiled`
   */
  async publishNorms(month: string, acceptUnchecked = false): Promise<OpenedRound> {
    const { community, endpoint } = this.#options;
    const { list: hash, groups } = await this.#sealed(month);
    const openings = await this.#openings(month, hash, groups.length);
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
    const opened = await computeNorms(community, { hash, list: { month, groups } }, openings);
    const name = `${month}/norms-${opened.norms.checked ? 'checked' : 'unchecked'}`;
    await endpoint.postNorms(this.#round(month), await this.#signOnce(name, 'norms', encodeNorms(opened.norms)));
    return opened;
  }

  async #openings(month: string, list: Bytes, groups: number): Promise<Opening[]> {
    const { community, steward, signer, endpoint, now } = this.#options;
    const own = await this.#options.store.read(`${month}/opening`);
    if (own === undefined) throw new ProtocolError('not-enough-openings', 'This steward has not opened the round');
    const others = community.manifest.stewards.map(async (_, other) => {
      const message =
        other === steward ? decodeSigned(own) : await endpoint.opening(this.#round(month), other, signer, now());
      if (message === undefined) return undefined;
      const opening = await checkOpening(message, this.#communityOf(month), { month, list, groups });
      if (opening.steward !== other)
        throw new ProtocolError('wrong-signer', 'The endpoint shows one opening as another');
      return opening;
    });
    return (await Promise.all(others)).filter((opening) => opening !== undefined);
  }

  /** Erases the round's secret keys and sums; what may happen only once stays on record. */
  async erase(month: string): Promise<void> {
    const { store } = this.#options;
    this.#sums.clear();
    await store.create(`${month}/over`, new Uint8Array());
    await store.remove(`${month}/keys`);
    await store.remove(`${month}/seal`);
    await store.remove(`${month}/opening`);
    await store.remove(`${month}/fetched`);
  }
}

function fail(): never {
  throw new ProtocolError('malformed', 'A record of this steward is missing or damaged');
}
