/**
 * Lucide's icons as plain markup. Its own components make every line of an icon from data while the page starts, which for
 * the nine icons of the first screen is a third of the work of drawing it. Here an icon takes its size and nothing else: it
 * stands beside words and is silent to a screen reader.
 */
import { readFile } from 'node:fs/promises';

const icon = /[\\/]@lucide[\\/]svelte[\\/]dist[\\/]icons[\\/][^\\/]+\.svelte$/;

/** @param {Record<string, string>} attributes */
const markup = (attributes) =>
  Object.entries(attributes)
    .map(([name, value]) => ` ${name}="${value}"`)
    .join('');

/** @returns {import('vite').Plugin} */
export const plainIcons = () => ({
  name: 'plain-icons',
  enforce: 'pre',
  load: {
    filter: { id: icon },
    async handler(id) {
      const [, data] = /const iconData = (\{.*\});/.exec(await readFile(id, 'utf8')) ?? [];
      if (data === undefined) throw new Error(`${id} is not written as Lucide’s icons were.`);
      /** @type {{ node: [string, Record<string, string>][] }} */
      const { node } = JSON.parse(data);
      return `<script lang="ts">
  const { size = 24 }: { size?: number } = $props();
</script>

<svg xmlns="http://www.w3.org/2000/svg" width={size} height={size} viewBox="0 0 24 24" fill="none" stroke="currentColor"
  stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"
  >${node.map(([tag, attributes]) => `<${tag}${markup(attributes)} />`).join('')}</svg>
`;
    },
  },
});
