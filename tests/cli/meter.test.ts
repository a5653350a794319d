import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'rolldown';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'meter-command-'));
const program = join(folder, 'meter.mjs');
const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
const run = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' });
  return {
    status,
    stderr,
    lines: stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line): unknown => JSON.parse(line)),
  };
};

const hours =
  'Hour Start,Electricity 1,Electricity 2\n2024-07-01T00:00:00+02:00,0.1,0.2\n2024-07-01T01:00:00+02:00,0.3,0\n';

describe('meter command', () => {
  beforeAll(async () => {
    await build({
      input: join(import.meta.dirname, '../../src/cli/meter.ts'),
      platform: 'node',
      output: { file: program, format: 'esm' },
    });
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('prints one object a file on one line', () => {
    const path = file('a.csv', hours);
    expect(run(path)).toEqual({
      status: 0,
      stderr: '',
      lines: [
        {
          file: path,
          format: 'dsmr-reader',
          timeZone: 'Europe/Amsterdam',
          series: [
            {
              register: 'import',
              unit: 'kWh',
              readings: 2,
              first: '2024-07-01T00:00:00+02:00',
              last: '2024-07-01T01:00:00+02:00',
              stepSeconds: 3600,
              totalKwh: 0.6,
              missing: 0,
              estimated: 0,
            },
          ],
          findings: [],
        },
      ],
    });
  });

  it('tells of files it cannot read on stderr, does the others, and ends with 1', () => {
    const paths = [file('bill.pdf', '%PDF-1.4'), join(folder, 'nowhere.csv'), file('b.csv', hours)];
    const { status, stderr, lines } = run(...paths);
    expect(status).toBe(1);
    expect(lines).toMatchObject([{ file: paths[2] }]);
    expect(stderr).toMatch(/bill\.pdf: This is a PDF/);
    expect(stderr).toMatch(/nowhere\.csv: .*no such file/);
  });

  it('reads times without offset in the zone that is given, and refuses unknown ones', () => {
    const local = file('c.csv', hours.replaceAll('+02:00', ''));
    expect(run('--zone', 'America/New_York', local).lines).toMatchObject([
      { series: [{ first: '2024-07-01T00:00:00-04:00' }] },
    ]);
    expect(run('--zone', 'Mars/Base', local)).toMatchObject({ status: 1, lines: [] });
    expect(run()).toMatchObject({ status: 1, lines: [] });
  });
});
