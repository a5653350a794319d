import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEndpoint } from '../../src/endpoint/endpoint.ts';
import { makeRoundKey } from '../../src/lib/fhe/contribution.ts';
import { nodeTfhe } from '../../src/lib/fhe/node.ts';
import { encryptShares } from '../../src/lib/fhe/contribution.ts';
import { CiphertextSum, ciphertextBytes } from '../../src/protocol/ciphertext.ts';
import { EndpointClient } from '../../src/protocol/endpoint-client.ts';
import { vectorLength } from '../../src/protocol/features.ts';
import { simulatedVector } from '../../src/simulation/home-month.ts';
import { simulateRound } from '../../src/simulation/simulate.ts';

const stewards = 3;

/** Milliseconds of the fastest of some runs. */
const fastest = (runs: number, work: () => void): number =>
  Math.min(
    ...Array.from({ length: runs }, () => {
      const startMs = performance.now();
      work();
      return performance.now() - startMs;
    }),
  );

/** Adding up ciphertexts in memory, beside copying the same bytes. */
function addition(homes: number): { addMs: number; copyMs: number } {
  const ciphertext = encryptShares(nodeTfhe, makeRoundKey(nodeTfhe).publicKey, Array<number>(vectorLength).fill(1));
  // One stretch of memory larger than any cache's share of it, as the endpoint's files would be.
  const column = new Uint8Array(Math.ceil(ciphertextBytes / 8) * 8 * homes);
  const copy = new Uint8Array(column.length);
  const stride = column.length / homes;
  for (let home = 0; home < homes; home++) column.set(ciphertext, home * stride);
  const addMs = fastest(5, () => {
    const sum = new CiphertextSum();
    for (let home = 0; home < homes; home++) sum.add(column.subarray(home * stride, home * stride + ciphertextBytes));
  });
  const copyMs = fastest(5, () => {
    for (let home = 0; home < homes; home++)
      copy.set(column.subarray(home * stride, home * stride + ciphertextBytes), home * stride);
  });
  return { addMs, copyMs };
}

/** A round of 1,000 homes (or the number given) with three stewards: bytes and times of every party. */
export async function bench(args: readonly string[]): Promise<Record<string, unknown>> {
  const homes = Number(args[0] ?? 1000);
  const folder = await mkdtemp(join(tmpdir(), 'bench-contribution-'));
  const endpoint = await openEndpoint({ folder, origins: ['*'] });
  const downloaded = new Map<string, number>();
  const month = '2025-01';
  const vectors = Array.from({ length: homes }, (_, index) =>
    simulatedVector({ seed: 1, index, timeZone: 'Europe/Amsterdam', month }),
  );
  const endpointOf = (party: 'homes' | number): EndpointClient =>
    new EndpointClient({
      url: 'http://endpoint.test',
      fetch: async (url, init) => {
        const response = await endpoint.fetch(new Request(url, init));
        const body = await response.arrayBuffer();
        if (party === 0) {
          const what = new URL(url).pathname.replace(/^.*\/(?:rounds\/[\d-]+\/)?([a-z-]+)(?:\/.*)?$/, '$1');
          downloaded.set(what, (downloaded.get(what) ?? 0) + body.byteLength);
        }
        return new Response([204, 304].includes(response.status) ? null : body, response);
      },
    });
  const figures = await simulateRound({
    endpointOf,
    month,
    vectors,
    stewards,
    threshold: 2,
    tamper: false,
    say: () => undefined,
  });
  await rm(folder, { recursive: true, force: true });
  const { addMs, copyMs } = addition(homes);
  return {
    ...figures,
    openMsPerSteward: Math.round(figures.openMs / stewards),
    downloadedPerSteward: [...downloaded.values()].reduce((sum, bytes) => sum + bytes, 0),
    downloaded: Object.fromEntries(downloaded),
    addMsPerSteward: Math.round(addMs * 10) / 10,
    copyMsPerSteward: Math.round(copyMs * 10) / 10,
  };
}
