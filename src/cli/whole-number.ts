/** Options of a command that take a whole number. */

/** The number an option was given. @throws {RangeError} with words for the user */
export function wholeNumber(name: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new RangeError(`--${name} must be a whole number, not "${text}"`);
  return Number(text);
}
