/**
 * What stewards change of a community and found beside it, and what must be true of it whatever happens: a change that
 * two have signed is in force and stays, one that nobody or one has signed never is, nothing of a founding that was
 * acknowledged goes, and the log only grows.
 */
import { expect } from 'vitest';
import { checkAmendment, proposeAmendment, unamended } from '../../src/protocol/amendment.ts';
import { equalBytes, toHex, type Bytes } from '../../src/protocol/bytes.ts';
import type { EndpointClient } from '../../src/protocol/endpoint-client.ts';
import { checkFounding, encodeFoundingState, encodeTerms, signEntry } from '../../src/protocol/founding.ts';
import { sha256 } from '../../src/protocol/hash.ts';
import { checkManifest } from '../../src/protocol/manifest.ts';
import { mergeSignatures, signMessage, encodeSigned, type SignedMessage } from '../../src/protocol/signed.ts';
import type { TestCommunity } from '../endpoint/support.ts';
import { seedOf, signerOf } from '../protocol/example.ts';

const stewards = [0, 1, 2] as const;
/** How long the endpoint keeps a founding, from its terms on. */
const foundingMs = 30 * 86_400_000;

/** Messages made once for all worlds. */
export interface Script {
  readonly community: Bytes;
  /** Amendments in their order, each as its stewards sign it. */
  readonly amendments: readonly (readonly SignedMessage[])[];
  /** Terms of a founding, its id, and the id of the community that comes of it. */
  readonly terms: Bytes;
  readonly founding: Bytes;
  readonly founded: Bytes;
  readonly entries: readonly SignedMessage[];
  readonly signatures: readonly SignedMessage[];
}

/** Three amendments, of one more invite each, and a founding by the same stewards. */
export async function makeScript(street: TestCommunity): Promise<Script> {
  let before = unamended(street.community);
  const amendments: SignedMessage[][] = [];
  for (const steward of stewards) {
    const { publicKey } = await signerOf(`late invite ${steward}`);
    const change = { from: '2026-01', invites: [publicKey], revoked: [], replaced: [] };
    const { body } = await proposeAmendment(before, change, steward, street.steward(steward));
    const signed = await Promise.all(stewards.map((one) => signMessage('amendment', body, [street.steward(one)])));
    before = await checkAmendment(signed.reduce(mergeSignatures), before);
    amendments.push(signed);
  }

  const seats = await Promise.all(stewards.map((seat) => signerOf(`seat ${seat}`)));
  const { name, threshold, minimumHomes, cohorts, publishes, endpointKey, lookHours, retentionDays } =
    street.community.manifest;
  const draft = {
    ...{ name, threshold, minimumHomes, cohorts, publishes, endpointKey, lookHours, retentionDays },
    invitesEach: 1,
    seats: seats.map(({ publicKey }) => publicKey),
    salt: (await seedOf('another salt')).slice(0, 16),
  };
  const terms = encodeTerms(draft);
  const founding = await sha256(terms);
  const entries = await Promise.all(
    seats.map(async (signer, index) => {
      const invites = [(await signerOf(`founding invite ${index}`)).publicKey];
      return signEntry(draft, { name: `Steward ${index}`, invites }, { index, signer }, street.steward(index));
    }),
  );
  const whole = encodeFoundingState(terms, entries.map(encodeSigned), []);
  const { manifest } = await checkFounding(whole, founding);
  if (manifest === undefined) throw new Error('the entries make no manifest');
  const signatures = await Promise.all(
    stewards.map((one) => signMessage('manifest', manifest.body, [street.steward(one)])),
  );
  return {
    community: street.community.id,
    amendments,
    terms,
    founding,
    founded: manifest.id,
    entries,
    signatures,
  };
}

/** What was sent and acknowledged in one world. */
export class Changes {
  readonly #script: Script;
  /** Stewards whose signature was sent, and those whose was acknowledged, by amendment. */
  readonly #sent = stewards.map(() => new Set<number>());
  readonly #acknowledged = stewards.map(() => new Set<number>());
  #inForce = 0;
  /** What was acknowledged of the founding. */
  readonly #founded = new Set<string>();
  /** When the terms were sent first. */
  #termsMs = Infinity;
  /** The log as it was shown last. */
  #log: readonly string[] = [];

