import { expose } from 'comlink';
import { describe, expect, it } from 'vitest';
import { VaultError } from '../../../src/lib/vault/error.ts';
import { ReadingsClient, type WorkerHandle } from '../../../src/lib/vault/readings-client.ts';
import type { ReadingsWorker } from '../../../src/lib/vault/readings-worker.ts';

/** A worker's two ends without its thread. */
const workers = (api: Pick<ReadingsWorker, 'undoImport'>) => {
  const started: { terminated: boolean; fail: () => void }[] = [];
  const start = (): WorkerHandle => {
    const { port1, port2 } = new MessageChannel();
    const state = { terminated: false, fail: () => port1.dispatchEvent(new Event('error')) };
    started.push(state);
    expose({ borrowReadingsKey: () => undefined, ...api }, port2);
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

describe('readings client', () => {
  it('passes a refusal on as the error it was, and uses one worker for several jobs', async () => {
    const { start, started } = workers({
      undoImport: (id) =>
        Promise.resolve(
          id === 'gone' ? { failure: { code: 'not-found', message: 'It is gone.' } } : { value: undefined },
        ),
    });
    const client = new ReadingsClient(start);
    const refused = client.undoImport('gone');
    await expect(refused).rejects.toBeInstanceOf(VaultError);
    await expect(refused).rejects.toMatchObject({ code: 'not-found', message: 'It is gone.' });
    await client.undoImport('there');
    expect(started).toMatchObject([{ terminated: false }]);
    client.stop();
    expect(started).toMatchObject([{ terminated: true }]);
  });

  it('tells a worker that fails as a whole, and starts another', async () => {
    let answers = false;
    const { start, started } = workers({
      undoImport: () => (answers ? Promise.resolve({ value: undefined }) : new Promise(() => undefined)),
    });
    const client = new ReadingsClient(start);
    const stuck = client.undoImport('a');
    started[0]?.fail();
    await expect(stuck).rejects.toMatchObject({ code: 'unavailable' });
    answers = true;
    await client.undoImport('a');
    expect(started).toMatchObject([{ terminated: true }, { terminated: false }]);
    client.stop();
  });
});
