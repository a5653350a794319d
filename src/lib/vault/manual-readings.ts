/** Readings of counters that were taken by hand, and the import that is made of them. */

import { write } from './open.ts';
import { takeBack, takeIn, type FileToImport } from './readings.ts';
import { manualReadingsOf, readSettings, type HomesManualReadings } from './settings.ts';

/** Name of the format of the import that is made of such readings. */
export const manualFormat = 'manual';

/** A home's readings by hand, as they were entered. */
export async function listManualReadings(homeId: string): Promise<HomesManualReadings> {
  const all = (await readSettings()).manualReadings ?? [];
  return all.find((one) => one.homeId === homeId) ?? { homeId, counterDigits: null, readings: [] };
}

/**
 * Keeps a home's readings by hand and, in the place of the import that was made of them before, the one that is made of
 * them now. One transaction.
 */
export async function saveManualReadings(manual: HomesManualReadings, file: FileToImport | undefined): Promise<void> {
  const { homeId } = manual;
  await write(['homes', 'dayBlocks', 'imports', 'importSeries', 'settings'], async (tx) => {
    const imports = await tx.objectStore('imports').index('homeId').getAll(homeId);
    for (const { id, format } of imports) if (format === manualFormat) await takeBack(tx, id);
    if (file !== undefined) await takeIn(tx, homeId, { ...file, format: manualFormat });
    const settings = tx.objectStore('settings');
    const others = manualReadingsOf(await settings.get('manualReadings')).filter((one) => one.homeId !== homeId);
    await settings.put(manual.readings.length === 0 ? others : [...others, manual], 'manualReadings');
  });
}
