import { expose } from 'comlink';
import { describe, expect, it } from 'vitest';
import { importMeterFile, type WorkerHandle } from '../../../src/lib/meter/client.ts';
import { MeterFileError } from '../../../src/lib/meter/errors.ts';
import { readMeterFile } from '../../../src/lib/meter/read-meter-file.ts';
import type { MeterWorker } from '../../../src/lib/meter/worker.ts';

const csv = 'Hour Start,Electricity 1,Electricity 2\n2024-01-01T00:00:00Z,0.1,0.2\n2024-01-01T01:00:00Z,0.3,0\n';

/** A worker's two ends without its thread: what the page holds, and the reader at the other end of a channel. */
const workers = (read: MeterWorker['read']) => {
  const started: { terminated: boolean; fail: () => void }[] = [];
  const start = (): WorkerHandle => {
    const { port1, port2 } = new MessageChannel();
    const state = { terminated: false, fail: () => port1.dispatchEvent(new Event('error')) };
    started.push(state);
    expose({ read }, port2);
    port2.start();
    return Object.assign(port1, {
      terminate: () => {
        state.terminated = true;
        port1.close();
        port2.close();
      },
    });
  };
  return { start, started };
};

const really: MeterWorker['read'] = async (file, options) => {
  try {
    return { value: await readMeterFile(new Uint8Array(await file.arrayBuffer()), options) };
  } catch (error) {
    if (!(error instanceof MeterFileError)) throw error;
    return { refused: { code: error.code, message: error.message } };
  }
};

const options = { name: 'a.csv' };

describe('meter client', () => {
  it('reads a file in a worker that ends with it', async () => {
    const { start, started } = workers(really);
    const file = await importMeterFile(new Blob([csv]), options, start);
    expect(file.series[0]?.energyWh).toEqual(Int32Array.of(300, 300));
    expect(started).toMatchObject([{ terminated: true }]);
  });

  it('passes a refusal on as the error it was', async () => {
    const { start } = workers(really);
    const refused = importMeterFile(new Blob(['%PDF-1.4']), options, start);
    await expect(refused).rejects.toBeInstanceOf(MeterFileError);
    await expect(refused).rejects.toMatchObject({ code: 'pdf' });
  });

  it('reads one file after the other', async () => {
    const order: string[] = [];
    const { start } = workers(async (file, { name }) => {
      order.push(`begin ${name}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
      order.push(`end ${name}`);
      return really(file, { name });
    });
    await Promise.all(['a', 'b', 'c'].map((name) => importMeterFile(new Blob([csv]), { name }, start)));
    expect(order).toEqual(['begin a', 'end a', 'begin b', 'end b', 'begin c', 'end c']);
  });

  it('cancels by ending the worker, and goes on with the next file', async () => {
    const { start, started } = workers((file, { name, ...rest }) =>
      name === 'slow' ? new Promise(() => undefined) : really(file, { name, ...rest }),
    );
    const controller = new AbortController();
    const slow = importMeterFile(new Blob([csv]), { name: 'slow', signal: controller.signal }, start);
    const next = importMeterFile(new Blob([csv]), options, start);
    setTimeout(() => controller.abort(), 5);
    await expect(slow).rejects.toMatchObject({ code: 'cancelled' });
    expect((await next).series).toHaveLength(1);
    expect(started.map(({ terminated }) => terminated)).toEqual([true, true]);
    await expect(
      importMeterFile(new Blob([csv]), { ...options, signal: controller.signal }, start),
    ).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('survives a worker that crashes', async () => {
    const { start, started } = workers(() => new Promise(() => undefined));
    const crashed = importMeterFile(new Blob([csv]), options, start);
    setTimeout(() => started[0]?.fail(), 5);
    await expect(crashed).rejects.toMatchObject({ code: 'damaged' });
    expect(started[0]?.terminated).toBe(true);
  });
});
