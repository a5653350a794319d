import { describe, expect, it } from 'vitest';
import { clientOf, exampleEndpoint, TestCommunity } from './support.ts';

const fail = (): never => {
  throw new Error('nothing there');
};

describe('the stewards’ words', () => {
  it('close a round one at a time, and are told apart', async () => {
    const client = clientOf(await exampleEndpoint());
    const test = await TestCommunity.make();
    const round = test.round();
    const announcement = await test.announce(client);
    expect(await client.stewardWords(round)).toEqual({
      keys: [0, 1, 2],
      closes: [],
      seals: [],
      openings: [],
      norms: [],
    });
    await client.close(round, await test.close(announcement, [2]));
    await client.close(round, await test.close(announcement, [2]));
    expect((await client.stewardWords(round)).closes).toEqual([2]);
    expect((await client.rounds(test.community.id))[0]?.state).toBe('collecting');
    await client.close(round, await test.close(announcement, [0]));
    expect((await client.rounds(test.community.id))[0]?.state).toBe('expired');
    expect((await client.stewardWords(round)).closes).toEqual([0, 2]);
  });

  it('are those of stewards and of this round', async () => {
    const client = clientOf(await exampleEndpoint());
    const test = await TestCommunity.make();
    const announcement = await test.announce(client);
    const [home = fail()] = test.invites;
    const word = await test.close(announcement, [1]);
    const stranger = { body: word.body, signatures: [{ signer: home.publicKey, signature: new Uint8Array(64) }] };
    await expect(client.close(test.round(), stranger)).rejects.toMatchObject({ code: 'wrong-signer' });
    const other = await test.close({ ...announcement, hash: new Uint8Array(32) }, [1]);
    await expect(client.close(test.round(), other)).rejects.toMatchObject({ code: 'wrong-announcement' });
  });

  it('say which invites homes have used', async () => {
    const client = clientOf(await exampleEndpoint());
    const test = await TestCommunity.make();
    const announcement = await test.announce(client);
    expect(await client.usedInvites(test.community.id)).toEqual([]);
    await client.contribute(test.round(), await test.contribution(announcement, 4));
    expect(await client.usedInvites(test.community.id)).toEqual([test.invites[4]?.publicKey]);
  });
});
