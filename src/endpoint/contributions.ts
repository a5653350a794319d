/** Taking contributions: one of a home and round, the highest version wins, and a receipt for each. */
import { equalBytes, toHex } from '../protocol/bytes.ts';
import { checkCiphertext } from '../protocol/ciphertext.ts';
import {
  checkContributionFiles,
  checkSignedContribution,
  decodeContribution,
  type CheckedContribution,
  type Contribution,
} from '../protocol/contribution.ts';
import { ProtocolError } from '../protocol/error.ts';
import { mostHomes } from '../protocol/fields.ts';
import { sha256 } from '../protocol/hash.ts';
import { encodeReceipt } from '../protocol/receipt.ts';
import { signMessage, type SignedMessage } from '../protocol/signed.ts';
import { bind, bindHome } from './bindings.ts';
import { closedRound, closesNow, isClosing } from './closing.ts';
import type { Core, Round } from './core.ts';
import { hasLeft, removeContributions } from './leaving.ts';
import { encodeKept, keptName, keptVersions, readKept, type KeptContribution } from './kept.ts';
import { Problem } from './problem.ts';

export class Contributions {
  readonly #core: Core;
  /** Homes that have a seat in a round, in this process: the ones on the disk and the ones on their way there. */
  readonly #seats = new Map<string, Set<string>>();

  constructor(core: Core) {
    this.#core = core;
  }

  /**
   * Checks and keeps a contribution; sending the same again gives the same receipt.
   *
   * @param body - as `encodeContribution` makes it
   * @throws {ProtocolError} what is wrong with it
   * @throws {Problem} `not-announced`, `round-closed`, `round-full`, `already-bound`, `superseded`, `too-many`, `left`
   */
  async take(round: Round, body: Uint8Array): Promise<SignedMessage> {
    const announcement = await this.#core.announcement(round);
    const contribution = decodeContribution(body);
    const checked = await checkSignedContribution(contribution.signed, round.community, announcement);
    await checkContributionFiles(contribution, checked);
    contribution.ciphertexts.forEach(checkCiphertext);
    const hashes = checked.header.ciphertexts.map(toHex);
    if (new Set(hashes).size !== hashes.length) {
      throw new ProtocolError('bad-ciphertext', 'Two ciphertexts of the contribution are the same');
    }

    const kept = await readKept(this.#core, round, toHex(checked.header.invite), checked.header.version);
    if (kept !== undefined && equalBytes(kept.signed.body, contribution.signed.body)) {
      return this.#acknowledge(round, contribution, checked, kept);
    }
    if (await closesNow(this.#core, round)) {
      this.#seats.delete(round.prefix);
      throw closed(round);
    }
    if (kept !== undefined) throw otherOfThisVersion();
    const there = await keptVersions(this.#core, round);
    this.#checkVersion(checked, there);
    await this.#bind(round, checked);
    if (await hasLeft(this.#core, round.community, toHex(checked.header.invite))) throw left();
    this.#takeSeat(round, toHex(checked.header.invite), there);
    return this.#acknowledge(round, contribution, checked, {
      signed: contribution.signed,
      sealedFingerprints: contribution.sealedFingerprints,
      receivedMs: this.#core.now(),
    });
  }

  #checkVersion({ header: { invite, version } }: CheckedContribution, there: ReadonlyMap<string, number[]>): void {
    const versions = there.get(toHex(invite)) ?? [];
    const latest = versions.at(-1) ?? -1;
    if (latest > version) {
      throw new Problem('superseded', `This home’s version ${latest} is there already; this is ${version}.`);
    }
    if (versions.length >= this.#core.limits.versions) {
      throw new Problem('too-many', `A home sends ${this.#core.limits.versions} versions a round at most.`);
    }
  }

  /** Binds invite and keys to the home, and each of its ciphertexts to the invite, for good. */
  async #bind({ prefix, community }: Round, { header }: CheckedContribution): Promise<void> {
    await bindHome(this.#core, community, header);
    await Promise.all(
      header.ciphertexts.map((hash) =>
        bind(
          this.#core,
          `${prefix}/ciphertexts/${toHex(hash)}`,
          header.invite,
          'A ciphertext came with another invite before.',
        ),
      ),
    );
  }

  #takeSeat({ prefix }: Round, invite: string, there: ReadonlyMap<string, number[]>): void {
    const seats = this.#seats.get(prefix) ?? new Set();
    this.#seats.set(prefix, seats);
    for (const other of there.keys()) seats.add(other);
    if (seats.size >= mostHomes && !seats.has(invite)) {
      throw new Problem('round-full', `A round takes ${mostHomes} homes; this one is full.`);
    }
    seats.add(invite);
  }

  /** Makes a contribution durable, and gives its receipt if it is sure to be on the list. */
  async #acknowledge(
    round: Round,
    { ciphertexts }: Contribution,
    { header, member, signature }: CheckedContribution,
    kept: KeptContribution,
  ): Promise<SignedMessage> {
    const { store, signer } = this.#core;
    if (!(await isClosing(this.#core, round))) {
      await Promise.all(ciphertexts.map((ciphertext) => store.putBlob(round.bucket, ciphertext)));
      const name = keptName(round, toHex(header.invite), header.version);
      await this.#core.createOnce(name, encodeKept(kept), otherOfThisVersion);
      // A home that left while this was on its way has had its contributions looked for before this one was there.
      if (await hasLeft(this.#core, round.community, toHex(header.invite))) {
        await removeContributions(this.#core, round, toHex(header.invite));
        throw left();
      }
    }
    // Who closes a round says so before looking for contributions. If that has not happened by now, this one, which is
    // durable, will be found; else only the list knows.
    if (await isClosing(this.#core, round)) {
      const { list } = await closedRound(this.#core, round);
      if (!list.entries.some((entry) => equalBytes(entry.signature, signature))) throw closed(round);
    }
    const receipt = encodeReceipt({
      community: round.community.id,
      month: round.month,
      member,
      version: header.version,
      contribution: await sha256(kept.signed.body),
      receivedMs: kept.receivedMs,
    });
    return signMessage('receipt', receipt, [signer]);
  }
}

const closed = ({ month }: Round): Problem =>
  new Problem('round-closed', `The round of ${month} takes no contributions any more.`);

const left = (): Problem => new Problem('left', 'This home has left the community; nothing more is taken from it.');

const otherOfThisVersion = (): ProtocolError =>
  new ProtocolError('already-decided', 'Another contribution of this version is there; count the version up');
