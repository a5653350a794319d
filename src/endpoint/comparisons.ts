/**
 * Comparison requests: one of a home for each round and set of norms. A request is a job until its result is there; a
 * restart begins where the last process ended, because request, queue entry and result are files.
 */
import { setMaxListeners } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import * as v from 'valibot';
import { EvaluatorError } from '../evaluator/errors.ts';
import { message2Carry2, type Parameters } from '../evaluator/parameters.ts';
import type { EvaluatorPool } from '../evaluator/pool.ts';
import { readServerKeyHeader } from '../evaluator/server-key.ts';
import { equalBytes, fromHex, toHex, type Bytes } from '../protocol/bytes.ts';
import { decodeCbor, encodeCbor } from '../protocol/cbor.ts';
import {
  checkComparisonRequest,
  encodeComparisonResult,
  type CheckedRequest,
  type ComparisonRequest,
} from '../protocol/comparison.ts';
import { cohortNotSaid } from '../protocol/contribution.ts';
import { ProtocolError } from '../protocol/error.ts';
import { hash, month } from '../protocol/fields.ts';
import { communityGroup } from '../protocol/manifest.ts';
import { decodeSigned, encodeSigned, signMessage, type SignedMessage } from '../protocol/signed.ts';
import { bindHome } from './bindings.ts';
import { Cache } from './cache.ts';
import type { Core, Round } from './core.ts';
import { evaluateComparison, parseDigits } from './evaluate.ts';
import { fullNorms, type FullNorms } from './full-norms.ts';
import { reasonOf } from './log.ts';
import { Problem } from './problem.ts';
import { ServerKeys } from './server-keys.ts';

/** Starts of one job, after which it is set aside: it may be what ended the process. */
const mostAttempts = 5;
/** A job that failed is tried again after this time. */
const retryMs = 2_000;

interface Job {
  /** The request's id in hex. */
  readonly id: string;
  readonly community: string;
  readonly month: string;
  readonly invite: string;
  readonly norms: string;
  readonly serverKey: string;
}

const jobSchema = v.strictTuple([hash, month, hash, hash, hash]);
const queueName = (id: string): string => `comparison-queue/${id}`;
const attemptsName = (id: string): string => `comparison-attempts/${id}`;
const requestName = (prefix: string, invite: string, norms: string): string =>
  `${prefix}/comparison-requests/${invite}/${norms}`;
/** Ledger name of a result. */
export const resultName = ({ prefix }: Round, id: string): string => `${prefix}/comparison-results/${id}`;
/** Ids of a round's results, in hex. */
export const comparisonResults = ({ store }: Core, { prefix }: Round): Promise<string[]> =>
  store.list(`${prefix}/comparison-results`);
const asideName = ({ prefix }: Round, id: string): string => `${prefix}/comparison-aside/${id}`;

const cpuMsOf = ({ user, system }: NodeJS.CpuUsage): number => (user + system) / 1000;

export interface ComparisonsOptions {
  readonly core: Core;
  readonly pool: EvaluatorPool;
  /** Parameter sets of server keys that are taken. */
  readonly accept?: readonly Parameters[];
}

export class Comparisons {
  readonly keys: ServerKeys;
  readonly #core: Core;
  readonly #pool: EvaluatorPool;
  readonly #norms = new Cache<FullNorms>(50);
  readonly #open = new Map<string, Job>();
  readonly #stop = new AbortController();
  #lastKey = '';
  #running: Promise<void> | undefined;
  #ready: Promise<void> | undefined;

