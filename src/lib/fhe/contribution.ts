/**
 * Encryption of contributions with `tfhe`: round keys, shares in, totals out. The module is passed in, so that the same
 * code runs on `tfhe` in a web worker and on `node-tfhe`.
 */
import { concatBytes, ownBytes, type Bytes } from '../../protocol/bytes.ts';
import {
  checkCiphertext,
  checkPublicKey,
  plaintextBits,
  pushCount,
  slotCount,
  slotsPerPush,
} from '../../protocol/ciphertext.ts';
import { ProtocolError } from '../../protocol/error.ts';
import { vectorLength } from '../../protocol/features.ts';
import { prime } from '../../protocol/shamir.ts';
import { withObjects } from './objects.ts';
import { contributionParameters } from './parameters.ts';
import type { TfheModule } from './tfhe-module.ts';

/** A steward's keys for one round, serialized; the secret key opens everything sent under the public one. */
export interface RoundKeyPair {
  readonly publicKey: Bytes;
  readonly secretKey: Bytes;
}

/**
 * What stands between a serialized shortint client key and a high-level one: six absent optional keys and an empty tag.
 * The high-level generator refuses our plaintext scale, the shortint one does not.
 */
const highLevelTail = new Uint8Array(6 + 8);

/** A fresh key pair for one round. */
export function makeRoundKey(tfhe: TfheModule): RoundKeyPair {
  return withObjects((keep) => {
    const shortintKey = keep(tfhe.Shortint.new_client_key(keep(contributionParameters(tfhe))));
    const serialized = concatBytes(tfhe.Shortint.serialize_client_key(shortintKey), highLevelTail);
    const secretKey = keep(tfhe.TfheClientKey.deserialize(serialized));
    const publicKey = ownBytes(keep(tfhe.TfheCompactPublicKey.new(secretKey)).serialize());
    checkPublicKey(publicKey);
    return { publicKey, secretKey: ownBytes(secretKey.serialize()) };
  });
}

/**
 * Encrypts one steward's shares under that steward's round key.
 *
 * @param publicKey - from the announcement
 * @param shares - one value 0..p − 1 per slot of the vector
 * @returns a ciphertext of `ciphertextBytes`, different every time
 * @throws {ProtocolError} `bad-announcement` for a key with other parameters, `bad-value` for other shares
 */
export function encryptShares(tfhe: TfheModule, publicKey: Uint8Array, shares: readonly number[]): Bytes {
  checkPublicKey(publicKey);
  if (shares.length !== vectorLength || shares.some((y) => !Number.isInteger(y) || y < 0 || y >= prime)) {
    throw new ProtocolError('bad-value', `Shares must be ${vectorLength} integers 0..${prime - 1}`);
  }
  return withObjects((keep) => {
    const builder = keep(tfhe.CompactCiphertextList.builder(keep(tfhe.TfheCompactPublicKey.deserialize(publicKey))));
    for (let push = 0; push < pushCount; push++) {
      const group = shares.slice(push * slotsPerPush, (push + 1) * slotsPerPush);
      builder.push_u240(group.reduceRight((packed, share) => (packed << BigInt(plaintextBits)) | BigInt(share), 0n));
    }
    const ciphertext = ownBytes(keep(builder.build()).serialize());
    checkCiphertext(ciphertext);
    return ciphertext;
  });
}

const slotMask = 2n ** BigInt(plaintextBits) - 1n;

/**
 * Decrypts a total (or one contribution) with a round's secret key.
 *
 * @returns the unreduced sum of shares per slot of the vector, 0..2^30 − 1
 * @throws {ProtocolError} `bad-ciphertext`
 */
export function decryptTotal(tfhe: TfheModule, secretKey: Uint8Array, total: Uint8Array): number[] {
  checkCiphertext(total);
  return withObjects((keep) => {
    const key = keep(tfhe.TfheClientKey.deserialize(secretKey));
    const expanded = keep(keep(tfhe.CompactCiphertextList.deserialize(total)).expand());
    const sums = Array.from({ length: pushCount }, (_, push) => {
      const packed = keep(expanded.get_uint240(push)).decrypt(key);
      if (typeof packed !== 'bigint') throw new TypeError('tfhe gave no integer');
      return Array.from({ length: slotsPerPush }, (_, slot) =>
        Number((packed >> BigInt(slot * plaintextBits)) & slotMask),
      );
    }).flat();
    if (sums.length !== slotCount) throw new TypeError('tfhe gave another number of slots');
    return sums.slice(0, vectorLength);
  });
}
