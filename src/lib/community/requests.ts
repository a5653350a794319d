/**
 * The one module through which the app asks anything of another origin. It asks the endpoint of a community that the
 * user has joined, was invited to or founds, and refuses every other address.
 */
import { EndpointClient } from '../../protocol/endpoint-client.ts';
import type { Ask } from '../fhe/ask.ts';

const fetchAt =
  (endpointUrl: string) =>
  (url: string, init: RequestInit): Promise<Response> =>
    new URL(url).origin === new URL(endpointUrl).origin
      ? fetch(url, init)
      : Promise.reject(new TypeError('An address outside the community’s endpoint was asked for.'));

/**
 * A client of one endpoint, which can reach nothing else.
 * @param endpointUrl - from a checked invite or a stored membership
 */
export const endpointAt = (endpointUrl: string): EndpointClient =>
  new EndpointClient({ url: endpointUrl, fetch: fetchAt(endpointUrl) });

/** How the fhe worker, which asks nobody itself, asks the endpoint of a stewardship, and no other. */
export const askAt =
  (endpointUrl: string): Ask =>
  async (url, { method, headers, body }) => {
    const response = await fetchAt(endpointUrl)(url, {
      method,
      headers: headers.map(([name, value]): [string, string] => [name, value]),
      body,
      signal: AbortSignal.timeout(60_000),
      credentials: 'omit',
      redirect: 'error',
      referrerPolicy: 'no-referrer',
    });
    return {
      status: response.status,
      headers: [...response.headers.entries()],
      body: new Uint8Array(await response.arrayBuffer()),
    };
  };
