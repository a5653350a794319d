import { read, write } from './open.ts';
import { analysisSchema, checked, type Analysis } from './schema.ts';

/** A home's past comparisons, the newest month first. */
export async function listAnalyses(homeId: string): Promise<Analysis[]> {
  const all = await read(['analyses'], (tx) => tx.store.index('homeId').getAll(homeId));
  return all
    .map((record) => checked(analysisSchema, record, 'A comparison'))
    .sort((a, b) => b.comparison.month.localeCompare(a.comparison.month) || b.madeMs - a.madeMs);
}

/** Stores a comparison; one with the same id (community, month and group) takes its place. */
export async function saveAnalysis(analysis: Analysis): Promise<void> {
  const record = checked(analysisSchema, analysis, 'The comparison');
  await write(['analyses'], (tx) => tx.store.put(record));
}
