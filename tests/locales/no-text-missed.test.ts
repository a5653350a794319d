/**
 * What reads like a text for people is in the catalogs. The build decides that by rules about where a text stands;
 * here it is decided by how it reads alone, so that a text in an unusual place is found.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import PO from 'pofile';
import ts from 'typescript';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
/** Read by developers or machines, or the name of the product. */
const notForPeople = new Set(['Private Energy Usage Analytics']);
const isSentence = (text: string): boolean => /^\p{Lu}\p{Ll}*’?\p{Ll}* [\p{Ll}\d]/u.test(text);
const isWord = (text: string): boolean => /^\p{Lu}\p{Ll}{3,}$/u.test(text);

/** Script of a file: all of it, or what stands in the script elements of a component. */
const scriptOf = (path: string, text: string): string =>
  path.endsWith('.svelte')
    ? [...text.matchAll(/<script[^>]*>([^]*?)<\/script>/g)].map(([, code]) => code).join('\n')
    : text;

/** Texts of a script that read like ones for people, outside of faults of the program. */
function textsOf(path: string, script: string): string[] {
  const texts: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) return;
    if (ts.isNewExpression(node) && ['RangeError', 'TypeError'].includes(node.expression.getText(source))) return;
    if (ts.isCallExpression(node) && node.expression.getText(source).startsWith('console.')) return;
    if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) {
      const isTitle = ts.isPropertyAssignment(node.parent) && node.parent.name.getText(source) === 'title';
      if (isSentence(node.text) || (isTitle && isWord(node.text))) texts.push(node.text);
    }
    ts.forEachChild(node, visit);
  };
  const source = ts.createSourceFile(path, script, ts.ScriptTarget.Latest, true);
  visit(source);
  return texts;
}

it('finds a text wherever it stands', () => {
  const script = `
    const titles = { title: 'Expired' };
    const messages = { 'not-over': 'This month is not over yet.' };
    if (files > 1) throw new Error('One file at a time.');
    throw new RangeError('No such month.');`;
  expect(textsOf('a.ts', script)).toEqual(['Expired', 'This month is not over yet.', 'One file at a time.']);
  expect(textsOf('a.ts', scriptOf('a.svelte', `<p>Shown</p><script lang="ts">${script}</script>`))).toHaveLength(3);
});

it('every text of the app is in the catalogs', async () => {
  const catalog = PO.parse(await readFile(join(root, 'src/locales/de.po'), 'utf8'));
  const known = new Set(catalog.items.flatMap(({ msgid, msgid_plural }) => [msgid, msgid_plural]));
  const missed: string[] = [];
  for (const room of ['src/lib', 'src/routes', 'src/protocol'])
    for (const name of await readdir(join(root, room), { recursive: true })) {
      if (!/\.(ts|svelte)$/.test(name)) continue;
      const script = scriptOf(name, await readFile(join(root, room, name), 'utf8'));
      for (const text of textsOf(name, script))
        if (!known.has(text) && !known.has(text.trim()) && !notForPeople.has(text))
          missed.push(`${room}/${name}: ${text}`);
    }
  expect(missed).toEqual([]);
});
