/**
 * The one module through which the app asks anything of another origin. It asks the endpoint of a community that the
 * user has joined or was invited to, and refuses every other address.
 */
import { EndpointClient } from '../../protocol/endpoint-client.ts';

/**
 * A client of one endpoint, which can reach nothing else.
 * @param endpointUrl - from a checked invite or a stored membership
 */
export function endpointAt(endpointUrl: string): EndpointClient {
  const { origin } = new URL(endpointUrl);
  return new EndpointClient({
    url: endpointUrl,
    fetch: (url, init) =>
      new URL(url).origin === origin
        ? fetch(url, init)
        : Promise.reject(new TypeError('An address outside the community’s endpoint was asked for.')),
  });
}
