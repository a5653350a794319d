import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Folder of the real files: the checkout's sibling `shared/data`, or where PEUA_DATA says. */
export const dataFolder = process.env.PEUA_DATA ?? join(import.meta.dirname, '..', '..', '..', 'shared', 'data');

/** Whether the real files are here; says so aloud if not. */
export const haveData = existsSync(join(dataFolder, 'dev', 'EXPECTED.json'));
if (!haveData)
  process.stderr.write(
    `SKIPPED: tests over real meter files, as there is no ${dataFolder} (PEUA_DATA names another folder)\n`,
  );

export const dataFile = (path: string): Uint8Array => new Uint8Array(readFileSync(join(dataFolder, path)));

export const dataJson = (path: string): unknown => JSON.parse(readFileSync(join(dataFolder, path), 'utf8'));
