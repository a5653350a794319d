import { wordsOf } from '$lib/ui/words.ts';
import { work } from '$lib/ui/work.svelte.ts';

/** Work that a screen does when it is asked to: what it is doing, and what went wrong. A reload would cut it off. */
export class Attempt {
  /** In words; empty while nothing is done. */
  doing = $state('');
  problem = $state('');

  /** Does the work; what it throws is told, not thrown. Gives whether it was done. */
  async run(what: string, task: () => Promise<void>): Promise<boolean> {
    this.problem = '';
    this.doing = what;
    try {
      await work.during(task());
      return true;
    } catch (error) {
      this.problem = wordsOf(error);
      return false;
    } finally {
      this.doing = '';
    }
  }
}
