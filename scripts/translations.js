/**
 * Texts stand in the source in English. At build time wuchale takes each one out and puts a look-up in its place;
 * German and Spanish stand in `src/locales/*.po`. A text that is not translated yet appears in English.
 */
import { cp, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { adapter as svelteAdapter } from '@wuchale/svelte';
import { Hub, pofile } from 'wuchale';
import { pluralPattern, Transformer } from 'wuchale/adapter-vanilla';
import { root } from './setup.js';

/** @typedef {import('wuchale').HeuristicFunc} HeuristicFunc */

const catalogs = 'src/locales';
/** Compiled catalogs and the copy of the .po files that a build adds new texts to; ignored by git. */
const generated = `${catalogs}/.wuchale`;
/** @type {[string, ...string[]]} */
export const languages = ['en', 'de', 'es'];

/** Rooms whose strings are mostly words for people. In the others only whole sentences are taken for texts. */
const wordRooms = /^src\/(routes|lib\/(ui|charts|advice))\//;
/** Rooms that run in workers, where a constant is made before the worker has its catalog. */
const workerRooms = /^src\/(protocol|lib\/(meter|usage|fhe|vault|series))\//;
/** Attributes and properties of components that hold words. */
const wordAttributes =
  /^(aria-(label|description|valuetext|roledescription)|title|alt|placeholder|label|[a-z]*([lL]abel|[tT]itle|[tT]ext|[sS]entence|[hH]eading|[nN]ame|[uU]nit|[sS]ummary))$/;
/** Written like words, but read by programs. */
const notWords =
  /^(Escape|Enter|Tab|Home|End|Page(Up|Down)|Arrow\w+|Delete|Backspace|Ed25519|Accept|Content-Type|(Europe|America|Asia|Africa|Australia|Pacific|Atlantic|Etc)\/\w+|M#.*z|k?Wh?|[A-Z][a-z]+[A-Z]\w*)$/;

/** Decides which strings are texts for people. @type {HeuristicFunc} */
const isText = ({ msgStr, details }) => {
  const text = msgStr.join(' ');
  const letters = text.replaceAll('#', '');
  if (!/\p{L}/u.test(letters)) return false;
  if (details.element !== undefined && ['script', 'style', 'path', 'code', 'pre'].includes(details.element))
    return false;
  if (details.scope === 'markup') return 'message';
  if (
    details.attribute !== undefined &&
    !wordAttributes.test(details.attribute) &&
    !/^[A-Z]/.test(details.element ?? '')
  )
    return false;
  if (notWords.test(text)) return false;
  if (details.attribute !== undefined && wordAttributes.test(details.attribute)) return 'message';
  // What is logged, and names of locks, are not for people.
  if (details.call?.startsWith('console.') || details.call === 'exclusively') return false;
  // A sentence, or its beginning: a capital, then a space somewhere.
  const isSentence = /^[“"(#\s]*\p{Lu}/u.test(text) && /\s/.test(text) && /\p{Ll}/u.test(text);
  const isWord = /^\p{Lu}\p{Ll}[\p{L}\p{M}’-]*[.…:]?$/u.test(text);
  // A value and words after it.
  const isValueAndWords = /^#/.test(text) && /[\s(]\p{L}{2,}/u.test(text) && !/[=;<>|]/.test(text);
  // Part of a sentence.
  const isPhrase =
    /(^|\s)\p{Ll}{2,}[,:;]? (\p{L}{2,}|# )/u.test(text) && /^[\p{L}\p{M}\p{N}\s,.;:’“”()%#…–€°²—-]+$/u.test(text);
  if (wordRooms.test(details.file)) return isSentence || isWord || isValueAndWords || isPhrase ? 'message' : false;
  // Names of suppliers and devices stay; what to do on their websites is told.
  if (details.file === 'src/lib/meter/suppliers.ts') return isSentence && /\.$|\(/.test(text) ? 'message' : false;
  if (details.file.startsWith('src/lib/community/') && isPhrase) return 'message';
  if (workerRooms.test(details.file) && details.funcName == null) return false;
  // A value, and a sentence about it.
  const isValueAndSentence = /^#:? \p{Ll}{2,} (\p{L}{2,}|#) /u.test(text);
  return isSentence || isValueAndSentence ? 'message' : false;
};

/** wuchale's own for plain scripts, and beyond it: what is thrown, fields of classes, constants at the top. */
class ScriptTransformer extends Transformer {
  /** @override @type {any} */
  visitThrowStatement = (/** @type {any} */ node) => this.visit(node.argument);

  /** @override */
  visitClassDeclaration = (/** @type {any} */ node) =>
    node.body.body.flatMap((/** @type {any} */ element) => {
      if (element.type === 'StaticBlock') return element.body.flatMap(this.visit);
      if (element.value == null) return [];
      return element.value.type === 'FunctionExpression'
        ? this.visitFunctionBody(element.value.body, element.key.name ?? '')
        : this.visit(element.value);
    });

  /** @override */
  visitNewExpression = (/** @type {any} */ node) => {
    // Faults of the program are for its developers.
    if (['RangeError', 'TypeError'].includes(node.callee.name)) return [];
    const call = this.heuristciDetails.call;
    this.heuristciDetails.call = this.getCalleeName(node.callee);
    const found = node.arguments.flatMap(this.visit);
    this.heuristciDetails.call = call;
    return found;
  };

  transformScript() {
    // Comments are kept by the parser of `transform`, which puts no look-up at the top of a file.
    const { msgs, output } = this.transform();
    return {
      msgs,
      output: (/** @type {string} */ header) => output(`${header}\n${this.initRuntime() ?? ''}`),
    };
  }
}

/**
 * .po files in an order that the source alone decides.
 * @param {string} dir
 * @returns {import('wuchale').StorageFactory}
 */
const sortedPo = (dir) => async (options) => {
  const po = await pofile({ dir })(options);
  const place = (/** @type {import('wuchale').Item} */ { references, translations }) =>
    `${references[0]?.file ?? ''}\n${translations.get('en')?.join('\n') ?? ''}`;
  return {
    key: po.key,
    files: po.files,
    load: () => po.load(),
    save: (data) => po.save({ ...data, items: data.items.toSorted((a, b) => (place(a) < place(b) ? -1 : 1)) }),
  };
};

/** Words of a label beside a <select>, into which the options would be taken as parts of one sentence. */
const wordsBesideSelect = /(<label[^>]*>\s*)([^<>{}\s][^<>]*?)(\s*<select)/g;

/** @param {string} poFolder */
function config(poFolder) {
  const svelte = svelteAdapter({
    loader: 'custom',
    files: {
      include: [
        'src/routes/**/*.{svelte,ts}',
        'src/lib/**/*.{svelte,ts}',
        'src/protocol/*.ts',
        'src/simulation/homes.ts',
      ],
      ignore: ['**/*.d.ts'],
    },
    storage: sortedPo(poFolder),
    heuristic: isText,
    runtime: {
      // One look-up for a whole file: the page begins when the catalog is there, and another language is another page.
      initReactive: ({ funcName }) => (funcName == null ? false : null),
      useReactive: false,
    },
  });
  return {
    locales: languages,
    localesDir: catalogs,
    fallback: {},
    hmr: false,
    ai: null,
    logLevel: /** @type {const} */ ('error'),
    adapters: {
      main: {
        ...svelte,
        transform: async (/** @type {any} */ context) =>
          context.filename.endsWith('.svelte')
            ? svelte.transform({
                ...context,
                content: context.content.replaceAll(wordsBesideSelect, '$1<span>$2</span>$3'),
              })
            : new ScriptTransformer(
                context.content,
                context.filename,
                context.index,
                isText,
                [pluralPattern],
                context.expr,
                svelte.runtime,
                context.matchUrl,
              ).transformScript(),
      },
    },
  };
}

/**
 * Takes the texts out of the source, adds new ones to the .po files and drops those that are gone.
 * @param {string} poFolder
 */
async function extract(poFolder) {
  const hub = await Hub.create('cli', () => config(poFolder), root);
  await hub.directVisit(true, false, false);
}

/** The build's part: replaces texts by look-ups, in the page and in workers. */
export function translations() {
  /** @type {Promise<Hub> | undefined} */
  let hub;
  const start = async () => {
    const copies = `${generated}/po`;
    await rm(join(root, generated), { recursive: true, force: true });
    await mkdir(join(root, copies), { recursive: true });
    for (const name of await readdir(join(root, catalogs)))
      if (name.endsWith('.po')) await cp(join(root, catalogs, name), join(root, copies, name));
    await extract(copies);
    return Hub.create('build', () => config(copies), root);
  };
  return {
    name: 'translations',
    async configResolved() {
      hub ??= start();
      await hub;
    },
    transform: {
      order: /** @type {const} */ ('pre'),
      /** @param {string} code @param {string} id */
      async handler(code, id) {
        const [file = id, query = ''] = id.split('?', 2);
        if (
          hub === undefined ||
          !file.startsWith(join(root, 'src')) ||
          query.includes('raw') ||
          query.includes('svelte')
        )
          return undefined;
        const [output] = await (await hub).transform(code, file);
        return output.code === undefined ? undefined : output;
      },
    },
  };
}

if (process.argv[1] === import.meta.filename) await extract(catalogs);
