/** A server key of 28.5 MB on its way to the real program through a network that breaks again and again. */
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { EndpointClient, EndpointError } from '../../src/protocol/endpoint-client.ts';
import { keyPieceBytes, signKeyAnnouncement } from '../../src/protocol/comparison.ts';
import { sha256 } from '../../src/protocol/hash.ts';
import { realKey } from '../evaluator/keys.ts';
import { bundleProgram, startProgram } from '../endpoint/program.ts';
import { temporaryFolder, TestCommunity } from '../endpoint/support.ts';
import { seedOf, signerOf } from '../protocol/example.ts';
import { ownBytes } from '../../src/protocol/bytes.ts';
import { randomOf } from './sim-disk.ts';

/** A way to a server that breaks each connection after 0.1 to 3 MB; counts what has gone up. */
async function breakingWay(port: number, seed: number) {
  const random = randomOf(seed);
  const counts = { bytes: 0, breaks: 0 };
  const way = createServer((from) => {
    const to = connect(port, '127.0.0.1');
    let left = 100_000 + random(2_900_000);
    from.on('data', (chunk: Buffer) => {
      counts.bytes += Math.min(left, chunk.length);
      left -= chunk.length;
      if (left > 0) to.write(chunk);
      else {
        counts.breaks++;
        from.destroy();
        to.destroy();
      }
    });
    to.on('data', (chunk: Buffer) => void from.write(chunk));
    for (const [one, other] of [
      [from, to],
      [to, from],
    ] as const) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
  });
  way.listen(0, '127.0.0.1');
  await once(way, 'listening');
  const address = way.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { url: `http://127.0.0.1:${address.port}`, counts, end: () => way.close() };
}

test('Arrives whole, with a tenth at most sent twice', async () => {
  const data = await temporaryFolder();
  await writeFile(join(data, 'key'), await seedOf('endpoint'), { mode: 0o600 });
  const running = await startProgram(await bundleProgram(await temporaryFolder()), data);
  const street = await TestCommunity.make();
  await running.client.registerCommunity(street.manifest);
  const member = await signerOf('member 0');
  const asker = {
    community: street.community.id,
    invite: street.invites[0]?.publicKey ?? new Uint8Array(32),
    certificates: await street.certificates(0, member.publicKey),
  };
  const key = ownBytes((await realKey()).serverKeyBytes);
  const hash = await sha256(key);
  const announcement = await signKeyAnnouncement({ ...asker, size: key.length, sha256: hash }, member);
  await running.client.announceKey(street.community.id, announcement);

  const way = await breakingWay(Number(new URL(running.url).port), 7);
  const client = new EndpointClient({ url: way.url, fetch });
  /** As an app does: ask where it goes on whenever something has broken. */
  const again = async <T>(work: () => Promise<T>): Promise<T> => {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof EndpointError && error.code === 'unreachable')) throw error;
      }
    }
  };
  let offset = 0;
  while (offset < key.length) {
    const at = await again(() => client.keyOffset(street.community.id, hash));
    if (at === undefined) throw new Error('the upload is gone');
    offset = at;
    while (offset < key.length) {
      const piece = key.slice(offset, offset + keyPieceBytes);
      const next = await client.sendKeyPiece(street.community.id, hash, offset, piece).catch((error: unknown) => {
        if (error instanceof EndpointError && ['unreachable', 'wrong-offset'].includes(error.code)) return undefined;
        throw error;
      });
      if (next === undefined) break;
      offset = next;
    }
  }
  way.end();
  process.stdout.write(`${JSON.stringify({ size: key.length, ...way.counts })}\n`);
  expect(way.counts.breaks).toBeGreaterThan(8);
  expect(way.counts.bytes).toBeLessThan(1.1 * key.length);
  // Complete, and so checked by the endpoint against its hash.
  expect(await running.client.keyOffset(street.community.id, hash)).toBe(key.length);
  expect(await running.end('SIGTERM')).toBe(0);
});
