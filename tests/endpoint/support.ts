/** What tests of the endpoint share. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { createEndpoint, type Endpoint, type EndpointOptions } from '../../src/endpoint/endpoint.ts';
import { FileStore } from '../../src/endpoint/file-store.ts';
import { signerOf } from '../protocol/example.ts';
import { startMs } from './community.ts';

export * from './community.ts';

const folders: string[] = [];
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

/** A folder that is gone after the tests of the file. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'endpoint-'));
  folders.push(folder);
  return folder;
}

/** An endpoint with the key that example communities name, on a store or folder. */
export async function exampleEndpoint(options: Partial<EndpointOptions> & { folder?: string } = {}): Promise<Endpoint> {
  const store = options.store ?? (await FileStore.open(options.folder ?? (await temporaryFolder())));
  return createEndpoint({
    signer: await signerOf('endpoint'),
    origins: ['https://app.test'],
    now: () => startMs,
    ...options,
    store,
  });
}
