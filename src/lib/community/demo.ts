/**
 * The demo community, played by the server that serves the app when it was started for trying it out. Elsewhere
 * `/demo/community.json` is a file that says there is none.
 */
import * as v from 'valibot';
import { month } from '../../protocol/fields.ts';

const demoSchema = v.object({
  demo: v.nullable(
    v.object({
      community: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
      name: v.string(),
      endpoint: v.pipe(v.string(), v.url()),
    }),
  ),
});

/** The demo community's id and name, and its endpoint's address. */
export type Demo = NonNullable<v.InferOutput<typeof demoSchema>['demo']>;

/** The demo could not do what it was asked; the message is for the user. */
export class DemoError extends Error {
  override readonly name = 'DemoError';
}

/** The demo community of this address; undefined where there is none, and while it cannot be reached. */
export async function findDemo(): Promise<Demo | undefined> {
  try {
    const response = await fetch('/demo/community.json', { cache: 'no-store' });
    const answer = v.safeParse(demoSchema, await response.json());
    return answer.success ? (answer.output.demo ?? undefined) : undefined;
  } catch {
    return undefined;
  }
}

const inviteSchema = v.object({ link: v.pipe(v.string(), v.url()) });
const errorSchema = v.object({ error: v.string() });

/** An unused invite link of the demo community. @throws {DemoError} */
export async function askForInvite(): Promise<string> {
  const answer: unknown = await (await post('/demo/invite', {})).json().catch(() => undefined);
  if (v.is(inviteSchema, answer)) return answer.link;
  throw new DemoError(v.is(errorSchema, answer) ? answer.error : 'The demo community gave no invite.');
}

const lineSchema = v.union([
  v.object({ step: v.string(), done: v.number(), total: v.number() }),
  v.object({ finished: v.literal(true) }),
  errorSchema,
]);

export type DemoProgress = (step: string, done: number, total: number) => void;

/** Has the 40 simulated homes contribute for a month, unless they have. @throws {DemoError} */
export const prepareRound = (ofMonth: string, progress: DemoProgress, signal?: AbortSignal): Promise<void> =>
  work('/demo/rounds', ofMonth, progress, signal);

/** Closes a month's round now, and has the demo's stewards open it. @throws {DemoError} */
export const closeRound = (ofMonth: string, progress: DemoProgress, signal?: AbortSignal): Promise<void> =>
  work('/demo/rounds/close', ofMonth, progress, signal);

async function work(path: string, ofMonth: string, progress: DemoProgress, signal?: AbortSignal): Promise<void> {
  const response = await post(path, { month: v.parse(month, ofMonth) }, signal);
  let rest = '';
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const chunk = await reader?.read();
    if (chunk?.value === undefined) break;
    const lines = (rest + chunk.value).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (readLine(line, progress)) return;
  }
  if (!readLine(rest, progress)) throw new DemoError('The demo community broke off. Try again.');
}

/** Gives true when the work is finished. */
function readLine(text: string, progress: DemoProgress): boolean {
  const line = v.safeParse(lineSchema, text.trim() === '' ? undefined : JSON.parse(text));
  if (!line.success) return false;
  if ('error' in line.output) throw new DemoError(line.output.error);
  if ('finished' in line.output) return true;
  progress(line.output.step, line.output.done, line.output.total);
  return false;
}

async function post(path: string, body: object, signal?: AbortSignal): Promise<Response> {
  try {
    return await fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (cause) {
    if (signal?.aborted === true) throw cause;
    throw new DemoError('The demo community cannot be reached. Is `npm start` still running?', { cause });
  }
}
