import { existsSync } from 'node:fs';
import { run, say } from './setup.js';

/** Installs a Debian package; false if that did not work, as where this is no Debian. */
export async function installed(/** @type {string} */ name) {
  if (!existsSync('/usr/bin/apt-get')) return false;
  say(`Installing ${name} (Debian package)…`);
  const asRoot = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  const apt = (/** @type {string[]} */ ...args) => {
    const [command = 'apt-get', ...rest] = [...asRoot, 'apt-get', ...args];
    return run(command, rest, { DEBIAN_FRONTEND: 'noninteractive' });
  };
  try {
    await apt('update');
    await apt('install', '-y', '--no-install-recommends', name);
    return true;
  } catch {
    return false;
  }
}

/** A program that a few tests need; where it cannot be had, those tests are skipped, and that is said. */
export async function ensureProgram(/** @type {string} */ name, /** @type {string} */ path) {
  if (existsSync(path) || (await installed(name))) return;
  say(`There is no ${name} here (${path}): the tests that need it are SKIPPED.`);
}