  constructor({ core, pool, accept = [message2Carry2] }: ComparisonsOptions) {
    this.#core = core;
    this.#pool = pool;
    // Every bootstrap of a comparison listens to it, one at a time and thousands in all.
    setMaxListeners(0, this.#stop.signal);
    this.keys = new ServerKeys(core, accept, (key) => this.#jobs().some(({ serverKey }) => serverKey === key));
  }

  #jobs(): Job[] {
    return [...this.#open.values()];
  }

  /** Takes up what an earlier process left, once; whatever is asked waits for it. */
  start(): Promise<void> {
    this.#ready ??= (async () => {
      for (const id of await this.#core.store.list('comparison-queue')) {
        const entry = await this.#core.store.read(queueName(id));
        if (entry === undefined) continue;
        const [community, ofMonth, invite, norms, serverKey] = decodeCbor(jobSchema, entry, 'A waiting comparison');
        this.#open.set(id, {
          id,
          community: toHex(community),
          month: ofMonth,
          invite: toHex(invite),
          norms: toHex(norms),
          serverKey: toHex(serverKey),
        });
      }
      this.#run();
    })();
    return this.#ready;
  }

  /** Ends the work; what is under way is begun anew by the next process. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error('The endpoint is stopping.'));
    await this.#running;
  }

  /** Resolves when no job waits. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  /**
   * Keeps a request; the identical one again is no error.
   *
   * @throws {ProtocolError} what is wrong with it; `already-decided` if the home has made another one
   * @throws {Problem} `not-opened`, `already-bound`, `no-server-key`, `too-many`
   */
  async take(round: Round, message: SignedMessage): Promise<void> {
    await this.start();
    const norms = await this.#fullNorms(round);
    const checked = await checkComparisonRequest(message, round.community, { month: round.month, norms: norms.id });
    const { request } = checked;
    await bindHome(this.#core, round.community, request);
    const job: Job = {
      id: toHex(checked.id),
      community: toHex(round.community.id),
      month: round.month,
      invite: toHex(request.invite),
      norms: toHex(norms.id),
      serverKey: toHex(request.serverKey),
    };
    const name = requestName(round.prefix, job.invite, job.norms);
    const earlier = await this.#core.store.read(name);
    if (earlier === undefined) {
      await this.#check(job, checked, norms);
      this.#checkRoom(job);
    }
    // Who was first decides: there is one request for one set of norms, or codes could be tried until the norms are known.
    await this.#core.store.create(name, encodeSigned(message));
    const kept = await this.#core.need(name, 'The comparison request is gone.');
    if (!equalBytes(decodeSigned(kept).body, message.body)) {
      throw new ProtocolError('already-decided', 'This home has made another comparison request for these norms');
    }
    await this.#enqueue(round, job);
  }

  /**
   * A request's result, undefined while it is not there.
   *
   * @throws {Problem} `set-aside`
   */
  async result(round: Round, id: string): Promise<Bytes | undefined> {
    await this.start();
    const result = await this.#core.store.read(resultName(round, id));
    if (result === undefined && (await this.#core.store.read(asideName(round, id))) !== undefined) {
      throw new Problem('set-aside', 'This comparison could not be computed, and will not be tried again.');
    }
    return result;
  }

  /** Whether a request waits to be computed. */
  waits(id: string): boolean {
    return this.#open.has(id);
  }

  #fullNorms(round: Round): Promise<FullNorms> {
    return this.#norms.get(round.prefix, () => fullNorms(this.#core, round));
  }

  async #check(job: Job, { request, digits }: CheckedRequest, norms: FullNorms): Promise<void> {
    const source = await this.keys.find(job.community, job.serverKey, request.invite);
    if (source === undefined) {
      throw new Problem('no-server-key', 'Upload the server key that the request names first.');
    }
    if (request.cohort !== cohortNotSaid && this.#saidCohort(request, norms) !== request.cohort) {
      throw new ProtocolError('bad-value', 'The home’s contribution to this round says another cohort');
    }
    try {
      parseDigits(digits, (await readServerKeyHeader(source)).parameters);
    } catch (error) {
      if (!(error instanceof EvaluatorError)) throw error;
      throw new ProtocolError('bad-ciphertext', error.message);
    }
  }

  #saidCohort({ invite }: ComparisonRequest, { entries }: FullNorms): number | undefined {
    return entries.find((entry) => equalBytes(entry.invite, invite))?.cohort;
  }

  #checkRoom({ id, invite }: Job): void {
    if (this.#open.has(id)) return;
    const { jobs, jobsPerHome } = this.#core.limits;
    if (this.#open.size >= jobs) throw new Problem('too-many', 'Too many comparisons wait here. Try again later.', 600);
    if (this.#jobs().filter((job) => job.invite === invite).length >= jobsPerHome) {
      throw new Problem('too-many', `${jobsPerHome} comparisons of a home wait at most. Try again later.`, 600);
    }
  }

  async #enqueue(round: Round, job: Job): Promise<void> {
    const { store } = this.#core;
    if (this.#open.has(job.id)) return;
    if ((await store.read(resultName(round, job.id))) !== undefined) return;
    if ((await store.read(asideName(round, job.id))) !== undefined) return;
    const bytesOf = (hex: string): Bytes => fromHex(hex) ?? new Uint8Array();
    const entry = encodeCbor([
      bytesOf(job.community),
      job.month,
      bytesOf(job.invite),
      bytesOf(job.norms),
      bytesOf(job.serverKey),
    ]);
    await store.create(queueName(job.id), entry);
    this.#open.set(job.id, job);
    this.#run();
  }

  #isStopping(): boolean {
    return this.#stop.signal.aborted;
  }

  /** Works until no job is left. */
  #run(): void {
    if (this.#running !== undefined || this.#isStopping() || this.#open.size === 0) return;
    this.#running = this.#work().finally(() => {
      this.#running = undefined;
      this.#run();
    });
  }

  async #work(): Promise<void> {
    for (;;) {
      // Expanding a key takes as long as a quarter of a comparison: jobs of one key are done in a row.
      const jobs = this.#jobs();
      const job = jobs.find(({ serverKey }) => serverKey === this.#lastKey) ?? jobs[0];
      if (job === undefined || this.#isStopping()) return;
      this.#lastKey = job.serverKey;
      try {
        await this.#do(job);
      } catch (error) {
        if (this.#isStopping()) return;
        this.#core.log('error', 'comparison-failed', { month: job.month, reason: reasonOf(error) });
        // To the end of the queue: another job may still work.
        this.#open.delete(job.id);
        this.#open.set(job.id, job);
        await wait(retryMs, undefined, { signal: this.#stop.signal }).catch(() => undefined);
      }
    }
  }

  async #do(job: Job): Promise<void> {
    const { store, log, now } = this.#core;
    const round = await this.#core.round(job.community, job.month);
    if ((await store.read(resultName(round, job.id))) === undefined) {
      const attempt = (await store.list(attemptsName(job.id))).length;
      if (attempt >= mostAttempts) return this.#setAside(round, job, 'it was begun too often and never came to an end');
      await store.create(`${attemptsName(job.id)}/${attempt}`, encodeCbor([now()]));
      const startMs = performance.now();
      const startCpu = process.cpuUsage();
      try {
        const { result, bootstraps } = await this.#evaluate(round, job);
        await store.create(resultName(round, job.id), result);
        log('info', 'comparison-done', {
          month: job.month,
          bootstraps,
          ms: Math.round(performance.now() - startMs),
          // Of all threads of the process.
          cpuMs: Math.round(cpuMsOf(process.cpuUsage(startCpu))),
        });
      } catch (error) {
        if (this.#isStopping()) await store.remove(`${attemptsName(job.id)}/${attempt}`);
        if (error instanceof EvaluatorError || error instanceof ProtocolError) {
          return this.#setAside(round, job, error.message);
        }
        throw error;
      }
    }
    await this.#forget(job);
  }

  async #evaluate(round: Round, job: Job): Promise<{ result: Bytes; bootstraps: number }> {
    const { signer } = this.#core;
    const norms = await this.#fullNorms(round);
    const bytes = await this.#core.need(requestName(round.prefix, job.invite, job.norms), 'The request is gone.');
    const checked = await checkComparisonRequest(decodeSigned(bytes), round.community, {
      month: job.month,
      norms: norms.id,
    });
    const { request, digits } = checked;
    const source = await this.keys.find(job.community, job.serverKey, request.invite);
    if (source === undefined) throw new ProtocolError('bad-key', 'The server key is gone');
    const cohort = round.community.manifest.cohorts[request.cohort];
    const groups = norms.groups.filter(({ name }) => name === communityGroup || name === cohort);
    const { answers, bootstraps } = await this.#pool.use(
      job.serverKey,
      source,
      async (key) => {
        const expanded = await Promise.all(
          parseDigits(digits, key.parameters).map((ofFeature) =>
            Promise.all(ofFeature.map((digit) => key.decompress(digit))),
          ),
        );
        const ofGroups = groups.map((group) => group.norms);
        return evaluateComparison(key, expanded, ofGroups, { signal: this.#stop.signal });
      },
      { signal: this.#stop.signal },
    );
    const body = encodeComparisonResult({
      community: round.community.id,
      month: job.month,
      request: checked.id,
      groups: groups.map((group, i) => ({ name: group.name, homes: group.norms.homes, answers: answers[i] ?? [] })),
    });
    return { result: encodeSigned(await signMessage('comparison-result', body, [signer])), bootstraps };
  }

  async #setAside(round: Round, job: Job, reason: string): Promise<void> {
    this.#core.log('error', 'comparison-set-aside', { month: job.month, reason });
    await this.#core.store.create(asideName(round, job.id), encodeCbor([reason.slice(0, 500)]));
    await this.#forget(job);
  }

  async #forget({ id }: Job): Promise<void> {
    const { store } = this.#core;
    await store.remove(queueName(id));
    this.#open.delete(id);
    for (const attempt of await store.list(attemptsName(id))) await store.remove(`${attemptsName(id)}/${attempt}`);
  }
}
