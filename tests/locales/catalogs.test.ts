/** The catalogs are whole: every text is translated, and says the same values and elements in every language. */
import { readFile } from 'node:fs/promises';
import PO from 'pofile';
import { describe, expect, it } from 'vitest';

const read = async (language: string) =>
  PO.parse(await readFile(new URL(`../../src/locales/${language}.po`, import.meta.url), 'utf8')).items;

/** Places of values and elements in a text: `{0}`, `<0>`, `</0>`, `<0/>`. */
const placesOf = (text: string): string[] => (text.match(/\{\d+\}|<\/?\d+\/?>/g) ?? []).sort();

describe.each(['de', 'es'])('%s', (language) => {
  it('has every text, none of them doubtful', async () => {
    const items = await read(language);
    expect(items.length).toBeGreaterThan(1000);
    const missing = items.filter(
      ({ msgid_plural, msgstr, flags }) =>
        flags['fuzzy'] === true ||
        msgstr.length !== (msgid_plural ? 2 : 1) ||
        msgstr.some((text) => text.trim() === ''),
    );
    expect(missing.map(({ msgid }) => msgid)).toEqual([]);
  });

  it('says the same values and elements as the English', async () => {
    const wrong = (await read(language)).flatMap(({ msgid, msgid_plural, msgstr }) =>
      [msgid, ...(msgid_plural ? [msgid_plural] : [])].filter(
        (text, form) => placesOf(text).join() !== placesOf(msgstr[form] ?? '').join(),
      ),
    );
    expect(wrong).toEqual([]);
  });

  it('counts where the English counts', async () => {
    const wrong = (await read(language)).filter(
      ({ msgid_plural, msgstr }) => msgid_plural?.includes('#') === true && msgstr[1]?.includes('#') !== true,
    );
    expect(wrong.map(({ msgid }) => msgid)).toEqual([]);
  });
});

it('has no text that programs read', async () => {
  // A translated header would not be known to the endpoint, a translated product name not to calendars.
  const items = await read('de');
  const forPrograms = [/^Steward \{0\}$/, /^PRODID:/, /^Macintosh$/, /columns without names$/];
  expect(items.map(({ msgid }) => msgid).filter((text) => forPrograms.some((one) => one.test(text)))).toEqual([]);
});

it('both languages have the same texts', async () => {
  const [german, spanish] = await Promise.all(['de', 'es'].map(read));
  expect(german?.map(({ msgid }) => msgid)).toEqual(spanish?.map(({ msgid }) => msgid));
});
