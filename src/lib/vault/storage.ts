/** How safe the browser keeps this app's data, and how much of it there is. */

export interface StorageState {
  /** Whether the browser has promised not to clear the data by itself when room gets short. */
  readonly persistent: boolean;
  /** Bytes used by the app, and bytes it may use; `null` where the browser does not say. */
  readonly usedBytes: number | null;
  readonly quotaBytes: number | null;
}

const manager = (): StorageManager | undefined =>
  typeof navigator !== 'undefined' && 'storage' in navigator ? navigator.storage : undefined;

export async function readStorageState(): Promise<StorageState> {
  const storage = manager();
  const [persistent, estimate] = await Promise.all([storage?.persisted(), storage?.estimate()]);
  return {
    persistent: persistent ?? false,
    usedBytes: estimate?.usage ?? null,
    quotaBytes: estimate?.quota ?? null,
  };
}

/** Asks the browser for that promise; some grant it only in a user's gesture. Gives the answer. */
export const askForPersistence = async (): Promise<boolean> => (await manager()?.persist()) ?? false;

const weekMs = 7 * 86_400_000;

/** Whether to remind of a backup: at most weekly, while the data could vanish and there is something to lose. */
export const shouldNudge = (
  { persistent }: StorageState,
  { lastBackupMs = 0, lastBackupNudgeMs = 0 }: { lastBackupMs?: number; lastBackupNudgeMs?: number },
  nowMs: number,
): boolean => !persistent && nowMs - Math.max(lastBackupMs, lastBackupNudgeMs) >= weekMs;
