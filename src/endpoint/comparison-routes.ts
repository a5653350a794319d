/** Routes of encrypted comparisons (docs/protocol.md, "Comparison"). */
import type { Context, Env, Hono } from 'hono';
import type { Bytes } from '../protocol/bytes.ts';
import { keyPieceBytes, mostRequestBytes } from '../protocol/comparison.ts';
import { decodeSigned } from '../protocol/signed.ts';
import { readBody } from './body.ts';
import type { Comparisons } from './comparisons.ts';
import type { Core, Round } from './core.ts';
import { fileAnswer } from './files.ts';
import { Problem } from './problem.ts';

export interface ComparisonRoutesOptions<E extends Env> {
  readonly core: Core;
  readonly comparisons: Comparisons;
  readonly bodyMs: number;
  readonly idOf: (context: Context<E>) => string;
  readonly roundOf: (context: Context<E>) => Promise<Round>;
}

const keysPath = '/communities/:id/comparison-keys';
const comparisonsPath = '/communities/:id/rounds/:month/comparisons';

export function addComparisonRoutes<E extends Env>(
  app: Hono<E>,
  { core, comparisons, bodyMs, idOf, roundOf }: ComparisonRoutesOptions<E>,
): void {
  const { keys } = comparisons;
  const keyOf = ({ req }: Context<E>): string => {
    const key = req.param('key') ?? '';
    if (!/^[0-9a-f]{64}$/.test(key)) throw new Problem('not-found', 'There is no such server key at this endpoint.');
    return key;
  };

  app.post(keysPath, async (context) => {
    const community = await core.community(idOf(context));
    await keys.announce(community, decodeSigned(await readBody(context.req.raw, mostRequestBytes, bodyMs)));
    return context.body(null, 204);
  });
  // Hono answers HEAD by its GET.
  app.get(`${keysPath}/:key`, async (context) => {
    const upload = await keys.upload(idOf(context), keyOf(context));
    if (upload === undefined) throw new Problem('not-found', 'No such server key was announced.');
    return context.body(null, 204, {
      'Upload-Offset': String(upload.offset),
      'Upload-Length': String(upload.size),
    });
  });
  app.patch(`${keysPath}/:key`, async (context) => {
    const [id, key] = [idOf(context), keyOf(context)];
    const offset = context.req.header('upload-offset') ?? '';
    if (!/^\d{1,9}$/.test(offset)) throw new Problem('wrong-offset', 'Say with Upload-Offset where the piece begins.');
    const piece = await readBody(context.req.raw, keyPieceBytes, bodyMs, 'application/offset+octet-stream');
    const next = await keys.addPiece(id, key, Number(offset), piece);
    return context.body(null, 204, { 'Upload-Offset': String(next) });
  });

  app.post(comparisonsPath, async (context) => {
    const round = await roundOf(context);
    await comparisons.take(round, decodeSigned(await readBody(context.req.raw, mostRequestBytes, bodyMs)));
    return context.body(null, 202);
  });
  app.get(`${comparisonsPath}/:file`, async (context) => {
    const round = await roundOf(context);
    const id = /^([0-9a-f]{64})\.bin$/.exec(context.req.param('file'))?.[1];
    const bytes: Bytes | undefined = id === undefined ? undefined : await comparisons.result(round, id);
    if (bytes !== undefined) return fileAnswer(context.req.raw, bytes, 'immutable');
    if (id !== undefined && comparisons.waits(id)) return context.body(null, 204);
    throw new Problem('not-found', 'There is no such comparison.');
  });
}
