/**
 * A disk in memory that can fail, be left by a process that dies, and lose power. It keeps apart what programs see and
 * what is durable: a file's content is durable from its sync on, a name from its folder's sync on; of everything else a
 * power cut keeps some and loses some, in any combination.
 */
import { dirname, basename } from 'node:path';
import type { Disk } from '../../src/endpoint/disk.ts';
import { concatBytes, type Bytes } from '../../src/protocol/bytes.ts';

interface File {
  data: Bytes;
  /** What was synced last. */
  durable: Bytes | undefined;
}
interface Folder {
  now: Map<string, File | Folder>;
  durable: Map<string, File | Folder>;
}
const isFolder = (node: File | Folder | undefined): node is Folder => node !== undefined && 'now' in node;

/** Gives numbers from 0 up to, without, a bound. */
export type Random = (bound: number) => number;

/** A generator (mulberry32) that gives the same numbers for the same seed. */
export function randomOf(seed: number): Random {
  let state = seed;
  return (bound) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * bound);
  };
}

class DiskError extends Error {
  readonly code: string;

  constructor(code: string) {
    super(`${code}: simulated`);
    this.code = code;
  }
}

/** Without a stack: thousands of files are looked for that are not there. */
function errorOf(code: string): Error {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  const error = new DiskError(code);
  Error.stackTraceLimit = stackTraceLimit;
  return error;
}

/** What happens to one operation of a session. */
export type Fault =
  /** It is not done and gives this error. */
  | { readonly error: string }
  /** It is done, and gives this error all the same. */
  | { readonly errorAfter: string }
  /** The process dies before or after it. */
  | 'die-before'
  | 'die-after';

/** One process's view of the disk. After its death nothing it does has an effect, and nothing is answered. */
export interface Session {
  readonly disk: Disk;
  /** Settles when the process has died. */
  readonly death: Promise<void>;
  /** Names of the operations done, in order. */
  readonly operations: readonly string[];
  /** Kills the process. */
  readonly end: () => void;
}

export class SimDisk {
  /** How many steps of what else is on its way the next operation takes longer than most do. */
  delay: () => number = () => 0;
  #root: Folder = { now: new Map(), durable: new Map() };
  /** Folders found before, by path; none is ever moved. */
  readonly #found = new Map<string, Folder>();

  constructor() {
    const data: Folder = { now: new Map(), durable: new Map() };
    this.#root.now.set('data', data);
    this.#root.durable.set('data', data);
  }

