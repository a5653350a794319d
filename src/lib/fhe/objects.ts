import type { Freeable } from './tfhe-module.ts';

/** Runs `use` with a way to keep WASM objects, and frees them all afterwards, last first. */
export function withObjects<T>(use: (keep: <O extends Freeable>(object: O) => O) => T): T {
  const kept: Freeable[] = [];
  try {
    return use((object) => {
      kept.push(object);
      return object;
    });
  } finally {
    for (const object of kept.reverse()) object.free();
  }
}
