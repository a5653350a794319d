import { afterNavigate, replaceState } from '$app/navigation';
import { onMount } from 'svelte';

/**
 * Gives the fragment of the address to a screen that is opened by a link, also when another such link is opened while the
 * screen is there. Secrets come in the fragment, which no server sees; it leaves the address bar and history at once. To
 * be called while the screen's component is made.
 *
 * @param path - address of the screen without a fragment
 */
export function onFragment(path: string, take: (fragment: string) => void): void {
  const look = (): void => {
    const { hash } = location;
    if (hash.length < 2) return;
    replaceState(path, {});
    take(hash);
  };
  // A screen behind the lock comes after the navigation that led to it.
  onMount(() => {
    look();
    addEventListener('hashchange', look);
    return () => removeEventListener('hashchange', look);
  });
  afterNavigate(look);
}
