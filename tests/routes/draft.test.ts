import { describe, expect, it } from 'vitest';
import { parseTariff } from '../../src/lib/usage/tariff.ts';
import { draftOf, emptyBand, emptyTariff, nextContract, tariffOf } from '../../src/routes/cost/draft.ts';

const typed = () => {
  const draft = emptyTariff('Night tariff', 'EUR', '2024-01-01');
  const [contract] = draft.contracts;
  if (contract === undefined) throw new Error('no contract');
  contract.basePerKwh = 0.31;
  contract.standingPerDay = 0.5;
  contract.bands.push({ ...emptyBand(), perKwh: 0.2 });
  return draft;
};

describe('a tariff that is typed', () => {
  it('becomes a tariff, and that a draft again', () => {
    const tariff = tariffOf(typed());
    expect(tariff.contracts[0]).toEqual({
      from: '2024-01-01',
      standingPerDay: 0.5,
      base: { name: 'All hours', perKwh: 0.31 },
      exportPerKwh: 0,
      bands: [{ name: 'Night', perKwh: 0.2, windows: [{ days: 'all', fromMinute: 1380, untilMinute: 420 }] }],
    });
    expect(parseTariff(tariff)).toEqual(tariff);
    expect(tariffOf(draftOf(tariff))).toEqual(tariff);
  });

  it('orders prices by their first day', () => {
    const draft = typed();
    const [contract] = draft.contracts;
    if (contract) draft.contracts.push({ ...nextContract(contract, '2023-06-01'), basePerKwh: 0.28 });
    expect(tariffOf(draft).contracts.map(({ from }) => from)).toEqual(['2023-06-01', '2024-01-01']);
  });

  it('says what is missing', () => {
    expect(() => tariffOf(emptyTariff('A', 'EUR', '2024-01-01'))).toThrow(
      'Give the price per kWh as a number such as 0.28.',
    );
    expect(() => tariffOf({ ...typed(), name: ' ' })).toThrow('Give the tariff a name.');
    const twice = typed();
    const [contract] = twice.contracts;
    if (contract) twice.contracts.push(nextContract(contract, '2024-01-01'));
    expect(() => tariffOf(twice)).toThrow('begin on the same day');
  });
});
