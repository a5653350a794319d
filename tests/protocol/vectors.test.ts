/**
 * The test vectors of tests/vectors/protocol: this product's checks accept every good message and refuse every bad one
 * for its one fault. `WRITE_VECTORS=1` writes them anew.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { fromHex, type Bytes } from '../../src/protocol/bytes.ts';
import { checkCiphertext, checkPublicKey } from '../../src/protocol/ciphertext.ts';
import { checkClose } from '../../src/protocol/close.ts';
import { checkComparisonRequest, checkComparisonResult, checkKeyAnnouncement } from '../../src/protocol/comparison.ts';
import { checkSignedContribution, splitFingerprints } from '../../src/protocol/contribution.ts';
import { checkCulprits } from '../../src/protocol/culprits.ts';
import { checkAmendment, unamended } from '../../src/protocol/amendment.ts';
import { EndpointClient } from '../../src/protocol/endpoint-client.ts';
import { checkEntry, checkFounding, decodeTerms, parseStewardLink } from '../../src/protocol/founding.ts';
import { decodeEntries, followHead } from '../../src/protocol/head.ts';
import { checkLeave } from '../../src/protocol/leave.ts';
import { parseDeviceLink, parseInviteLink } from '../../src/protocol/invite.ts';
import { checkList } from '../../src/protocol/list.ts';
import { checkManifest, type Community } from '../../src/protocol/manifest.ts';
import { checkNorms } from '../../src/protocol/norms-message.ts';
import { checkOpening, checkRead } from '../../src/protocol/opening.ts';
import { checkReceipt } from '../../src/protocol/receipt.ts';
import { parseCandidate, parseSeatOffer } from '../../src/protocol/replacement.ts';
import { checkAnnouncement, checkRoundKey, type Announcement } from '../../src/protocol/round-key.ts';
import { checkSeal } from '../../src/protocol/seal.ts';
import { restoreList } from '../../src/protocol/short-list.ts';
import { decodeSigned } from '../../src/protocol/signed.ts';
import { checkWithdrawal } from '../../src/protocol/withdrawal.ts';
import { asJson, readMessage, Refusal } from './second-reader.ts';
import { makeVectors } from './make-vectors.ts';
import type { Json, Vectors } from './vector-parts.ts';

const folder = join(import.meta.dirname, '../vectors/protocol');
const messages = [
  'manifest',
  'round-key',
  'announcement',
  'contribution',
  'receipt',
  'close',
  'list',
  'culprits',
  'seal',
  'opening',
  'norms',
  'amendment',
  'withdrawal',
  'leave',
  'head',
  'comparison-key',
  'comparison',
  'comparison-result',
  'short-list',
  'founding',
  'founding-state',
  'read',
  'invite-link',
  'device-link',
  'steward-link',
  'seat-link',
  'newcomer-link',
  'deletions',
  'identity',
  'rounds',
  'words',
  'used-invites',
  'head-answer',
  'ciphertext',
  'public-key',
];

const bytesOf = (hex: Json | undefined): Bytes => {
  const bytes = typeof hex === 'string' ? fromHex(hex) : null;
  if (bytes === null) throw new Error('no hex');
  return bytes;
};

const textOf = (value: Json | undefined): string => {
  if (typeof value !== 'string') throw new Error('no text');
  return value;
};

/** A client of an endpoint that answers everything with these bytes. */
const answering = (bytes: Bytes): EndpointClient =>
  new EndpointClient({ url: 'https://totals.example', fetch: () => Promise.resolve(new Response(bytes)) });

