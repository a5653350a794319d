/** The analysis worker: works all figures of a home out off the page's thread. */
import { expose } from 'comlink';
import { analyseHome, type AnalysisInput, type HomeAnalysis } from './analysis.ts';

const api = {
  /** See `analyseHome`. */
  analyse: (input: AnalysisInput): HomeAnalysis => analyseHome(input),
};

export type AnalysisWorker = typeof api;

expose(api);
