/** A web worker of the evaluator's pool, as a host writes it. */
import { scopePort } from '../../../src/evaluator/ports.ts';
import { serveEvaluator } from '../../../src/evaluator/worker.ts';

serveEvaluator(scopePort(self));
