import { features } from '../../../src/protocol/features.ts';
import type { Analysis, JoinedCommunity, Receipt, StoredContribution } from '../../../src/lib/vault/schema.ts';

const filled = (length: number, value: number) => new Uint8Array(length).fill(value);
const profile = Array.from({ length: 24 }, (_, hour) => 100 + hour);

export const exampleCommunity: JoinedCommunity = {
  id: 'ab'.repeat(32),
  name: 'Lindenstraße',
  homeId: 'home-1',
  endpointUrl: 'http://localhost:8787',
  manifest: filled(100, 1),
  invite: filled(32, 2),
  certificates: [{ member: filled(32, 3), signature: filled(64, 4) }],
  joinedMs: 1_700_000_000_000,
};

export const exampleContribution: StoredContribution = {
  communityId: exampleCommunity.id,
  month: '2024-03',
  homeId: 'home-1',
  state: 'waiting',
  version: 1,
  cohort: -1,
  body: filled(60_000, 5),
  contribution: filled(32, 6),
  receipt: new Uint8Array(),
  changedMs: 1_700_000_000_001,
};

export const exampleAnalysis: Analysis = {
  id: `${exampleCommunity.id}/2024-03`,
  homeId: 'home-1',
  communityId: exampleCommunity.id,
  communityName: exampleCommunity.name,
  madeMs: 1_700_000_000_002,
  source: 'encrypted',
  comparison: {
    month: '2024-03',
    group: 'all',
    homes: 41,
    figures: features.map(({ name }, i) => ({
      name,
      value: i + 0.5,
      mean: i % 2 === 0 ? null : i,
      aboveMean: null,
      rank: i,
    })),
    own: { weekdayWh: profile, weekendWh: profile },
    profiles: null,
  },
};

export const exampleReceipt: Receipt = {
  id: 'receipt-1',
  sentMs: 1_700_000_000_003,
  kind: 'contribution',
  communityId: exampleCommunity.id,
  month: '2024-03',
  origin: 'http://localhost:8787',
  parts: [{ name: 'Shares for steward 1', bytes: 20_000, sha256: filled(32, 7), readableBy: 'nobody alone' }],
  signedReceipt: null,
};
