import { expose } from 'comlink';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type * as Client from '../../../src/lib/fhe/client.ts';
import type { ContributionJob, FheWorker } from '../../../src/lib/fhe/worker.ts';

/** The worker's work, as each test has it: what the page's bridge does with it is what is tested. */
let makeContribution: FheWorker['makeContribution'];
const started: { terminated: boolean }[] = [];

/** A worker's two ends without its thread. */
class ChannelWorker {
  readonly #channel = new MessageChannel();
  readonly #state = { terminated: false };
  readonly postMessage = this.#channel.port1.postMessage.bind(this.#channel.port1);
  readonly addEventListener = this.#channel.port1.addEventListener.bind(this.#channel.port1);
  readonly removeEventListener = this.#channel.port1.removeEventListener.bind(this.#channel.port1);

  constructor() {
    started.push(this.#state);
    this.#channel.port1.start();
    expose(
      { makeContribution: (...inputs: Parameters<typeof makeContribution>) => makeContribution(...inputs) },
      this.#channel.port2,
    );
    this.#channel.port2.start();
  }

  terminate(): void {
    this.#state.terminated = true;
    this.#channel.port1.close();
    this.#channel.port2.close();
  }
}

const job: ContributionJob = {
  community: new Uint8Array(32),
  manifest: new Uint8Array(),
  amendments: new Uint8Array(),
  month: '2026-01',
  announcement: new Uint8Array(),
  invite: new Uint8Array(32),
  certificates: [],
  vector: [1],
  cohort: -1,
  version: 0,
};
let client: typeof Client;

beforeEach(async () => {
  started.length = 0;
  vi.stubGlobal('Worker', ChannelWorker);
  vi.resetModules();
  client = await import('../../../src/lib/fhe/client.ts');
});
afterEach(() => {
  client.lock();
  vi.unstubAllGlobals();
});

it('passes results and steps on, one job after the other, in one worker', async () => {
  const order: string[] = [];
  makeContribution = async ({ version }, onstep) => {
    order.push(`begin ${version}`);
    onstep({ doing: 'sign', done: version, total: 9 });
    await new Promise((resolve) => setTimeout(resolve, 10));
    order.push(`end ${version}`);
    return { value: Uint8Array.of(version) };
  };
  const steps: number[] = [];
  const results = await Promise.all(
    [1, 2, 3].map((version) => client.makeContribution({ ...job, version }, ({ done }) => steps.push(done))),
  );
  expect(results).toEqual([Uint8Array.of(1), Uint8Array.of(2), Uint8Array.of(3)]);
  expect(order).toEqual(['begin 1', 'end 1', 'begin 2', 'end 2', 'begin 3', 'end 3']);
  expect(steps).toEqual([1, 2, 3]);
  expect(started).toEqual([{ terminated: false }]);
});

it('hands an expected failure over by its code, and keeps the worker', async () => {
  makeContribution = () => Promise.resolve({ failure: { code: 'locked', message: 'The app is locked.' } });
  await expect(client.makeContribution(job, () => undefined)).rejects.toMatchObject({
    name: 'FheError',
    code: 'locked',
    message: 'The app is locked.',
  });
  expect(started).toEqual([{ terminated: false }]);
});

it('ends a worker that panicked, and does the next job in a fresh one', async () => {
  makeContribution = () => Promise.reject(new WebAssembly.RuntimeError('unreachable'));
  await expect(client.makeContribution(job, () => undefined)).rejects.toMatchObject({ code: 'panic' });
  expect(started).toEqual([{ terminated: true }]);
  makeContribution = () => Promise.resolve({ value: Uint8Array.of(7) });
  expect(await client.makeContribution(job, () => undefined)).toEqual(Uint8Array.of(7));
  expect(started).toEqual([{ terminated: true }, { terminated: false }]);
});

it('cancels at once by ending the worker; what waits behind it is done all the same', async () => {
  const stop = new AbortController();
  makeContribution = ({ version }) =>
    version === 0 ? new Promise(() => undefined) : Promise.resolve({ value: Uint8Array.of(version) });
  const cancelled = client.makeContribution(job, () => undefined, stop.signal);
  const next = client.makeContribution({ ...job, version: 5 }, () => undefined);
  setTimeout(() => stop.abort(), 20);
  await expect(cancelled).rejects.toMatchObject({ name: 'AbortError' });
  expect(await next).toEqual(Uint8Array.of(5));
  expect(started).toEqual([{ terminated: true }, { terminated: false }]);
});

it('does not begin a job that was cancelled while it waited', async () => {
  const begun: number[] = [];
  makeContribution = async ({ version }) => {
    begun.push(version);
    await new Promise((resolve) => setTimeout(resolve, 20));
    return { value: Uint8Array.of(version) };
  };
  const stop = new AbortController();
  const first = client.makeContribution({ ...job, version: 1 }, () => undefined);
  const second = client.makeContribution({ ...job, version: 2 }, () => undefined, stop.signal);
  stop.abort();
  await first;
  await expect(second).rejects.toMatchObject({ name: 'AbortError' });
  expect(begun).toEqual([1]);
});
