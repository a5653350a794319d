import { dsvFormat } from 'd3';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRows, RowSplitter } from '../../../src/lib/meter/delimited.ts';

const text = fc.string({ unit: fc.constantFrom('a', '1', ',', ';', '\n', '\r', '\r\n', ' ', '"'), maxLength: 60 });

describe('delimited text', () => {
  it('is split as d3-dsv does, with and without quotes', () => {
    fc.assert(
      fc.property(text, fc.constantFrom(',', ';'), (sample, delimiter) => {
        expect(parseRows(sample, delimiter)).toEqual(dsvFormat(delimiter).parseRows(sample));
      }),
      { numRuns: 2000 },
    );
  });

  it('gives the same rows and lines whatever pieces it comes in', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', '1', ',', '\n', ' '), maxLength: 60 }),
        fc.array(fc.nat(20), { maxLength: 6 }),
        (sample, sizes) => {
          const whole = new RowSplitter(',');
          const expected = [...whole.write(sample), ...whole.end()];
          const splitter = new RowSplitter(',');
          const rows = [];
          let at = 0;
          for (const size of sizes) rows.push(...splitter.write(sample.slice(at, (at += size))));
          rows.push(...splitter.write(sample.slice(at)), ...splitter.end());
          expect(rows).toEqual(expected);
        },
      ),
    );
  });
});
