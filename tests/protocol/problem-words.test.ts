import { describe, expect, it } from 'vitest';
import { Problem, problemDetails, type ProblemCode } from '../../src/endpoint/problem.ts';
import { EndpointClient } from '../../src/protocol/endpoint-client.ts';
import { problemWords } from '../../src/protocol/problem-words.ts';

const codes: Record<ProblemCode, true> = {
  'not-found': true,
  'bad-authorization': true,
  'too-slow': true,
  'too-large': true,
  'wrong-type': true,
  'bad-range': true,
  'wrong-endpoint': true,
  'not-announced': true,
  'not-opened': true,
  'wrong-offset': true,
  'no-server-key': true,
  'set-aside': true,
  'not-closed': true,
  'round-closed': true,
  'round-full': true,
  superseded: true,
  left: true,
  'already-bound': true,
  'too-many': true,
  'too-fast': true,
  damaged: true,
  internal: true,
  'storage-failed': true,
  'storage-full': true,
};

describe('refusals of an endpoint', () => {
  it('have words for whoever asked, whatever the endpoint says of itself', async () => {
    for (const code of Object.keys(codes)) expect(problemWords(code), code).toMatch(/^\p{Lu}.+\.$/u);
    const { headers, ...body } = problemDetails(new Problem('round-full', 'English words of the endpoint.'));
    const fetch = () => Promise.resolve(new Response(JSON.stringify(body), { status: body.status, headers }));
    const client = new EndpointClient({ url: 'https://e', fetch });
    await expect(client.identity()).rejects.toMatchObject({
      code: 'round-full',
      message: problemWords('round-full'),
      cause: 'The round is full. English words of the endpoint.',
    });
  });

  it('of a kind that is not known here are told as they came', async () => {
    const body = { type: 'urn:peua:from-the-future', title: 'A new thing', detail: 'Nobody knows.' };
    const client = new EndpointClient({
      url: 'https://e',
      fetch: () => Promise.resolve(new Response(JSON.stringify(body), { status: 409 })),
    });
    await expect(client.identity()).rejects.toMatchObject({ message: 'A new thing. Nobody knows.' });
  });
});
