/**
 * Trains the advice model that endpoints evaluate under encryption:
 * `train-advice [--homes N] [--data FILE]... [--encrypted N] [--seed S] [--out FILE] [--version V]`. One JSON object on
 * stdout; ends with 1 if a score is not better than the most frequent one, or another under encryption than in the clear.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { recordedAdviceHomes, simulatedAdviceHomes } from '../simulation/advice-homes.ts';
import { readHomes } from '../simulation/replay.ts';
import { communityOf, scoreUnderEncryption, trainModel } from '../simulation/train-advice.ts';
import { wholeNumber } from './whole-number.ts';

const usage =
  'Usage: train-advice [--homes N] [--data FILE]... [--encrypted N] [--seed S] [--out FILE] [--version V]\n' +
  '  --homes N      simulated homes, every fourth held out (1600)\n' +
  '  --data FILE    real homes as well (.csv or .csv.gz), every fourth held out; may be given more than once\n' +
  '  --encrypted N  held-out home-months that are scored under encryption too (8)\n' +
  '  --seed S       another whole number makes other simulated homes (1)\n' +
  '  --out FILE     writes the model there\n' +
  '  --version V    number of the model that is written (1)\n';

const say = (line: string): void => void process.stderr.write(`${line}\n`);

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      homes: { type: 'string', default: '1600' },
      data: { type: 'string', multiple: true, default: [] },
      encrypted: { type: 'string', default: '8' },
      seed: { type: 'string', default: '1' },
      out: { type: 'string' },
      version: { type: 'string', default: '1' },
    },
  });
  const homes = wholeNumber('homes', values.homes);
  if (homes < 40) throw new RangeError('--homes must be at least 40');
  say(`${homes} simulated homes live through a year`);
  const simulated = communityOf('simulated', simulatedAdviceHomes(wholeNumber('seed', values.seed), homes));
  const communities = [simulated];
  for (const file of values.data) {
    const bytes = await readFile(file);
    const csv = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
    const { homes: series, timeZone, southern } = readHomes(csv);
    say(`${series.length} homes of ${basename(file)}`);
    communities.push(communityOf(basename(file), recordedAdviceHomes(series, timeZone, southern)));
  }
  say('Training');
  const { model, quality } = trainModel(wholeNumber('version', values.version), communities);
  const module = await WebAssembly.compile(await readFile(new URL('../evaluator/evaluator.wasm', import.meta.url)));
  const encrypted = await scoreUnderEncryption(
    module,
    model,
    simulated,
    wholeNumber('encrypted', values.encrypted),
    say,
  );
  if (values.out !== undefined) await writeFile(values.out, `${JSON.stringify(model, undefined, 2)}\n`);
  process.stdout.write(`${JSON.stringify({ quality, encrypted }, undefined, 2)}\n`);
  const better = Object.values(quality.simulated ?? {}).every(({ accuracy, baseline }) => accuracy > baseline);
  return better && encrypted.unequal === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  say(`\n${usage}`);
  process.exitCode = 1;
}
