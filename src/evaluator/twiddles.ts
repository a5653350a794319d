/**
 * Roots of unity for assembly/fft.ts. Angles are counted in turns; they are sums of powers of two and thus exact in a
 * double. Reducing them to an octant before taking the sine keeps the transform's error a factor √2 below what angles
 * in radians, divided over and over, would give.
 */

/** cos and sin of `turns`·2π, each to the last bit or nearly so. */
export function rootOfUnity(turns: number): [cos: number, sin: number] {
  const whole = turns - Math.floor(turns);
  const octant = Math.floor(8 * whole);
  const rest = (octant & 1 ? (octant + 1) / 8 - whole : whole - octant / 8) * 2 * Math.PI;
  const [near, far] = [Math.cos(rest), Math.sin(rest)];
  // Within a quadrant, the second octant mirrors the first.
  const [c, s] = octant & 1 ? [far, near] : [near, far];
  switch (octant >> 1) {
    case 0:
      return [c, s];
    case 1:
      return [-s, c];
    case 2:
      return [-c, -s];
    default:
      return [s, -c];
  }
}

/** Doubles of one node: w, w² and w³, or w alone where a node splits in two. */
const doublesPerNode = 6;

/** Levels of the tree from the root: how many nodes, and in how many each splits. */
function levelsOf(points: number): readonly { nodes: number; ways: 2 | 4 }[] {
  const levels: { nodes: number; ways: 2 | 4 }[] = [{ nodes: 1, ways: 4 }];
  for (let length = points / 4, nodes = 4; length > 1;) {
    const ways = Math.log2(length) % 2 === 1 ? 2 : 4;
    levels.push({ nodes, ways });
    length /= ways;
    nodes *= ways;
  }
  return levels;
}

/** Bytes that {@link twiddlesFor} fills. */
export const twiddleBytes = (points: number): number =>
  levelsOf(points).reduce((sum, { nodes }) => sum + nodes * doublesPerNode * 8, 0);

/** Twiddle factors for a transform of `points` points, in the order in which assembly/fft.ts reads them. */
export function twiddlesFor(points: number): Float64Array {
  const out = new Float64Array(twiddleBytes(points) / 8);
  let at = 0;
  // x^M - i: a quarter turn at the root.
  let angles = [1 / 4];
  for (const { ways } of levelsOf(points)) {
    const below: number[] = [];
    for (const angle of angles) {
      for (let power = 1; power < ways; power++) out.set(rootOfUnity((power * angle) / ways), at + 2 * (power - 1));
      at += doublesPerNode;
      const w = angle / ways;
      below.push(...(ways === 2 ? [w, w + 1 / 2] : [w, w + 1 / 2, w + 1 / 4, w + 3 / 4]));
    }
    angles = below;
  }
  return out;
}
