import { execFileSync } from 'node:child_process';
import { openSync, readFileSync, readSync, fstatSync, mkdirSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ByteSource } from '../../src/evaluator/byte-source.ts';
import { Circuit } from '../../src/evaluator/circuit.ts';
import { encryptedBackend } from '../../src/evaluator/encrypted-backend.ts';
import { Evaluator } from '../../src/evaluator/evaluator.ts';
import { expandServerKey } from '../../src/evaluator/key-expansion.ts';
import { lookupTable } from '../../src/evaluator/lookup-table.ts';
import { attach } from '../../src/evaluator/machine.ts';
import { batchPlaces } from '../../src/evaluator/memory-layout.ts';
import { message2Carry2, type Parameters } from '../../src/evaluator/parameters.ts';
import { planRank, rank } from '../../src/evaluator/rank.ts';
import {
  encrypt,
  evaluatorModule,
  evaluatorModulePath,
  open,
  type OpenKey,
  realKey,
  realKeyFile,
} from '../evaluator/keys.ts';
import {
  bootstrapNoise,
  keySwitchNoise,
  log2FailureProbability,
  message2Carry2Noise,
  modulusSwitchNoise,
} from '../evaluator/noise.ts';
import { measureNoise, weightsOf } from '../evaluator/noise-measurement.ts';
import { ReferenceEvaluator } from '../evaluator/reference.ts';

const round = (value: number, digits = 2) => Number(value.toFixed(digits));
const megabytes = (bytes: number) => round(bytes / 1e6, 1);
const say = (text: string) => process.stderr.write(text);

interface Times {
  readonly medianMs: number;
  readonly minMs: number;
  /** Median of the processor time, which other programs on the machine lengthen less. */
  readonly cpuMs: number;
}

const medianOf = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;
const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/** Median and best of `runs` runs, after one that is not counted. */
async function timesOf(runs: number, work: () => unknown): Promise<Times> {
  await work();
  const times: number[] = [];
  const cpuTimes: number[] = [];
  for (let i = 0; i < runs; i++) {
    const startMs = performance.now();
    const startCpuMs = cpuMs();
    await work();
    times.push(performance.now() - startMs);
    cpuTimes.push(cpuMs() - startCpuMs);
  }
  return { medianMs: round(medianOf(times)), minMs: round(Math.min(...times)), cpuMs: round(medianOf(cpuTimes)) };
}

/** Deciles: two pairs share their upper four bits, as is usual; no two share them; the worst there is. */
const thresholdSets = {
  usual: [36, 44, 58, 75, 90, 101, 108, 128, 150],
  apart: [20, 45, 66, 84, 100, 120, 140, 165, 200],
  worst: [17, 18, 19, 20, 33, 34, 35, 49, 50],
};

async function rankTimes(key: OpenKey, thresholds: readonly number[], runs: number) {
  const backend = encryptedBackend(key.evaluator);
  const plan = planRank(thresholds);
  const digits = [2, 1, 3, 0].map((digit) => encrypt(key, digit));
  const times = await timesOf(runs, () => {
    const circuit = new Circuit(backend);
    return rank(
      circuit,
      digits.map((digit) => circuit.input(digit, 0, 3)),
      plan,
    );
  });
  return { bootstraps: plan.bootstraps, ...times };
}

/** Multiplications and additions of doubles, two lanes a vector, in the transforms and products of one bootstrap. */
export function floatingPointOperations(parameters: Parameters): { multiplications: number; additions: number } {
  const { lweDimension, glweDimension, polynomialSize, pbsLevel } = parameters;
  const points = polynomialSize / 2;
  const pairs = (glweDimension + 2) >> 1;
  const rows = (glweDimension + 1) * pbsLevel;
  // A node that splits four points: three complex products and eight complex sums. One that splits two: one and two.
  const log = Math.log2(points);
  const [fours, twos] = [((log - (log % 2)) / 2) * (points / 4), (log % 2) * (points / 2)];
  const transform = { multiplications: 12 * fours + 4 * twos, additions: 22 * fours + 6 * twos };
  const transforms = (pbsLevel + 1) * pairs;
  // A complex product and sum per point, row and pair.
  const products = points * rows * pairs;
  return {
    multiplications: lweDimension * (transforms * transform.multiplications + 4 * products),
    additions: lweDimension * (transforms * transform.additions + 4 * products - 2 * points * pairs),
  };
}

