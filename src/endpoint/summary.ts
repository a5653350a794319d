/** Where each round of a community stands. */
import { encodeCbor } from '../protocol/cbor.ts';
import type { Bytes } from '../protocol/bytes.ts';
import { monthPattern } from '../protocol/fields.ts';
import type { RoundState } from '../protocol/endpoint-client.ts';
import { closedRound, closesNow } from './closing.ts';
import type { Core, Round } from './core.ts';
import { keptVersions } from './kept.ts';
import { publishedNorms, sealedList } from './opening.ts';
import { isErased } from './retention.ts';
import { closingTime } from './round-keys.ts';

interface Summary {
  readonly month: string;
  readonly state: RoundState;
  readonly closesMs: number;
  readonly homes: number;
}

/** All rounds as the route gives them, by month. */
export async function roundsFile(core: Core, id: string): Promise<Bytes> {
  await core.community(id);
  const summaries: Summary[] = [];
  for (const month of await core.store.list(`communities/${id}/rounds`)) {
    if (!monthPattern.test(month)) continue;
    const summary = await summaryOf(core, await core.round(id, month));
    if (summary !== undefined) summaries.push(summary);
  }
  return encodeCbor(summaries.map((summary) => ({ ...summary })));
}

async function summaryOf(core: Core, round: Round): Promise<Summary | undefined> {
  const { month } = round;
  const closesMs = await closingTime(core, round);
  if (closesMs === undefined) return undefined;
  if ((await core.announcementBytes(round)) === undefined) {
    return { month, closesMs, state: closesMs > core.now() ? 'announced' : 'expired', homes: 0 };
  }
  if (!(await closesNow(core, round))) {
    return { month, closesMs, state: 'collecting', homes: (await keptVersions(core, round)).size };
  }
  const { list } = await closedRound(core, round);
  return { month, closesMs, state: await stateOf(core, round, list.groups.length), homes: list.entries.length };
}

async function stateOf(core: Core, round: Round, groups: number): Promise<RoundState> {
  if (groups === 0) return 'expired';
  if ((await publishedNorms(core, round)) !== undefined) return 'opened';
  if (await isErased(core, round)) return 'expired';
  return (await sealedList(core, round)) === undefined ? 'closed' : 'sealed';
}
