import { Hono } from 'hono';
import { streamText } from 'hono/streaming';
import * as v from 'valibot';
import type { DemoCommunity, DemoProgress } from './demo-community.ts';

const monthRequest = v.object({ month: v.pipe(v.string(), v.regex(/^\d{4}-(0[1-9]|1[0-2])$/)) });

/**
 * What the app's demo panel asks of the demo community. Long work answers with one JSON object a line:
 * `{ step, done, total }` while it goes on, then `{ finished: true }` or `{ error }`.
 */
export function demoRoutes(demo: DemoCommunity, appOrigin: string): Hono {
  const routes = new Hono();

  // A page of another origin must not spend the demo's invites or close its rounds.
  routes.use(async (context, next) => {
    const origin = context.req.header('origin');
    const foreign = context.req.method !== 'GET' && origin !== appOrigin;
    return foreign ? context.json({ error: 'Only the app itself may ask this.' }, 403) : next();
  });

  routes.get('/community.json', async (context) => context.json({ demo: await demo.description() }));

  routes.post('/invite', async (context) => {
    const link = await demo.nextInvite();
    if (link === undefined) {
      return context.json(
        { error: 'All invites of the demo community are used. Delete its data folder to start anew.' },
        409,
      );
    }
    return context.json({ link });
  });

  const work = (path: string, run: (month: string, progress: DemoProgress) => Promise<void>): void => {
    routes.post(path, async (context) => {
      const body = v.safeParse(monthRequest, await context.req.json().catch(() => undefined));
      if (!body.success) return context.json({ error: 'A month such as 2024-03 is needed.' }, 400);
      return streamText(context, async (stream) => {
        const write = (line: object): void => void stream.writeln(JSON.stringify(line));
        try {
          await run(body.output.month, (step, done, total) => write({ step, done, total }));
          write({ finished: true });
        } catch (error) {
          write({ error: error instanceof Error ? error.message : 'The demo community could not do that.' });
        }
      });
    });
  };
  work('/rounds', (month, progress) => demo.prepareMonth(month, progress));
  work('/rounds/close', (month, progress) => demo.closeMonth(month, progress));
  return routes;
}
