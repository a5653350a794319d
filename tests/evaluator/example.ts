import { readFile, writeFile } from 'node:fs/promises';
import { sourceOf } from '../../src/evaluator/byte-source.ts';
import { parseCompressedCiphertext, writeCiphertext } from '../../src/evaluator/ciphertext.ts';
import { Circuit } from '../../src/evaluator/circuit.ts';
import { encryptedBackend } from '../../src/evaluator/encrypted-backend.ts';
import { openEvaluator } from '../../src/evaluator/evaluator.ts';
import { expandServerKey } from '../../src/evaluator/key-expansion.ts';

const module = await WebAssembly.compile(await readFile('evaluator.wasm'));
const key = await expandServerKey(module, sourceOf(await readFile('server-key.bin')));
const evaluator = await openEvaluator(module, key);
const digit = evaluator.decompress(parseCompressedCiphertext(await readFile('digit.bin'), key.parameters));

const circuit = new Circuit(encryptedBackend(evaluator));
const input = circuit.input(digit, 0, 3);
const square = await circuit.lut(input, (x) => x * x);
const isThree = await circuit.geq(circuit.add(input, -3));
const answer = circuit.output(circuit.add(square, circuit.scale(isThree, 3)));
await writeFile('answer.bin', writeCiphertext(answer, key.parameters));
