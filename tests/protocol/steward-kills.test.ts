/**
 * A steward's app killed at every write of a record, just before it is durable and just after: whatever the endpoint
 * shows next, no second total is decrypted and no second list sealed; and with an honest endpoint the round opens.
 */
import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { toHex, type Bytes } from '../../src/protocol/bytes.ts';
import { ProtocolError } from '../../src/protocol/error.ts';
import { decodeSeal } from '../../src/protocol/seal.ts';
import type { Steward, StewardStore } from '../../src/protocol/steward.ts';
import { createStewardRecord, readStewardRecord, removeStewardRecord } from '../../src/lib/vault/stewards.ts';
import { memoryStore } from '../../src/simulation/memory-store.ts';
import { expectedTotal } from '../../src/simulation/oracle.ts';
import { closeVault } from '../../src/lib/vault/open.ts';
import { forgetDataKey } from '../../src/lib/vault/data-key.ts';
import { freshVault } from '../lib/vault/fresh-vault.ts';
import { month } from './example.ts';
import { contributionOf, forkRound, makeRound, restart, type RoundExample } from './round-example.ts';

class Killed extends Error {}

/** A store whose app dies at the n-th write: before it is durable, or when it is, without hearing of it. */
function dyingStore(store: StewardStore, nth: number, durable: boolean): StewardStore {
  let writes = 0;
  let isDead = false;
  const live = <T>(work: () => Promise<T>): Promise<T> => (isDead ? Promise.reject(new Killed()) : work());
  const write = async <T>(work: () => Promise<T>): Promise<T> => {
    writes++;
    if (writes < nth) return work();
    isDead = true;
    if (durable) await work();
    throw new Killed();
  };
  return {
    read: (name) => live(() => store.read(name)),
    create: (name, bytes) => live(() => write(() => store.create(name, bytes))),
    remove: (name) => live(() => write(() => store.remove(name))),
  };
}

const first = ({ stewards }: RoundExample): Steward => {
  const [steward] = stewards;
  if (steward === undefined) throw new Error('no steward');
  return steward;
};

/** All that a steward's app does for a closed round. */
const openRound = async (steward: Steward): Promise<readonly (readonly number[])[]> => {
  await steward.check(month);
  await steward.seal(month);
  await steward.open(month);
  const { totals } = await steward.publishNorms(month);
  await steward.erase(month);
  return totals;
};

/** What tells ciphertexts apart; as hex, 20 KB each, they would take most of the test's time. */
const nameOf = (bytes: Bytes): string => createHash('sha256').update(bytes).digest('base64');

/** Distinct totals of the endpoint among all that was decrypted; single homes' ciphertexts are not meant. */
const totalsIn = (decrypted: readonly Bytes[], { endpoint }: RoundExample): number => {
  const ofHomes = new Set(endpoint.contributions.flatMap(({ ciphertexts }) => ciphertexts.map(nameOf)));
  return new Set(decrypted.map(nameOf).filter((name) => !ofHomes.has(name))).size;
};

const listsSealedByFirst = ({ endpoint, example }: RoundExample): Set<string> => {
  const key = toHex(example.stewards[0]?.publicKey ?? new Uint8Array());
  const own = endpoint.seals.filter(({ signatures }) => toHex(signatures[0]?.signer ?? new Uint8Array()) === key);
  return new Set(own.map(({ body }) => toHex(decodeSeal(body).list)));
};

/** The round with its first steward's app killed there; undefined if it did all it does with fewer writes. */
async function killedAt(
  base: RoundExample,
  nth: number,
  durable: boolean,
  work: (steward: Steward) => Promise<unknown>,
): Promise<RoundExample | undefined> {
  const dying = forkRound(base, (steward, records) =>
    steward === 0 ? dyingStore(memoryStore(records), nth, durable) : memoryStore(records),
  );
  try {
    await work(first(dying));
    return undefined;
  } catch (error) {
    if (!(error instanceof Killed)) throw error;
    return dying;
  }
}

/** Does something at every kill there can be; the number of writes there are. */
async function atEveryKill(
  base: RoundExample,
  work: (steward: Steward) => Promise<unknown>,
  then: (killed: RoundExample) => Promise<void>,
): Promise<number> {
  for (let nth = 1; ; nth++) {
    for (const durable of [false, true]) {
      const killed = await killedAt(base, nth, durable, work);
      if (killed === undefined) return nth - 1;
      await then(killed);
    }
  }
}

let closed: RoundExample;
beforeAll(async () => {
  closed = await makeRound(24);
  await closed.endpoint.close();
  // The other stewards have done their part, so that the first one's own is all that is missing.
  for (const steward of closed.stewards.slice(1)) await steward.seal(month);
  const ready = forkRound(closed);
  await first(ready).seal(month);
  for (const steward of ready.stewards.slice(1)) await steward.open(month);
  closed.endpoint.openings.push(...ready.endpoint.openings);
  ready.records.forEach((records, steward) => {
    if (steward > 0) for (const [name, bytes] of records) closed.records[steward]?.set(name, bytes);
  });
});

