/** Test vectors of founding a community from several phones. */
import { concatBytes, toHex, type Bytes } from '../../src/protocol/bytes.ts';
import { encodeCbor, type CborValue } from '../../src/protocol/cbor.ts';
import type { Signer } from '../../src/protocol/ed25519.ts';
import { checkFounding, encodeFoundingState, encodeTerms } from '../../src/protocol/founding.ts';
import { sha256 } from '../../src/protocol/hash.ts';
import { signInvite } from '../../src/protocol/manifest.ts';
import { encodeSigned, signMessage } from '../../src/protocol/signed.ts';
import { seedOf, signerOf } from './example.ts';
import {
  bad,
  changed,
  flip,
  good,
  nth,
  signedFaults,
  type Fields,
  type Json,
  type Subject,
  type Vectors,
} from './vector-parts.ts';

/** Vectors of a steward’s entry, and of a founding as the endpoint shows it. */
export async function foundingVectors(stranger: Signer): Promise<Vectors[]> {
  const seats = await Promise.all([0, 1, 2].map((i) => signerOf(`seat ${i}`)));
  const steward = await signerOf('steward 1');
  const salt = (await seedOf('salt')).slice(0, 16);
  const terms = encodeTerms({
    name: 'Example Street',
    threshold: 2,
    minimumHomes: 15,
    cohorts: ['flat', 'house'],
    publishes: ['profiles'],
    endpointKey: (await signerOf('endpoint')).publicKey,
    lookHours: 48,
    retentionDays: 90,
    invitesEach: 2,
    seats: seats.map(({ publicKey }) => publicKey),
    salt,
  });
  const invites = await Promise.all(
    [0, 1].map(async (i) => signInvite(salt, (await signerOf(`invite ${i}`)).publicKey, 1, steward)),
  );
  const pairs = (of: readonly { key: Bytes; signature: Bytes }[]): CborValue =>
    of.map((one) => [one.key, one.signature]);
  const fields: Fields = {
    founding: await sha256(terms),
    seat: 1,
    name: 'Steward 2',
    key: steward.publicKey,
    invites: pairs(invites),
  };
  const subject: Subject = { type: 'founding', fields, signers: [nth(seats, 1), steward], single: true, stranger };
  const fault = (name: string, refused: string, change: Fields) => changed(subject, name, refused, change);
  const only = async (name: string, by: Signer[]) =>
    bad(name, 'wrong-signer', encodeSigned(await signMessage('founding', encodeCbor(fields), by)));
  const byOther = await signInvite(salt, (await signerOf('invite 1')).publicKey, 1, stranger);
  const entryOf: Vectors = {
    message: 'founding',
    context: { terms: toHex(terms) },
    good: [await good('the entry of the second seat', subject)],
    bad: [
      ...(await signedFaults(subject)),
      await only('not signed by the seat’s key', [steward]),
      await only('not signed by the steward', [nth(seats, 1)]),
      await only('signed by the key of another seat', [nth(seats, 0), steward]),
      await fault('of another founding', 'wrong-community', { founding: await seedOf('other') }),
      await fault('at another seat', 'wrong-signer', { seat: 0 }),
      await fault('at a seat that does not exist', 'wrong-signer', { seat: 7 }),
      await fault('another steward’s key', 'wrong-signer', { key: stranger.publicKey }),
      await fault('an invite too few', 'bad-manifest', { invites: pairs(invites.slice(1)) }),
      await fault('an invite that the steward has not signed', 'bad-signature', {
        invites: pairs([nth(invites, 0), byOther]),
      }),
      await fault('a name of two lines', 'malformed', { name: 'Steward\n2' }),
    ],
  };

  const names = ['Steward 1', 'Steward 2', 'Steward 3'];
  const entry = async (seat: number, change: Fields = {}, by?: Signer[]): Promise<Bytes> => {
    const one = await signerOf(`steward ${seat}`);
    const own = await Promise.all(
      [0, 1].map(async (i) => signInvite(salt, (await signerOf(`invite ${seat} ${i}`)).publicKey, seat, one)),
    );
    const all = { ...fields, seat, name: names[seat] ?? '', key: one.publicKey, invites: pairs(own), ...change };
    return encodeSigned(await signMessage('founding', encodeCbor(all), by ?? [nth(seats, seat), one]));
  };
  const entries = await Promise.all([0, 1, 2].map((seat) => entry(seat)));
  const [a, b, c] = [nth(entries, 0), nth(entries, 1), nth(entries, 2)];
  const id = await sha256(terms);
  const whole = await checkFounding(encodeFoundingState(terms, entries, []), id);
  if (whole.manifest === undefined) throw new Error('no manifest');
  const stewards = await Promise.all([0, 1, 2].map((seat) => signerOf(`steward ${seat}`)));
  const { signatures } = await signMessage('manifest', whole.manifest.body, stewards.slice(0, 2));
  const signed = signatures.map((one): CborValue => [one.signer, one.signature]);
  const state = (parts: { of?: CborValue; entries?: CborValue; signatures?: CborValue }): Bytes =>
    encodeCbor([parts.of ?? terms, parts.entries ?? entries, parts.signatures ?? []]);
  const honest = state({ signatures: signed });
  const foreign = await signMessage('manifest', whole.manifest.body, [stranger]);
  const byStranger = foreign.signatures.map((one): CborValue => [one.signer, one.signature]);
  const value = (manifest: Bytes | undefined, count: number): Json => ({
    manifest: manifest === undefined ? null : toHex(manifest),
    signatures: count,
  });
  const stateOf: Vectors = {
    message: 'founding-state',
    context: { founding: toHex(id) },
    good: [
      {
        name: 'two of three seats are taken',
        bytes: toHex(state({ entries: [a, null, c] })),
        value: value(undefined, 0),
      },
      {
        name: 'all are taken, and two stewards have signed the manifest that comes of it',
        bytes: toHex(honest),
        value: value(whole.manifest.id, 2),
      },
    ],
    bad: [
      bad('a byte follows', 'malformed', concatBytes(honest, new Uint8Array(1))),
      bad('it lacks its last byte', 'malformed', honest.slice(0, -1)),
      bad('the signatures are missing', 'malformed', encodeCbor([terms, entries])),
      bad('a seat is missing', 'malformed', state({ entries: [a, b] })),
      bad('a seat too many', 'malformed', state({ entries: [a, b, c, null] })),
      bad('an entry that is not in bytes', 'malformed', state({ entries: [a, 'b', c] })),
      bad(
        'a signature of 63 bytes',
        'malformed',
        state({ signatures: [[nth(stewards, 0).publicKey, new Uint8Array(63)]] }),
      ),
      bad('other terms than the link names', 'wrong-community', state({ of: flip(terms, terms.length - 1) })),
      bad(
        'an entry of another founding',
        'wrong-community',
        state({ entries: [a, await entry(1, { founding: await seedOf('other') }), c] }),
      ),
      bad('entries at each other’s seats', 'wrong-signer', state({ entries: [b, a, c] })),
      bad(
        'an entry that the seat’s key has not signed',
        'wrong-signer',
        state({ entries: [a, await entry(1, {}, [nth(stewards, 1)]), c] }),
      ),
      bad('a bit of an entry’s signature flipped', 'bad-signature', state({ entries: [a, flip(b, b.length - 3), c] })),
      bad(
        'two stewards of one name',
        'bad-manifest',
        state({ entries: [a, await entry(1, { name: 'Steward 1' }), c] }),
      ),
      bad('a stranger’s signature under the manifest', 'wrong-signer', state({ signatures: byStranger })),
      bad(
        'a signature under another manifest',
        'bad-signature',
        state({ signatures: [[nth(signatures, 0).signer, nth(signatures, 1).signature]] }),
      ),
    ],
  };
  return [entryOf, stateOf];
}
