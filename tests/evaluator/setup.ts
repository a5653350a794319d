import { buildEvaluator } from '../../scripts/build-evaluator.js';

/** Compiles the evaluator once before the tests. */
export default async function setup(): Promise<void> {
  await buildEvaluator();
}
