/**
 * Comparison requests: one of a home for each round and set of norms. A request is a job until its result is there, so
 * that the queue follows from what is kept, and a restart begins where the last process ended.
 */
import { setMaxListeners } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import * as v from 'valibot';
import { EvaluatorError } from '../evaluator/errors.ts';
import { evaluateComparison, expandDigits, parseDigits } from '../evaluator/evaluate-comparison.ts';
import type { EvaluatorPool } from '../evaluator/pool.ts';
import { readServerKeyHeader } from '../evaluator/server-key.ts';
import { parseAdviceModel, scoredAdvice, type AdviceModel } from '../protocol/advice-model.ts';
import { equalBytes, toHex, type Bytes } from '../protocol/bytes.ts';
import { decodeCbor, encodeCbor } from '../protocol/cbor.ts';
import {
  checkComparisonRequest,
  decodeComparisonRequest,
  encodeComparisonResult,
  mostRequestBytes,
  requestId,
  type CheckedRequest,
} from '../protocol/comparison.ts';
import { cohortNotSaid } from '../protocol/contribution.ts';
import { ProtocolError } from '../protocol/error.ts';
import { bytesUpTo, instantMs } from '../protocol/fields.ts';
import { communityGroup } from '../protocol/manifest.ts';
import { decodeSigned, encodeSigned, signMessage, type SignedMessage } from '../protocol/signed.ts';
import adviceModel from './advice-model.json' with { type: 'json' };
import { Cache } from './cache.ts';
import type { Core, KeptCommunity, Round } from './core.ts';
import { bindHome } from './homes.ts';
import { Folder } from './ledger.ts';
import { reasonOf } from './log.ts';
import { Problem } from './problem.ts';
import type { Due } from './retention.ts';
import { fullNorms, type FullNorms } from './rounds.ts';
import { comparisonsOf, findKey, noteUse } from './server-keys.ts';
import { StoreError } from './store.ts';

/** Starts of one job, after which it is set aside: it may be what ended the process. */
const mostAttempts = 5;

/** A request that has no result yet. */
export interface Job {
  /** The request's id in hex. */
  readonly id: string;
  readonly round: Round;
  readonly invite: string;
  readonly serverKey: string;
}

// Folders of a round. Requests and results are deleted in time; which request of a home is the one for a set of norms,
// the SHA-256 of its body, is decided for good.
const requests = ({ folder }: Round): Folder => folder.at('comparison-requests');
const choices = ({ folder }: Round, invite: string): Folder => folder.at(`comparison-choices/${invite}`);
export const results = ({ folder }: Round): Folder => folder.at('comparison-results');
const aside = ({ folder }: Round): Folder => folder.at('comparison-aside');
const attemptsOf = ({ store }: Core, id: string): Folder => new Folder(store, `comparison-attempts/${id}`);

const requestSchema = v.strictTuple([instantMs, bytesUpTo(mostRequestBytes)]);

async function readRequest(round: Round, id: string): Promise<{ receivedMs: number; message: SignedMessage }> {
  const entry = await requests(round).need(id, 'The comparison request is gone.');
  const [receivedMs, message] = decodeCbor(requestSchema, entry, 'A kept comparison request');
  return { receivedMs, message: decodeSigned(message) };
}

async function jobOf(round: Round, message: SignedMessage): Promise<Job> {
  const { invite, serverKey } = decodeComparisonRequest(message.body);
  return { id: toHex(await requestId(message)), round, invite: toHex(invite), serverKey: toHex(serverKey) };
}

/**
 * Requests of a community that came before an instant, with their results, and what is left of those whose removal
 * broke off; that they were made is never forgotten.
 */
export async function oldRequests(kept: KeptCommunity, sinceMs: number): Promise<Due[]> {
  const { core, id: community, ledger } = kept;
  const due: Due[] = [];
  for (const month of await ledger.list('rounds')) {
    const round = await core.round(community, month);
    // The request first, or the next process would take it for one that has no result yet.
    const folders = [requests(round), results(round), aside(round)];
    const ids = new Set((await Promise.all(folders.map((folder) => folder.list()))).flat());
    for (const id of ids) {
      const isDue = async (): Promise<boolean> => {
        if (core.jobs.has(id)) return false;
        return !(await requests(round).has(id)) || (await readRequest(round, id)).receivedMs < sinceMs;
      };
      const removeAll = async (): Promise<void> => {
        // It may have been asked anew.
        if (!(await isDue())) return;
        for (const folder of folders) await folder.remove(id);
        await attemptsOf(core, id).clear();
      };
      if (!(await isDue())) continue;
      due.push({ kind: 'comparison', hash: id, remove: () => core.inTurn(comparisonsOf(kept), removeAll) });
    }
  }
  return due;
}