  /** @param faultOf - asked before each operation, with its number from 0 on */
  session(faultOf: (operation: string, index: number) => Fault | undefined = () => undefined): Session {
    let dead = false;
    let die: () => void = () => undefined;
    const death = new Promise<void>((done) => (die = done));
    const operations: string[] = [];
    const never = new Promise<never>(() => undefined);
    const kill = (): Promise<never> => {
      dead = true;
      die();
      return never;
    };
    const run = async <T>(operation: string, work: () => T): Promise<T> => {
      for (let turn = this.delay(); turn >= 0; turn--) await Promise.resolve();
      if (dead) return never;
      const fault = faultOf(operation, operations.length);
      operations.push(operation);
      if (fault === 'die-before') return kill();
      if (typeof fault === 'object' && 'error' in fault) throw errorOf(fault.error);
      const result = work();
      if (fault === 'die-after') return kill();
      if (typeof fault === 'object') throw errorOf(fault.errorAfter);
      await Promise.resolve();
      return result;
    };
    const disk: Disk = {
      create: (path) =>
        run('create', () => {
          const folder = this.#folder(dirname(path));
          if (folder.now.has(basename(path))) throw errorOf('EEXIST');
          const file: File = { data: new Uint8Array(), durable: undefined };
          folder.now.set(basename(path), file);
          return {
            write: (bytes: Bytes, offset: number) =>
              run('write', () => {
                file.data = concatBytes(file.data.subarray(0, offset), bytes.subarray(offset));
                return bytes.length - offset;
              }),
            sync: () =>
              run('sync', () => {
                file.durable = file.data;
              }),
            close: () => run('close', () => undefined),
          };
        }),
      read: (path) =>
        run('read', () => {
          const node = this.#folder(dirname(path)).now.get(basename(path));
          if (node === undefined) throw errorOf('ENOENT');
          if (isFolder(node)) throw errorOf('EISDIR');
          return node.data.slice();
        }),
      rename: (from, to) =>
        run('rename', () => {
          this.#folder(dirname(to)).now.set(basename(to), this.#file(from));
          this.#folder(dirname(from)).now.delete(basename(from));
        }),
      link: (from, to) =>
        run('link', () => {
          const file = this.#file(from);
          const folder = this.#folder(dirname(to));
          if (folder.now.has(basename(to))) throw errorOf('EEXIST');
          folder.now.set(basename(to), file);
        }),
      unlink: (path) =>
        run('unlink', () => {
          this.#file(path);
          this.#folder(dirname(path)).now.delete(basename(path));
        }),
      makeFolder: (path) =>
        run('makeFolder', () => {
          const folder = this.#folder(dirname(path));
          if (folder.now.has(basename(path))) throw errorOf('EEXIST');
          folder.now.set(basename(path), { now: new Map(), durable: new Map() });
        }),
      syncFolder: (path) =>
        run('syncFolder', () => {
          const folder = this.#folder(path);
          folder.durable = new Map(folder.now);
        }),
      list: (path) => run('list', () => [...this.#folder(path).now.keys()]),
      removeFolder: (path) =>
        run('removeFolder', () => {
          this.#folder(dirname(path)).now.delete(basename(path));
          this.#found.clear();
        }),
    };
    return { disk, death, operations, end: () => void kill() };
  }

  /** Loses power: what was not durable is there or not, and files that were not synced hold anything. */
  powerCut(random: Random): void {
    const after = (folder: Folder): Folder => {
      const entries = new Map<string, File | Folder>();
      for (const name of new Set([...folder.durable.keys(), ...folder.now.keys()])) {
        const [before, now] = [folder.durable.get(name), folder.now.get(name)];
        const node = before === now || random(2) === 0 ? before : now;
        if (node !== undefined) entries.set(name, isFolder(node) ? after(node) : content(node));
      }
      return { now: entries, durable: new Map(entries) };
    };
    const known = new Map<File, File>();
    const content = (file: File): File => {
      const done = known.get(file);
      if (done !== undefined) return done;
      const kept = file.durable ?? new Uint8Array(random(file.data.length + 1));
      const copy = { data: kept, durable: kept };
      known.set(file, copy);
      return copy;
    };
    this.#root = after(this.#root);
    this.#found.clear();
  }

  /** Another disk with the same content, all of it durable. */
  clone(): SimDisk {
    const copyOf = (folder: Folder): Folder => {
      const entries = new Map<string, File | Folder>();
      for (const [name, node] of folder.now) {
        entries.set(name, isFolder(node) ? copyOf(node) : { data: node.data, durable: node.data });
      }
      return { now: entries, durable: new Map(entries) };
    };
    const other = new SimDisk();
    other.#root = copyOf(this.#root);
    return other;
  }

  /** Every file, to be damaged. */
  files(): { path: string; file: { data: Bytes } }[] {
    const below = (folder: Folder, path: string): { path: string; file: File }[] =>
      [...folder.now].flatMap(([name, node]) =>
        isFolder(node) ? below(node, `${path}/${name}`) : [{ path: `${path}/${name}`, file: node }],
      );
    return below(this.#root, '');
  }

  /** Paths of files below a folder that programs see, or that may be there again after a power cut. */
  traces(path: string): string[] {
    const below = (folder: Folder, at: string): string[] => {
      const nodes = [...folder.durable, ...folder.now].flatMap(([name, node]) =>
        isFolder(node) ? below(node, `${at}/${name}`) : [`${at}/${name}`],
      );
      return [...new Set(nodes)];
    };
    try {
      return below(this.#folder(path), path);
    } catch (error) {
      if (error instanceof DiskError) return [];
      throw error;
    }
  }

  #folder(path: string): Folder {
    const found = this.#found.get(path);
    if (found !== undefined) return found;
    let folder = this.#root;
    for (const name of path.split('/').filter((part) => part !== '')) {
      const next = folder.now.get(name);
      if (next === undefined) throw errorOf('ENOENT');
      if (!isFolder(next)) throw errorOf('ENOTDIR');
      folder = next;
    }
    this.#found.set(path, folder);
    return folder;
  }

  #file(path: string): File {
    const node = this.#folder(dirname(path)).now.get(basename(path));
    if (node === undefined) throw errorOf('ENOENT');
    if (isFolder(node)) throw errorOf('EISDIR');
    return node;
  }
}
