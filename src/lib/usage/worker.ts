/** The analysis worker: works all figures of a home out off the page's thread. */
import { expose, transfer } from 'comlink';
import { analyseHome, type AnalysisInput, type HomeAnalysis } from './analysis.ts';

const api = {
  /** See `analyseHome`. The columns of the table are handed over, not copied. */
  analyse(input: AnalysisInput): HomeAnalysis {
    const analysis = analyseHome(input);
    const columns = Object.values(analysis.table).filter((value) => ArrayBuffer.isView(value));
    return transfer(
      analysis,
      columns.map(({ buffer }) => buffer),
    );
  },
};

export type AnalysisWorker = typeof api;

expose(api);
