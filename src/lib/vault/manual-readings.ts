/** Readings of counters that were taken by hand, and the import that is made of them. */

import { changeReadings, type FileToImport } from './home-draft.ts';
import { read } from './open.ts';
import type { HomesManualReadings } from './schema.ts';
import { manualReadingsKind, openRecords, stateOf } from './sealed-readings.ts';

/** Name of the format of the import that is made of such readings. */
export const manualFormat = 'manual';

/** A home's readings by hand, as they were entered. */
export async function listManualReadings(homeId: string): Promise<HomesManualReadings> {
  const { stored, state } = await read(['manualReadings', 'readingsState'], async (tx) => ({
    stored: await tx.objectStore('manualReadings').get(homeId),
    state: stateOf(await tx.objectStore('readingsState').get('readings')),
  }));
  const [manual] = await openRecords(manualReadingsKind, stored === undefined ? [] : [stored], state);
  return manual ?? { homeId, counterDigits: null, readings: [] };
}

/**
 * Keeps a home's readings by hand and, in the place of the import that was made of them before, the one that is made of
 * them now. All or nothing.
 */
export const saveManualReadings = (manual: HomesManualReadings, file: FileToImport | undefined): Promise<void> =>
  changeReadings(async (open) => {
    const home = await open(manual.homeId);
    for (const { id, format } of home.imports) if (format === manualFormat) await home.takeBack(id);
    if (file !== undefined) await home.takeIn({ ...file, format: manualFormat });
    home.keepManual(manual);
  });