interface Kernel {
  multiplyAdd(count: number): number;
  add(count: number): number;
}
const isKernel = (exports: object): exports is Kernel => 'multiplyAdd' in exports && 'add' in exports;

/** As many multiplications and additions as a bootstrap has, on registers alone: no code on this machine is faster. */
async function floatingPointBound(): Promise<Times> {
  const source = join('tests', 'bench', 'assembly', 'lower-bound.ts');
  const output = join('build', 'bench', 'lower-bound.wasm');
  mkdirSync(join('build', 'bench'), { recursive: true });
  const compiler = join('node_modules', 'assemblyscript', 'bin', 'asc.js');
  const flags = ['-O3', '--noAssert', '--runtime', 'stub', '--enable', 'simd'];
  execFileSync(process.execPath, [compiler, source, '--outFile', output, ...flags]);
  const { instance } = await WebAssembly.instantiate(readFileSync(output));
  const kernel: object = instance.exports;
  if (!isKernel(kernel)) throw new Error('the kernel lacks its functions');
  const { multiplications, additions } = floatingPointOperations(message2Carry2);
  return timesOf(40, () => {
    kernel.multiplyAdd(multiplications);
    kernel.add(additions - multiplications);
  });
}

/** The plain twin on the same key, one run of some seconds, in processor time. */
async function referenceTwin(key: OpenKey): Promise<{ keySwitchMs: number; bootstrapMs: number }> {
  const { words } = encrypt(key, 3);
  const input = new BigUint64Array(words.slice().buffer);
  const twin = await ReferenceEvaluator.from(key.serverKeyBytes);
  const startMs = cpuMs();
  twin.keySwitch(input);
  const middleMs = cpuMs();
  twin.bootstrap(input, (x) => x);
  const endMs = cpuMs();
  const keySwitchMs = middleMs - startMs;
  return { keySwitchMs: round(keySwitchMs, 0), bootstrapMs: round(endMs - middleMs - keySwitchMs, 0) };
}

/** What expanding a key from a file adds to a process: what stays, and the most there was on the way. */
export async function memoryOfExpansion(path: string): Promise<{ residentMb: number; peakMb: number }> {
  const module = await evaluatorModule();
  const file = openSync(path, 'r');
  const buffer = new Uint8Array(1 << 20);
  const source: ByteSource = {
    size: fstatSync(file).size,
    read: (offset, length) => buffer.subarray(0, readSync(file, buffer, 0, length, offset)),
  };
  buffer.fill(1);
  const before = process.memoryUsage.rss();
  let peak = before;
  const onProgress = () => {
    peak = Math.max(peak, process.memoryUsage.rss());
  };
  const memory = await expandServerKey(module, source, { onProgress });
  const machine = await attach(module, memory, 0);
  const evaluator = new Evaluator(memory, machine);
  evaluator.bootstrap({ words: new Uint32Array(2 * 2049), degree: 0, noiseLevel: 0 }, [
    lookupTable(memory.parameters, (x) => x),
  ]);
  onProgress();
  return { residentMb: megabytes(process.memoryUsage.rss() - before), peakMb: megabytes(peak - before) };
}

/** {@link memoryOfExpansion} in a process of its own, where nothing else comes and goes. */
function memoryInFreshProcess(): { residentMb: number; peakMb: number } {
  const bundle = pathToFileURL(join(process.cwd(), 'build', 'bench', 'evaluator.mjs')).href;
  const script = `const { memoryOfExpansion } = await import(${JSON.stringify(bundle)});
    console.log(JSON.stringify(await memoryOfExpansion(${JSON.stringify(realKeyFile('server-key'))})));`;
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' });
  return JSON.parse(output) as { residentMb: number; peakMb: number };
}

