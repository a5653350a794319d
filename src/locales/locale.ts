/** The language of the texts, and the locale that numbers and dates are written in. */

/** The languages there are, as each calls itself. */
export const languages = { en: 'English', de: 'Deutsch', es: 'Español' } as const;
export type Language = keyof typeof languages;

const storageKey = 'language';

const isLanguage = (tag: string): tag is Language => tag in languages;
const languageOf = (tag: string): string => tag.toLowerCase().split('-', 1)[0] ?? '';

/** What the browser's owner reads, best first; nothing where there is no browser. */
const wished: readonly string[] = 'navigator' in globalThis ? globalThis.navigator.languages : [];

/** The choice made in the settings, '' if none was; a worker has it as the end of its name. */
function chosen(): string {
  if ('localStorage' in globalThis) return globalThis.localStorage.getItem(storageKey) ?? '';
  return typeof self === 'undefined' ? '' : (self.name.split(':', 2)[1] ?? '');
}

/** The language of the texts: the one chosen, else the first of the browser's that there is, else English. */
export const language: Language = [chosen(), ...wished.map(languageOf)].find(isLanguage) ?? 'en';

/** The locale of numbers and dates: the browser's own kind of the language (`es-MX`), if it names one. */
export const locale: string = wished.find((tag) => languageOf(tag) === language) ?? language;

/** The name of a worker that shall speak the page's language. */
export const workerName = (role: string): string => `${role}:${language}`;

/** Keeps the choice of a language; '' leaves it to the browser. The page begins anew in it. */
export function chooseLanguage(choice: Language | ''): void {
  if (choice === '') localStorage.removeItem(storageKey);
  else localStorage.setItem(storageKey, choice);
  location.reload();
}

/** The choice made, '' if it is left to the browser. */
export const chosenLanguage = (): Language | '' => {
  const choice = chosen();
  return isLanguage(choice) ? choice : '';
};