/** Runs the product's check of a message. */
async function check({ message, context }: Vectors, bytes: Bytes): Promise<unknown> {
  const community = async (): Promise<Community> => checkManifest(decodeSigned(bytesOf(context.manifest)));
  const announcement = async (): Promise<Announcement> =>
    checkAnnouncement(bytesOf(context.announcement), await community());
  switch (message) {
    case 'manifest':
      return checkManifest(decodeSigned(bytes));
    case 'round-key':
      return checkRoundKey(decodeSigned(bytes), await community());
    case 'announcement':
      return checkAnnouncement(bytes, await community());
    case 'contribution':
      return checkSignedContribution(decodeSigned(bytes), await community(), await announcement());
    case 'receipt':
      return checkReceipt(decodeSigned(bytes), await community(), decodeSigned(bytesOf(context.contribution)));
    case 'close':
      return checkClose(decodeSigned(bytes), await community(), await announcement());
    case 'list':
      return checkList(decodeSigned(bytes), await community(), await announcement());
    case 'culprits':
      return checkCulprits(decodeSigned(bytes), await community());
    case 'seal':
      return checkSeal(decodeSigned(bytes), await community());
    case 'opening':
      return checkOpening(decodeSigned(bytes), await community(), {
        month: textOf(context.month),
        list: bytesOf(context.list),
        groups: Number(context.groups),
      });
    case 'norms':
      return checkNorms(decodeSigned(bytes), await community(), textOf(context.month));
    case 'amendment':
      return checkAmendment(decodeSigned(bytes), unamended(await community()));
    case 'withdrawal':
      return checkWithdrawal(decodeSigned(bytes), await community());
    case 'leave':
      return checkLeave(decodeSigned(bytes), await community());
    case 'comparison-key':
      return checkKeyAnnouncement(decodeSigned(bytes), await community());
    case 'comparison':
      return checkComparisonRequest(decodeSigned(bytes), await community(), {
        month: textOf(context.month),
        norms: bytesOf(context.norms),
      });
    case 'comparison-result':
      return checkComparisonResult(decodeSigned(bytes), await community(), decodeSigned(bytesOf(context.request)));
    case 'short-list': {
      const boxes = splitFingerprints(bytesOf(context.fingerprints));
      const whole = restoreList(bytes, await community(), await announcement(), Number(context.steward), boxes);
      return checkList(await whole, await community(), await announcement());
    }
    case 'head': {
      const known = { count: Number(context.knownCount), head: bytesOf(context.knownHead) };
      return followHead(decodeSigned(bytes), await community(), known, decodeEntries(bytesOf(context.entries)));
    }
    case 'founding':
      return checkEntry(decodeSigned(bytes), decodeTerms(bytesOf(context.terms)));
    case 'founding-state':
      return checkFounding(bytes, bytesOf(context.founding));
    case 'read':
      return checkRead(decodeSigned(bytes), await community(), textOf(context.month), Number(context.nowMs));
    case 'invite-link':
      return parseInviteLink(new TextDecoder().decode(bytes));
    case 'device-link':
      return parseDeviceLink(new TextDecoder().decode(bytes));
    case 'steward-link':
      return parseStewardLink(new TextDecoder().decode(bytes));
    case 'seat-link':
      return parseSeatOffer(new TextDecoder().decode(bytes));
    case 'newcomer-link':
      return parseCandidate(new TextDecoder().decode(bytes));
    case 'identity':
      return answering(bytes).identity();
    case 'deletions':
      return answering(bytes).deletions(bytes);
    case 'rounds':
      return answering(bytes).rounds(bytes);
    case 'words':
      return answering(bytes).stewardWords({ community: bytes, month: '2026-01' });
    case 'used-invites':
      return answering(bytes).usedInvites(bytes);
    case 'head-answer':
      return answering(bytes).head(bytes, 0);
    case 'ciphertext':
      checkCiphertext(bytes);
      return undefined;
    case 'public-key':
      checkPublicKey(bytes);
      return undefined;
    default:
      throw new Error(`no check of ${message}`);
  }
}

const stored = (message: string): Vectors =>
  JSON.parse(readFileSync(join(folder, `${message}.json`), 'utf8')) as Vectors;

let made: Map<string, Vectors>;
beforeAll(async () => {
  made = await makeVectors();
  if (process.env.WRITE_VECTORS !== '1') return;
  for (const [message, vectors] of made) {
    writeFileSync(join(folder, `${message}.json`), `${JSON.stringify(vectors, null, 1)}\n`);
  }
});

describe.each(messages)('%s', (message) => {
  test('is encoded to the very bytes of the vectors', () => {
    expect(made.get(message)).toEqual(stored(message));
  });

  test('has enough vectors, each with another name', () => {
    const { good, bad } = stored(message);
    expect(good.length).toBeGreaterThanOrEqual(1);
    expect(bad.length).toBeGreaterThanOrEqual(10);
    expect(new Set(bad.map(({ name }) => name)).size).toBe(bad.length);
    expect(new Set([...good, ...bad].map(({ bytes }) => bytes)).size).toBe(good.length + bad.length);
  });

  test('good ones are accepted', async () => {
    const vectors = stored(message);
    for (const { bytes } of vectors.good) await check(vectors, bytesOf(bytes));
  });

  test('bad ones are refused by the check that they name', async () => {
    const vectors = stored(message);
    const found: Record<string, string> = {};
    for (const { name, bytes } of vectors.bad) {
      found[name] = await check(vectors, bytesOf(bytes)).then(
        () => 'accepted',
        (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : String(error)),
      );
    }
    expect(found).toEqual(Object.fromEntries(vectors.bad.map(({ name, refused }) => [name, refused])));
  });

  test('a second reader reads the same fields, and refuses the same ones for the same reasons', () => {
    const vectors = stored(message);
    const read = (bytes: string) => readMessage(message, Buffer.from(bytes, 'hex'), vectors.context);
    for (const { bytes, value } of vectors.good) expect(asJson(read(bytes))).toEqual(value);
    const found = vectors.bad.map(({ name, bytes }) => {
      try {
        read(bytes);
      } catch (error) {
        return [name, error instanceof Refusal ? error.code : String(error)];
      }
      return [name, 'accepted'];
    });
    expect(found).toEqual(vectors.bad.map(({ name, refused }) => [name, refused]));
  });
});
