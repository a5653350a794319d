/**
 * A made-up language: the English texts with other vowels, between brackets. What a screen then shows in plain English
 * was not taken out for translation.
 */
import type { BrowserContext, Page } from '@playwright/test';

type Element = string | number | readonly Element[];

const vowels: Readonly<Record<string, string>> = {
  a: 'á',
  e: 'é',
  i: 'í',
  o: 'ó',
  u: 'ú',
  A: 'Á',
  E: 'É',
  I: 'Í',
  O: 'Ó',
  U: 'Ú',
};
/** An English text as it reads in the made-up language. */
export const disguised = (text: string): string => text.replace(/[aeiou]/gi, (vowel) => vowels[vowel] ?? vowel);
const deep = (element: Element): Element =>
  typeof element === 'string' ? disguised(element) : typeof element === 'number' ? element : element.map(deep);

/** Serves every catalog in the made-up language. */
export async function speakPseudo(context: BrowserContext): Promise<void> {
  await context.route('**/_app/immutable/**/*.js', async (route) => {
    // A connection that was kept for the next request may be ended by the server just as that is sent.
    const response = await route.fetch({ maxRetries: 3 });
    const source = await response.text();
    if (!/export\s*\{\s*\w+ as c\b/.test(source) || !source.includes('Skip to the content')) {
      await route.fulfill({ response });
      return;
    }
    const module: unknown = await import(`data:text/javascript,${encodeURIComponent(source)}`);
    if (typeof module !== 'object' || module === null || !('c' in module) || !Array.isArray(module.c))
      throw new Error('a catalog of another shape');
    const texts = JSON.stringify(module.c.map(deep));
    await route.fulfill({ response, body: `export let c = ${texts}; export let p = (n) => (n === 1 ? 0 : 1);` });
  });
}

/** Names and terms that are the same in every language. */
const names =
  /^(kWh|Wh|kW|W|MB|kB|GB|CSV|PNG|JSON|XML|SHA|QR|UTC|EUR|USD|Zama|tfhe|CalTRACK|OBIS|https?|localhost|Demo|Street|English|Deutsch|Español|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|January|February|March|April|June|July|August|September|October|November|December|Mon|Tue|Wed|Thu|Fri|Sat|Sun|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|AM|PM|at|and)$/;

/** Words on the page, seen or read aloud, that are plain English, each with the text it stands in. */
export async function plainWords(page: Page, allowed: readonly RegExp[] = []): Promise<string[]> {
  const texts = await page.evaluate(() => {
    const untranslated = 'script, style, code, body [lang], [translate=no]';
    const attributes = ['aria-label', 'aria-description', 'aria-valuetext', 'title', 'placeholder', 'alt'];
    const found: string[] = [document.title];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode() !== null)
      if (walker.currentNode.parentElement?.closest(untranslated) === null)
        found.push(walker.currentNode.textContent ?? '');
    for (const element of document.querySelectorAll('body *'))
      if (element.closest(untranslated) === null)
        found.push(...attributes.map((name) => element.getAttribute(name) ?? ''));
    return found;
  });
  const plain = texts
    .map((text) => text.replace(/\s+/g, ' ').trim())
    .filter((text) => {
      let rest = text.replace(
        /^[A-Z][a-z]+\/[\w/ +-]+$|\b[A-Z]\w+\/[A-Z]\w+\b|\b[0-9a-f]{64}\b|https?:\S+|\S+\.(csv|xml|json|png|html)\b/g,
        '',
      );
      for (const pattern of allowed) rest = rest.replaceAll(new RegExp(pattern.source, 'g'), '');
      return (rest.match(/[\p{L}\p{M}’'-]{2,}/gu) ?? []).some(
        (word) => /^[a-z’'-]*$/i.test(word) && /[aeiou]/i.test(word) && !names.test(word),
      );
    });
  return [...new Set(plain)];
}