export interface ComparisonsOptions {
  readonly pool: Pick<EvaluatorPool, 'use'>;
  /** A job that failed is tried again after this time. */
  readonly retryMs?: number;
}

export class Comparisons {
  readonly #core: Core;
  readonly #pool: ComparisonsOptions['pool'];
  readonly #retryMs: number;
  readonly #model: AdviceModel = parseAdviceModel(adviceModel);
  readonly #norms = new Cache<Promise<FullNorms>>(50);
  readonly #stop = new AbortController();
  #lastKey = '';
  /** Does one job for each that came. */
  #running = Promise.resolve();
  #ready: Promise<void> | undefined;

  constructor(core: Core, { pool, retryMs = 2_000 }: ComparisonsOptions) {
    this.#core = core;
    this.#pool = pool;
    this.#retryMs = retryMs;
    // Every bootstrap of a comparison listens to it, one at a time and thousands in all.
    setMaxListeners(0, this.#stop.signal);
  }

  /** Takes up what an earlier process left, once; whatever is asked of comparisons and keys must wait for it. */
  start(): Promise<void> {
    this.#ready ??= this.#core
      .eachRound((community, month) => this.#takeUp(community, month))
      .catch((error: unknown) => {
        this.#ready = undefined;
        throw error;
      });
    return this.#ready;
  }

  async #takeUp(community: string, month: string): Promise<void> {
    const round = await this.#core.round(community, month);
    for (const id of await requests(round).list()) {
      try {
        await this.#enqueue(await jobOf(round, (await readRequest(round, id)).message));
      } catch (error) {
        // A disk that fails may work again: what waits must not be taken for done, and what it needs for not needed.
        if (error instanceof StoreError && error.code !== 'damaged') throw error;
        // One that cannot be read keeps no other from being computed.
        this.#core.log('error', 'comparison-request-damaged', { month, reason: reasonOf(error) });
      }
    }
  }

  /** Ends the work; what is under way is begun anew by the next process. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error('The endpoint is stopping.'));
    await this.#running;
  }

  /** Resolves when no job waits. */
  async idle(): Promise<void> {
    while (this.#core.jobs.size > 0 && !this.#isStopping()) await this.#running;
  }

  /**
   * A home asks for its place; the identical request again is no error.
   *
   * @throws {ProtocolError} what is wrong with it; `already-decided` if the home has made another one
   * @throws {Problem} `not-opened`, `already-bound`, `no-server-key`, `too-many`
   */
  take = async (round: Round, message: SignedMessage): Promise<void> => {
    const norms = await this.#fullNorms(round);
    const checked = await checkComparisonRequest(message, round.community, { month: round.month, norms: norms.id });
    await bindHome(round, checked.request);
    const job = await jobOf(round, message);
    // Who was first decides: there is one request for one set of norms, or codes could be tried until the norms are
    // known.
    const [choice, name] = [choices(round, job.invite), toHex(norms.id)];
    const other = 'This home has made another comparison request for these norms';
    const choose = () => choice.keep(name, checked.id, () => new ProtocolError('already-decided', other));
    if (await choice.has(name)) await choose();
    // Not while the key, or what is left of the same request, is removed.
    await this.#core.inTurn(comparisonsOf(round), async () => {
      if (!(await requests(round).has(job.id))) {
        await this.#check(round, checked, norms);
        this.#checkRoom(job);
        await choose();
        await noteUse(round, job.serverKey);
        await requests(round).create(job.id, encodeCbor([this.#core.now(), encodeSigned(message)]));
      }
      await this.#enqueue(job);
    });
  };

  /**
   * A request's result, or whether it waits to be computed.
   *
   * @throws {Problem} `set-aside`, `not-found`
   */
  async result(round: Round, id: string): Promise<Bytes | 'waiting'> {
    const result = await results(round).read(id);
    if (result !== undefined) return result;
    if (this.#core.jobs.has(id)) return 'waiting';
    await aside(round).need(id, 'There is no such comparison.');
    throw new Problem('set-aside', 'This comparison could not be computed, and will not be tried again.');
  }

  #fullNorms(round: Round): Promise<FullNorms> {
    return this.#norms.get(round.bucket, () => fullNorms(round));
  }

  async #check(round: Round, { request, digits }: CheckedRequest, { entries }: FullNorms): Promise<void> {
    const source = await findKey(round, toHex(request.serverKey), request.invite);
    if (source === undefined) throw new Problem('no-server-key', 'Upload the server key that the request names first.');
    const said = entries.find(({ invite }) => equalBytes(invite, request.invite))?.cohort;
    if (request.cohort !== cohortNotSaid && request.cohort !== said) {
      throw new ProtocolError('bad-value', 'The home’s contribution to this round says another cohort');
    }
    try {
      parseDigits(digits, (await readServerKeyHeader(source)).parameters);
    } catch (error) {
      if (!(error instanceof EvaluatorError)) throw error;
      throw new ProtocolError('bad-ciphertext', error.message);
    }
  }

  #checkRoom({ id, invite }: Job): void {
    const { jobs, limits } = this.#core;
    if (jobs.has(id)) return;
    const ofHome = [...jobs.values()].filter((job) => job.invite === invite).length;
    if (jobs.size >= limits.jobs || ofHome >= limits.jobsPerHome) {
      throw new Problem('too-many', 'Too many comparisons wait here. Try again later.', 600);
    }
  }

  async #enqueue(job: Job): Promise<void> {
    if (this.#core.jobs.has(job.id) || (await results(job.round).has(job.id))) return;
    if (!(await aside(job.round).has(job.id))) this.#add(job);
  }

  #add(job: Job): void {
    this.#core.jobs.set(job.id, job);
    this.#running = this.#running.then(() => this.#doNext());
  }

