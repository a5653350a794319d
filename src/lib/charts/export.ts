/** A chart's numbers as CSV and its drawing as PNG, made on the device. */

/** A cell: text, a number in full, or nothing where it is not known. */
export type Cell = string | number | undefined;

const quoted = (cell: Cell): string => {
  if (cell === undefined || (typeof cell === 'number' && !Number.isFinite(cell))) return '';
  // A leading =, +, - or @ in text would be run as a formula by spreadsheets.
  const text = typeof cell === 'number' ? String(cell) : /^[=+\-@\t]/.test(cell) ? `'${cell}` : cell;
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

/** Comma-separated values (RFC 4180) with a header row; numbers with a decimal point, whatever the locale. */
export const csvOf = (columns: readonly string[], rows: readonly (readonly Cell[])[]): string =>
  [columns, ...rows].map((row) => `${row.map(quoted).join(',')}\r\n`).join('');

/** A file name from a title: letters and digits of any script, the rest as hyphens. */
export const fileNameOf = (title: string, extension: string): string =>
  `${
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}]+/gu, '-')
      .replaceAll(/^-+|-+$/g, '') || 'chart'
  }.${extension}`;

/** Properties that draw; the page's style sheet does not reach a picture that stands alone. */
const drawn = [
  'fill',
  'fill-opacity',
  'stroke',
  'stroke-width',
  'stroke-dasharray',
  'stroke-opacity',
  'stroke-linejoin',
  'opacity',
  'font-family',
  'font-size',
  'font-weight',
  'text-anchor',
  'dominant-baseline',
];

const margin = 16;
const titleHeight = 44;
const scale = 2;

/** The drawing as a file of its own that needs no style sheet: SVG with the colours of the page written in. */
export const svgOf = (svg: SVGSVGElement): string => {
  const copy = svg.cloneNode(true);
  if (!(copy instanceof SVGSVGElement)) throw new Error('The drawing could not be copied.');
  const [originals, copies] = [svg.querySelectorAll('*'), copy.querySelectorAll('*')];
  originals.forEach((original, i) => {
    const style = getComputedStyle(original);
    for (const name of drawn) copies[i]?.setAttribute(name, style.getPropertyValue(name));
    copies[i]?.removeAttribute('class');
  });
  copy.removeAttribute('class');
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  return new XMLSerializer().serializeToString(copy);
};

/** The drawing as a PNG of twice its size, with its title above, in the colours of the page. */
export const pngOf = async (svg: SVGSVGElement, title: string): Promise<Blob> => {
  const { width, height } = svg.getBoundingClientRect();
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svgOf(svg))}`;
  await image.decode();

  const canvas = document.createElement('canvas');
  canvas.width = (width + 2 * margin) * scale;
  canvas.height = (height + titleHeight + margin) * scale;
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('This browser cannot draw pictures.');
  const page = getComputedStyle(document.documentElement);
  context.scale(scale, scale);
  context.fillStyle = page.getPropertyValue('--card');
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = page.getPropertyValue('--ink');
  context.font = `700 17px ${page.getPropertyValue('--font')}`;
  context.fillText(title, margin, 28, width);
  context.drawImage(image, margin, titleHeight, width, height);
  return new Promise((resolve, reject) =>
    canvas.toBlob(
      (blob) => (blob === null ? reject(new Error('The picture could not be made.')) : resolve(blob)),
      'image/png',
    ),
  );
};
