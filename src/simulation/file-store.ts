/** Records as files of one folder: what is acknowledged is on disk, and no record is ever half there. */
import { link, mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { StewardStore } from '../protocol/steward.ts';

const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;

/** Makes a folder's names durable; some systems cannot open a folder, and need not. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  if (handle === undefined) return;
  await handle.sync().catch(() => undefined);
  await handle.close();
}

/**
 * A store whose records are files below `folder`, readable by this user alone. The first to create a record wins, also
 * among several processes.
 */
export function fileStore(folder: string): StewardStore {
  const pathOf = (name: string): string => {
    if (!/^[\w-]+(?:\/[\w-]+)*$/.test(name)) throw new RangeError(`"${name}" is no name of a record`);
    return join(folder, name);
  };
  return {
    async read(name) {
      try {
        return new Uint8Array(await readFile(pathOf(name)));
      } catch (error) {
        if (hasCode(error, 'ENOENT')) return undefined;
        throw error;
      }
    },
    async create(name, bytes) {
      const path = pathOf(name);
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      const draft = `${path}.${crypto.randomUUID()}.tmp`;
      try {
        await writeFile(draft, bytes, { flag: 'wx', mode: 0o600, flush: true });
        // A link, unlike a rename, refuses to replace what is there.
        await link(draft, path);
      } catch (error) {
        if (hasCode(error, 'EEXIST')) return false;
        throw error;
      } finally {
        await rm(draft, { force: true });
      }
      await syncFolder(dirname(path));
      return true;
    },
    async remove(name) {
      const path = pathOf(name);
      await rm(path, { force: true });
      await syncFolder(dirname(path));
    },
  };
}