  /** Does one of the jobs that wait. One that fails goes to the end of the queue: another may still work. */
  async #doNext(): Promise<void> {
    const { jobs, log } = this.#core;
    // Expanding a key takes as long as a quarter of a comparison: jobs of one key are done in a row.
    const all = [...jobs.values()];
    const job = all.find(({ serverKey }) => serverKey === this.#lastKey) ?? all[0];
    if (job === undefined || this.#isStopping()) return;
    this.#lastKey = job.serverKey;
    try {
      await this.#do(job);
      jobs.delete(job.id);
    } catch (error) {
      if (this.#isStopping()) return;
      log('error', 'comparison-failed', { month: job.round.month, reason: reasonOf(error) });
      await wait(this.#retryMs, undefined, { signal: this.#stop.signal }).catch(() => undefined);
      this.#lastKey = '';
      jobs.delete(job.id);
      this.#add(job);
    }
  }

  #isStopping(): boolean {
    return this.#stop.signal.aborted;
  }

  /** Computes a job's result, or sets the job aside with its reason if it never will come to one. */
  async #do(job: Job): Promise<void> {
    const attempts = attemptsOf(this.#core, job.id);
    const attempt = (await attempts.list()).length;
    if (attempt >= mostAttempts) {
      await this.#setAside(job, 'it was begun too often and never came to an end');
    } else {
      await attempts.create(String(attempt), encodeCbor([this.#core.now()]));
      try {
        await this.#compute(job);
      } catch (error) {
        if (this.#isStopping()) await attempts.remove(String(attempt));
        if (!(error instanceof EvaluatorError || error instanceof ProtocolError)) throw error;
        await this.#setAside(job, error.message);
      }
    }
    await attempts.clear();
  }

  async #setAside({ id, round }: Job, reason: string): Promise<void> {
    this.#core.log('error', 'comparison-set-aside', { month: round.month, reason });
    await aside(round).create(id, encodeCbor([reason.slice(0, 500)]));
  }

  async #compute({ id, round }: Job): Promise<void> {
    const [startMs, startCpu] = [performance.now(), process.cpuUsage()];
    const { community, month } = round;
    const norms = await this.#fullNorms(round);
    const { message } = await readRequest(round, id);
    const { request, digits, id: hash } = await checkComparisonRequest(message, community, { month, norms: norms.id });
    const serverKey = toHex(request.serverKey);
    const source = await findKey(round, serverKey, request.invite);
    if (source === undefined) throw new ProtocolError('bad-key', 'The server key is gone');
    const cohort = community.manifest.cohorts[request.cohort];
    const groups = norms.groups.filter(({ name }) => name === communityGroup || name === cohort);
    const { version: model, advice } = this.#model;
    const trees = scoredAdvice.map((scored) => advice[scored]);
    const { signal } = this.#stop;
    const { answers, scores, bootstraps } = await this.#pool.use(
      serverKey,
      source,
      async (key) => {
        const ofGroups = groups.map((group) => group.norms);
        return evaluateComparison(key, await expandDigits(key, digits), ofGroups, trees, { signal });
      },
      { signal },
    );
    const body = encodeComparisonResult({
      community: community.id,
      month,
      request: hash,
      groups: groups.map(({ name, norms: { homes } }, i) => ({ name, homes, answers: answers[i] ?? [] })),
      model,
      scores,
    });
    const signed = await signMessage('comparison-result', body, [this.#core.signer]);
    await results(round).create(id, encodeSigned(signed));
    const { user, system } = process.cpuUsage(startCpu);
    const [ms, cpuMs] = [performance.now() - startMs, (user + system) / 1000].map(Math.round);
    // Processor time is of all threads of the process.
    this.#core.log('info', 'comparison-done', { month, bootstraps, ms, cpuMs });
  }
}
