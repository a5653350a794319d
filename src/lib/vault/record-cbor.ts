/** Records as CBOR (RFC 8949), columns of readings as the typed arrays of RFC 8746, little-endian. */

import { decode, encode, type DecodeOptions } from 'cborg';
import {
  float64ArrayDecoder,
  float64ArrayEncoder,
  int32ArrayDecoder,
  int32ArrayEncoder,
  TAG_FLOAT64_ARRAY_LE,
  TAG_INT32_ARRAY_LE,
  TAG_UINT32_ARRAY_LE,
  uint32ArrayDecoder,
  uint32ArrayEncoder,
} from 'cborg/taglib';
import { ownBytes, type Bytes } from '../../protocol/bytes.ts';

const typeEncoders = {
  Float64Array: float64ArrayEncoder,
  Uint32Array: uint32ArrayEncoder,
  Int32Array: int32ArrayEncoder,
};
const tags: NonNullable<DecodeOptions['tags']> = {
  [TAG_FLOAT64_ARRAY_LE]: float64ArrayDecoder,
  [TAG_UINT32_ARRAY_LE]: uint32ArrayDecoder,
  [TAG_INT32_ARRAY_LE]: int32ArrayDecoder,
};

export const encodeRecord = (record: object): Bytes => ownBytes(encode(record, { typeEncoders }));

/** What {@link encodeRecord} encoded, to be checked by who knows its shape. @throws Error when the bytes are no CBOR */
export const decodeRecord = (bytes: Uint8Array): unknown => decode(bytes, { tags, rejectDuplicateMapKeys: true });
