import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Shortint } from 'node-tfhe';
import { build } from 'rolldown';
import { expect, test } from 'vitest';
import { evaluatorModulePath, realKey, realKeyFile } from './keys.ts';

const example = join('tests', 'evaluator', 'example.ts');

test('the example of docs/evaluator.md is the program that is tested here', () => {
  const [, shown] = /```ts\n([\s\S]*?)```/.exec(readFileSync(join('docs', 'evaluator.md'), 'utf8')) ?? [];
  expect(shown).toBe(readFileSync(example, 'utf8'));
});

test('the example computes x², and 3 more for 3', async () => {
  const { clientKey } = await realKey();
  const folder = mkdtempSync(join(tmpdir(), 'evaluator-example-'));
  try {
    const program = join(folder, 'example.mjs');
    await build({ input: resolve(example), platform: 'node', output: { file: program, format: 'esm' } });
    copyFileSync(evaluatorModulePath(), join(folder, 'evaluator.wasm'));
    copyFileSync(realKeyFile('server-key'), join(folder, 'server-key.bin'));
    for (const [value, expected] of [
      [2, 4],
      [3, 12],
    ] as const) {
      const digit = Shortint.serialize_compressed_ciphertext(Shortint.encrypt_compressed(clientKey, BigInt(value)));
      writeFileSync(join(folder, 'digit.bin'), digit);
      execFileSync(process.execPath, [program], { cwd: folder });
      const answer = Shortint.deserialize_ciphertext(new Uint8Array(readFileSync(join(folder, 'answer.bin'))));
      expect(Number(Shortint.decrypt(clientKey, answer))).toBe(expected);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
