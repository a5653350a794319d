/**
 * Links between the stewards of a community and one who takes another's place (a new phone, or a new person). There is no
 * secret in them: the seat's key is made on the newcomer's device, and t stewards sign it with an amendment.
 */
import * as v from 'valibot';
import { fromBase64Url, toBase64Url, type Bytes } from './bytes.ts';
import { decodeCbor, encodeCbor, type CborValue } from './cbor.ts';
import { ProtocolError } from './error.ts';
import { hash, key, label, stewardIndex } from './fields.ts';
import { sha256 } from './hash.ts';
import { endpointUrl } from './invite.ts';
import { phraseOf } from './phrase.ts';

/** Asks somebody to take a steward's place. */
export interface SeatOffer {
  readonly endpointUrl: string;
  readonly community: Bytes;
  /** Index of the steward whose place it is. */
  readonly seat: number;
}

/** The newcomer's answer. */
export interface Candidate {
  readonly community: Bytes;
  readonly seat: number;
  readonly name: string;
  /** Public key of the newcomer. */
  readonly key: Bytes;
}

const offerSchema = v.strictTuple([endpointUrl, hash, stewardIndex]);
const candidateSchema = v.strictTuple([hash, stewardIndex, label(40), key]);

const encode = (appOrigin: string, screen: string, fields: CborValue): string =>
  `${appOrigin}/${screen}/#${toBase64Url(encodeCbor(fields))}`;

function bytesOf(link: string): Bytes {
  const encoded = fromBase64Url(link.trim().slice(link.trim().indexOf('#') + 1));
  if (encoded === null || encoded.length === 0) {
    throw new ProtocolError('malformed', 'This link is not complete: ask for it again, or copy all of it');
  }
  return encoded;
}

/** `<appOrigin>/steward/join/#<base64url of CBOR [endpointUrl, community, seat]>` */
export const encodeSeatOffer = (appOrigin: string, { endpointUrl: url, community, seat }: SeatOffer): string =>
  encode(appOrigin, 'steward/join', [url, community, seat]);

/** @throws {ProtocolError} `malformed` */
export function parseSeatOffer(link: string): SeatOffer {
  const [url, community, seat] = decodeCbor(offerSchema, bytesOf(link), 'The link to a steward’s place');
  return { endpointUrl: url, community, seat };
}

/** `<appOrigin>/steward/changes/#<base64url of CBOR [community, seat, name, key]>` */
export const encodeCandidate = (appOrigin: string, { community, seat, name, key }: Candidate): string =>
  encode(appOrigin, 'steward/changes', [community, seat, name, key]);

/** @throws {ProtocolError} `malformed` */
export function parseCandidate(link: string): Candidate {
  const [community, seat, name, key] = decodeCbor(candidateSchema, bytesOf(link), 'The newcomer’s link');
  return { community, seat, name, key };
}

/** The phrase of a newcomer's key, for stewards to compare with the newcomer by voice or in person. */
export const candidatePhrase = async (key: Bytes): Promise<string> => phraseOf(await sha256(key));
