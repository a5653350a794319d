import { describe, expect, it } from 'vitest';
import { decimalText, parseDecimal } from '../../../src/lib/ui/decimal.ts';

describe('a typed number', () => {
  it('has a comma or a point', () => {
    expect(parseDecimal('0,28')).toBe(0.28);
    expect(parseDecimal(' 0.28 ')).toBe(0.28);
    expect(parseDecimal('12')).toBe(12);
    expect(parseDecimal('')).toBeNull();
    expect(parseDecimal('0,2,8')).toBeNaN();
    expect(parseDecimal('ten')).toBeNaN();
  });

  it('is offered without grouping', () => {
    expect(decimalText(1234.5)).toBe('1234.5');
    expect(decimalText(null)).toBe('');
    expect(decimalText(Number.NaN)).toBe('');
  });
});