describe('a steward’s app is killed at every write of a record', () => {
  test('and started again, it opens the round, having decrypted one total and sealed one list', async () => {
    const writes = await atEveryKill(closed, openRound, async (killed) => {
      const again = restart(killed);
      const over = killed.records[0]?.has(`${month}/over`) === true;
      if (over) await first(again).erase(month);
      else expect(await openRound(first(again))).toEqual([expectedTotal(closed.vectors)]);
      expect(totalsIn([...killed.decrypted, ...again.decrypted], killed)).toBe(1);
      expect(listsSealedByFirst(killed).size).toBe(1);
      const left = [...(killed.records[0]?.keys() ?? [])].map((name) => name.slice(8));
      for (const secret of ['keys', 'seal', 'opening', 'fetched']) expect(left).not.toContain(secret);
    });
    expect(writes).toBeGreaterThanOrEqual(12);
  });

  test('and shown another list and other totals afterwards, it decrypts no second total and seals no second list', async () => {
    await atEveryKill(closed, openRound, async (killed) => {
      const { endpoint } = killed;
      const again = restart(killed);
      const moved = endpoint.file('totals/0-0.bin').slice();
      moved.set([(moved[100] ?? 0) ^ 1], 100);
      endpoint.files.set('totals/0-0.bin', moved);
      await openRound(first(again)).catch((error: unknown) => expect(error).toBeInstanceOf(ProtocolError));
      await endpoint.close(endpoint.contributions.slice(1));
      await openRound(first(restart(again))).catch((error: unknown) => expect(error).toBeInstanceOf(ProtocolError));
      expect(totalsIn([...killed.decrypted, ...again.decrypted], killed)).toBeLessThanOrEqual(1);
      expect(listsSealedByFirst(killed).size).toBeLessThanOrEqual(1);
    });
  });

  test('on the way of announcing its keys, it announces those that it has kept, and no others', async () => {
    const before = forkRound({ ...closed, records: closed.records.map(() => new Map<string, Uint8Array>()) });
    const announced = ({ endpoint }: RoundExample) => toHex(endpoint.roundKeys[0]?.body ?? new Uint8Array());
    const announce = (steward: Steward) => steward.announce(month, 1_770_000_000_000);
    const writes = await atEveryKill(before, announce, async (killed) => {
      // Nothing was sent: the endpoint shows what it had.
      expect(announced(killed)).toBe(announced(before));
      const kept = killed.records[0]?.get(`${month}/keys`);
      const again = restart(killed);
      await announce(first(again));
      const key = announced(again);
      expect(key).not.toBe(announced(before));
      if (kept !== undefined) expect(toHex(kept)).toContain(key);
      await announce(first(restart(again)));
      expect(announced(again)).toBe(key);
    });
    expect(writes).toBe(1);
  });

  test('on the way of naming a culprit, it names the same one, once, and seals the list without it', async () => {
    const round = forkRound(closed);
    const { endpoint, example } = round;
    endpoint.seals.length = 0;
    endpoint.openings.length = 0;
    endpoint.contributions[4] = await contributionOf(example, endpoint, 4, { fingerprint: () => 1n });
    await endpoint.close();
    const work = async (steward: Steward) => {
      await steward.check(month);
      await steward.seal(month);
    };
    const writes = await atEveryKill(round, work, async (killed) => {
      const again = restart(killed);
      await work(first(again));
      expect(new Set(killed.endpoint.culprits.map(({ body }) => toHex(body))).size).toBe(1);
      expect(listsSealedByFirst(killed).size).toBe(1);
      expect(totalsIn([...killed.decrypted, ...again.decrypted], killed)).toBeLessThanOrEqual(1);
    });
    expect(writes).toBeGreaterThanOrEqual(6);
  });
});

test('the same with the records in the app’s own database', async () => {
  const id = 'ab'.repeat(32);
  const vault: StewardStore = {
    read: (name) => readStewardRecord(id, name),
    create: (name, bytes) => createStewardRecord(id, name, bytes),
    remove: (name) => removeStewardRecord(id, name),
  };
  for (let nth = 1, isDone = false; !isDone; nth++) {
    await freshVault();
    for (const [name, bytes] of closed.records[0] ?? []) await createStewardRecord(id, name, bytes);
    const inVault = (store: StewardStore) => (steward: number, records: Map<string, Uint8Array>) =>
      steward === 0 ? store : memoryStore(records);
    const dying = forkRound(closed, inVault(dyingStore(vault, nth, nth % 2 === 0)));
    isDone = await openRound(first(dying)).then(
      () => true,
      (error: unknown) => {
        if (!(error instanceof Killed)) throw error;
        return false;
      },
    );
    // A killed app has nothing open and no key in memory.
    await closeVault();
    forgetDataKey();
    const again = restart(dying, inVault(vault));
    if ((await readStewardRecord(id, `${month}/over`)) !== undefined) await first(again).erase(month);
    else expect(await openRound(first(again))).toEqual([expectedTotal(closed.vectors)]);
    expect(await readStewardRecord(id, `${month}/keys`)).toBeUndefined();
    expect(totalsIn([...dying.decrypted, ...again.decrypted], dying)).toBe(1);
    expect(listsSealedByFirst(dying).size).toBe(1);
  }
});
