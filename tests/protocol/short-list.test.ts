import { beforeAll, describe, expect, test } from 'vitest';
import { certify } from '../../src/protocol/certificate.ts';
import { checkSignedContribution, signContribution } from '../../src/protocol/contribution.ts';
import { encodeCulprits } from '../../src/protocol/culprits.ts';
import { correctList, decodeList } from '../../src/protocol/list.ts';
import { restoreList, shortenList } from '../../src/protocol/short-list.ts';
import { decodeSigned, encodeSigned, signMessage } from '../../src/protocol/signed.ts';
import { sha256 } from '../../src/protocol/hash.ts';
import { month, signerOf } from './example.ts';
import { contributionOf, makeRound, type RoundExample } from './round-example.ts';

let round: RoundExample;
beforeAll(async () => {
  round = await makeRound(24);
  const { example, endpoint } = round;
  // One home has a second device, so that not all entries have one size.
  const own = await contributionOf(example, endpoint, 3);
  const { announcement } = endpoint;
  if (announcement === undefined) throw new Error('not announced');
  const { header } = await checkSignedContribution(own.signed, example.community, announcement);
  const phone = await signerOf('phone');
  const next = await certify(example.community.id, phone.publicKey, await signerOf('member 3'));
  const certificates = [...header.certificates, next];
  endpoint.contributions[3] = await signContribution(
    { ...header, certificates },
    own.sealedFingerprints,
    own.ciphertexts,
    phone,
  );
  await endpoint.close();
});

/** What a steward restores from the short form of a list. */
const restored = async (list: Uint8Array<ArrayBuffer>, steward: number) => {
  const { example, endpoint } = round;
  const address = { community: example.community.id, month };
  const sealed = await endpoint.client().fingerprints(address, steward);
  if (endpoint.announcement === undefined) throw new Error('not announced');
  const short = shortenList(decodeSigned(list), example.community, steward);
  return {
    short,
    sealed,
    whole: (boxes = sealed) => restoreList(short, example.community, endpoint.announcement ?? never(), steward, boxes),
  };
};
const never = (): never => {
  throw new Error('not announced');
};

describe('a list in short', () => {
  test.each([0, 1, 2])(
    'is restored to the byte by steward %i, and is shorter by more than a sixth',
    async (steward) => {
      const list = round.endpoint.file('list');
      const { short, whole } = await restored(list, steward);
      expect(encodeSigned(await whole())).toEqual(list);
      expect(short.length).toBeLessThan((list.length * 5) / 6);
    },
  );

  test('is restored where culprits were left out', async () => {
    const { example, endpoint } = round;
    const first = decodeSigned(endpoint.file('list'));
    const invites = [decodeList(first.body).entries[5]?.invite ?? new Uint8Array()];
    const body = encodeCulprits({ community: example.community.id, month, list: await sha256(first.body), invites });
    const [signer] = example.stewards;
    if (signer === undefined) throw new Error('no steward');
    const named = await signMessage('culprits', body, [signer]);
    await endpoint.publishList(await correctList(decodeList(first.body), [named], example.community), 'corrected-list');
    const corrected = endpoint.file('corrected-list');
    endpoint.files.delete('corrected-list');
    expect(encodeSigned(await (await restored(corrected, 1)).whole())).toEqual(corrected);
  });

  test('comes to another list where a box is another, and to none where one is missing', async () => {
    const list = round.endpoint.file('list');
    const { sealed, whole } = await restored(list, 0);
    const [one = new Uint8Array(), two = new Uint8Array(), ...rest] = sealed;
    expect(encodeSigned(await whole([two, one, ...rest]))).not.toEqual(list);
    await expect(whole(sealed.slice(1))).rejects.toMatchObject({ code: 'bad-fingerprint' });
  });

  test('is fetched once, however often a steward looks at it', async () => {
    const { endpoint, stewards, records } = round;
    const [steward] = stewards;
    endpoint.log.length = 0;
    await steward?.review(month);
    await steward?.review(month);
    const asked = endpoint.log.filter((line) => /list|fingerprints/.test(line));
    expect(asked).toEqual(['GET short-list/0', 'GET fingerprints/0.bin', 'GET short-list/0']);
    expect(endpoint.unchanged).toBe(1);
    expect([...(records[0]?.keys() ?? [])]).toContain(`${month}/fetched`);
  });
});