  constructor(script: Script) {
    this.#script = script;
  }

  /** Sends a steward's signature under the first amendment that is not known to be in force; after all, the last again. */
  async amend(client: EndpointClient, steward: number): Promise<void> {
    const { amendments, community } = this.#script;
    const open = amendments.findIndex((_, i) => i >= this.#inForce && (this.#acknowledged[i]?.size ?? 0) < 2);
    const at = open === -1 ? amendments.length - 1 : open;
    const message = amendments[at]?.[steward];
    if (message === undefined) throw new Error('no such steward');
    this.#sent[at]?.add(steward);
    await client.postAmendment(community, message);
    this.#acknowledged[at]?.add(steward);
  }

  /** Sends one of the founding's messages, if those that it needs are there and its time is not over. */
  async found(client: EndpointClient, seat: number, nowMs: number, tickedMs: number): Promise<void> {
    if (this.#isOver(tickedMs)) return;
    this.#termsMs = Math.min(this.#termsMs, nowMs);
    const { terms, founding, entries, signatures } = this.#script;
    const [entry, signature] = [entries[seat], signatures[seat]];
    if (entry === undefined || signature === undefined) throw new Error('no such seat');
    if (!this.#founded.has('terms')) {
      await client.postTerms(terms);
      this.#founded.add('terms');
    } else if (stewards.some((one) => !this.#founded.has(`entry ${one}`))) {
      await client.postEntry(founding, entry);
      this.#founded.add(`entry ${seat}`);
    } else {
      await client.postManifestSignature(founding, signature);
      this.#founded.add(`signature ${seat}`);
    }
  }

  /** Whether the founding may have been deleted when the endpoint last did what is due. */
  #isOver(tickedMs: number): boolean {
    return this.#termsMs <= tickedMs - foundingMs;
  }

  /**
   * Holds what the endpoint shows against what is known.
   *
   * @param tickedMs - until when the endpoint has done what is due
   */
  async check(client: EndpointClient, tickedMs: number): Promise<void> {
    const { community, amendments } = this.#script;
    const shown = await client.amendments(community);
    expect(shown.length, 'an amendment is gone').toBeGreaterThanOrEqual(this.#inForce);
    this.#inForce = shown.length;
    for (const [i, { body, signatures }] of shown.entries()) {
      expect(equalBytes(body, amendments[i]?.[0]?.body ?? new Uint8Array()), `amendment ${i} is another`).toBe(true);
      expect(signatures.length).toBeGreaterThanOrEqual(2);
    }
    const { entries } = await client.head(community, 0);
    const log = entries.map(({ kind, hash }) => `${kind} ${toHex(hash)}`);
    expect(log.slice(0, this.#log.length), 'the log was changed').toEqual(this.#log);
    expect(new Set(log).size, 'the log says something twice').toBe(log.length);
    this.#log = log;
    for (const [i, signed] of amendments.entries()) {
      if ((this.#sent[i]?.size ?? 0) < 2) expect(shown.length, 'too few have signed it').toBeLessThanOrEqual(i);
      if ((this.#acknowledged[i]?.size ?? 0) < 2) continue;
      expect(shown.length, 'two have signed it').toBeGreaterThan(i);
      expect(log).toContain(`amendment ${toHex(await sha256(signed[0]?.body ?? new Uint8Array()))}`);
    }
    await this.#checkFounding(client, tickedMs);
  }

  async #checkFounding(client: EndpointClient, tickedMs: number): Promise<void> {
    if (!this.#founded.has('terms')) return;
    const { founding, founded } = this.#script;
    const signatures = stewards.filter((seat) => this.#founded.has(`signature ${seat}`)).length;
    if (signatures === stewards.length) await checkManifest(await client.manifest(founded), founded);
    if (this.#isOver(tickedMs)) return;
    const state = await client.founding(founding);
    if (state === undefined) throw new Error('the founding is gone');
    const { entries, signed } = await checkFounding(state, founding);
    for (const seat of stewards) {
      if (this.#founded.has(`entry ${seat}`)) expect(entries[seat], `the entry of seat ${seat}`).toBeDefined();
    }
    expect(signed?.signatures.length ?? 0).toBeGreaterThanOrEqual(signatures);
  }
}
