import type { Bytes } from '../../protocol/bytes.ts';

/** What the page asks an endpoint on the worker's behalf. */
export type Ask = (url: string, request: AskedRequest) => Promise<AskedResponse>;
export interface AskedRequest {
  readonly method: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Bytes | null;
}
export interface AskedResponse {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Bytes;
}
