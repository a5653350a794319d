import { expect, test } from '@playwright/test';
import { Complaints } from './support.ts';
import { serveEvaluatorPage } from './evaluator/server.ts';

const thresholds = [36, 44, 58, 75, 90, 101, 108, 128, 150];
const mean = 84;
const codes = [0, 36, 43, 90, 107, 255];
const expected = codes.map((code) => ({
  rank: thresholds.filter((t) => code >= t).length,
  above: code >= mean ? 1 : 0,
}));

for (const [name, isolated] of [
  ['two workers share one key', true],
  ['without shared memory one worker keeps it', false],
] as const) {
  test(`tfhe makes the key and reads the answers, the evaluator computes them: ${name}`, async ({ page }) => {
    const complaints = new Complaints().hear(page);
    const server = await serveEvaluatorPage(isolated);
    try {
      await page.goto(server.url);
      const result = await page.evaluate((args) => window.roundTrip(...args), [codes, thresholds, mean, 2] as const);
      test.info().annotations.push({ type: 'figures', description: JSON.stringify(result) });
      expect(result.answers).toEqual(expected);
      expect(result).toMatchObject({ isolated, serverKeyBytes: 28_459_264, workers: isolated ? 2 : 1 });
      expect(result.progressCalls).toBeGreaterThan(50);
      expect(complaints.unexpected).toEqual([]);
    } finally {
      server.stop();
    }
  });
}
