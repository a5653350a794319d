/**
 * Adds 64-bit words modulo 2^64 by the vector instructions of WebAssembly. Typed arrays of big
 * integers take twice as long (docs/performance.md), and an endpoint adds up millions of words a round.
 */
import { fromHex, type Bytes } from './bytes.ts';

/**
 * The WebAssembly module. In `add`, 64 bytes a turn:
 *
 * ```wat
 * (module
 *   (memory (export "memory") 1)
 *   (func (export "add") (param $from i32) (param $bytes i32) (local $i i32) (local $part i32)
 *     (loop $next
 *       (if (i32.gt_s (local.get $bytes) (local.get $i)) (then
 *         (local.set $part (i32.add (local.get $from) (local.get $i)))
 *         ;; for offset 0, 16, 32, 48
 *         (v128.store offset=… (local.get $i)
 *           (i64x2.add (v128.load offset=… (local.get $i)) (v128.load offset=… (local.get $part))))
 *         (local.set $i (i32.sub (local.get $i) (i32.const -64)))
 *         (br $next))))))
 * ```
 */
const code = [
  // Magic and version; the type of `add`, one function, one page, the two exports.
  '0061736d01000000',
  '01060160027f7f00',
  '03020100',
  '0503010001',
  '071002036164640000066d656d6f72790200',
  // The body: locals, loop, condition.
  '0a7301710102' + '7f' + '0340200120024a0440',
  '20022002fd000400' + '200020026a2203fd000400' + 'fdce01fd0b0400',
  '20022002fd000410' + '2003fd000410' + 'fdce01fd0b0410',
  '20022002fd000420' + '2003fd000420' + 'fdce01fd0b0420',
  '20022002fd000430' + '2003fd000430' + 'fdce01fd0b0430',
  '200241406b2102' + '0c01' + '0b0b0b',
].join('');

const pageBytes = 65_536;
/** Most words of a sum: it and one part fit the module's one page of memory. */
export const mostWords = pageBytes / 2 / 8;

interface Adder {
  readonly memory: BigUint64Array;
  /** Adds `bytes` bytes at `from` to those at 0. */
  readonly add: (from: number, bytes: number) => void;
}

const isAdd = (value: unknown): value is Adder['add'] => typeof value === 'function';

let adder: Adder | undefined;

function makeAdder(): Adder {
  const bytes: Bytes = fromHex(code) ?? new Uint8Array();
  const { memory, add } = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
  if (!(memory instanceof WebAssembly.Memory) || !isAdd(add)) throw new Error('the adder is not what its code says');
  return { memory: new BigUint64Array(memory.buffer), add };
}

/**
 * Adds words to a sum, modulo 2^64.
 *
 * @param sum - a multiple of eight words, at most {@link mostWords}
 * @param parts - each as long as the sum
 */
export function addWords(sum: BigUint64Array, parts: readonly BigUint64Array[]): void {
  const { memory, add } = (adder ??= makeAdder());
  memory.set(sum);
  for (const part of parts) {
    memory.set(part, mostWords);
    add(8 * mostWords, sum.byteLength);
  }
  sum.set(memory.subarray(0, sum.length));
}