async function figures(key: OpenKey): Promise<Record<string, unknown>> {
  const { evaluator, machine, parameters } = key;
  const { exports } = machine;
  const input = encrypt(key, 5);
  const table = lookupTable(parameters, (x) => (7 * x + 3) % 16);
  say('Bootstraps… ');
  const both = await timesOf(200, () => evaluator.bootstrap(input, [table]));
  const bootstrap = await timesOf(100, () => exports.bootstrap(1, 16));
  const keySwitch = await timesOf(100, () => evaluator.keySwitch(input));
  const inputs = Array.from({ length: batchPlaces }, (_, i) => encrypt(key, i));
  const batch = await timesOf(60, () => evaluator.bootstrapAll(inputs.map((ciphertext) => ({ ciphertext, table }))));
  say('ranks… ');
  const ranks = await rankTimes(key, thresholdSets.usual, 20);
  const ranksApart = await rankTimes(key, thresholdSets.apart, 20);
  const ranksWorst = await rankTimes(key, thresholdSets.worst, 10);
  say('key expansion… ');
  const expansion = await timesOf(7, () => open(key));
  say('memory… ');
  const memory = memoryInFreshProcess();
  say('lower bound… ');
  const bound = await floatingPointBound();
  say('plain twin… ');
  const twin = await referenceTwin(key);
  say('\n');
  return {
    machine: cpus()[0]?.model ?? 'unknown',
    node: process.version,
    keySwitchAndBootstrap: both,
    bootstrap,
    keySwitch,
    /** Key switch and bootstrap of each ciphertext when several go through the key together. */
    inBatch: {
      ciphertexts: batchPlaces,
      medianMs: round(batch.medianMs / batchPlaces),
      minMs: round(batch.minMs / batchPlaces),
      cpuMs: round(batch.cpuMs / batchPlaces),
    },
    keyExpansionMs: expansion.medianMs,
    rank: ranks,
    rankApart: ranksApart,
    rankWorst: ranksWorst,
    memoryMb: memory.residentMb,
    memoryPeakMb: memory.peakMb,
    keyMemoryBytes: key.memory.layout.bytes,
    wasmBytes: readFileSync(evaluatorModulePath()).length,
    floatingPointBound: { ...bound, ...floatingPointOperations(parameters) },
    timesTheBound: round(bootstrap.cpuMs / bound.cpuMs),
    plainTwin: twin,
    timesFasterThanTwin: round((twin.keySwitchMs + twin.bootstrapMs) / both.cpuMs, 0),
  };
}

/** Noise of `count` bootstraps beside what theory predicts for this key, in log2 of the torus. */
function soak(key: OpenKey, count: number): Record<string, unknown> {
  const measured = measureNoise(key, count, (done) => {
    if (done % 100 === 0) say(`\r${done} of ${count} bootstraps`);
  });
  say('\n');
  const weights = weightsOf(key);
  const predicted = {
    keySwitch: keySwitchNoise(key.parameters, message2Carry2Noise, weights),
    modulusSwitch: modulusSwitchNoise(key.parameters, weights),
    bootstrap: bootstrapNoise(key.parameters, message2Carry2Noise, weights),
  };
  const { keySwitch, modulusSwitch, bootstrap, accumulator } = measured.deviations;
  const beside = (own: number, theory: number) => ({
    measuredLog2: round(Math.log2(own), 3),
    predictedLog2: round(Math.log2(theory), 3),
    ratio: round(own / theory, 3),
  });
  const { maxNoiseLevel } = key.parameters;
  return {
    bootstraps: measured.bootstraps,
    wrong: measured.wrong,
    keySwitchNoise: beside(keySwitch, predicted.keySwitch),
    modulusSwitchNoise: beside(modulusSwitch, predicted.modulusSwitch),
    outputNoise: beside(bootstrap, predicted.bootstrap),
    accumulatorNoise: beside(accumulator, predicted.bootstrap),
    failureLog2: {
      predicted: round(log2FailureProbability(key.parameters, maxNoiseLevel, predicted)),
      withMeasuredOutputNoise: round(
        log2FailureProbability(key.parameters, maxNoiseLevel, { ...predicted, bootstrap: accumulator }),
      ),
    },
  };
}

/**
 * Figures of the evaluator under a real key: times in ms, memory in MB, and ratios to the plain twin and to the
 * machine's own bound. `--soak N` runs N bootstraps instead and shows their noise beside the predicted one.
 */
export async function bench(args: readonly string[]): Promise<Record<string, unknown>> {
  const at = args.indexOf('--soak');
  const count = Number(args[at + 1]);
  if (at >= 0 && !(Number.isInteger(count) && count > 0)) throw new RangeError('--soak: how many bootstraps?');
  const unknown = args.find((arg, i) => at < 0 || (i !== at && i !== at + 1));
  if (unknown !== undefined) throw new RangeError(`${unknown}: the arguments are --json and --soak N`);
  const key = await open(await realKey());
  return at >= 0 ? soak(key, count) : figures(key);
}
