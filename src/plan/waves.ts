/** What ordering needs to know of a node. */
export interface Ordered {
  readonly path: string;
  readonly needs: readonly string[];
}

/**
 * Put nodes into waves; the nodes of one wave may run at the same time. A wave keeps the order given; needs that are not among the
 * nodes count as done.
 *
 * @throws {TypeError} for a cycle, which `findCycle` tells before.
 */
export function waves(nodes: readonly Ordered[]): readonly (readonly string[])[] {
  const byPath = new Map(nodes.map((node) => [node.path, node]));
  const waveOf = new Map<string, number>();
  const known = (node: Ordered) => node.needs.filter((need) => byPath.has(need));
  let left = nodes;
  while (left.length > 0) {
    const ready = left.filter((node) => known(node).every((need) => waveOf.has(need)));
    if (ready.length === 0) throw new TypeError(`nodes need each other: ${left.map(({ path }) => path).join(', ')}`);
    const wave = Math.max(-1, ...waveOf.values()) + 1;
    for (const { path } of ready) waveOf.set(path, wave);
    left = left.filter(({ path }) => !waveOf.has(path));
  }
  const all: string[][] = [];
  for (const { path } of nodes) (all[waveOf.get(path) ?? 0] ??= []).push(path);
  return all;
}

/** The shortest loop found among the nodes, its first path repeated at the end; undefined when there is none. */
export function findCycle(nodes: readonly Ordered[]): readonly string[] | undefined {
  const byPath = new Map(nodes.map((node) => [node.path, node]));
  let shortest: readonly string[] | undefined;
  for (const { path } of nodes) {
    const loop = loopFrom(path, byPath);
    if (loop && loop.length < (shortest?.length ?? Infinity)) shortest = loop;
  }
  return shortest;
}

/** Breadth first, so that the first way back to the start is the shortest. */
function loopFrom(start: string, byPath: ReadonlyMap<string, Ordered>): readonly string[] | undefined {
  const seen = new Set<string>();
  let ways: (readonly string[])[] = [[start]];
  while (ways.length > 0) {
    const next: (readonly string[])[] = [];
    for (const way of ways) {
      for (const need of byPath.get(way.at(-1) ?? '')?.needs ?? []) {
        if (need === start) return [...way, need];
        if (!seen.has(need)) next.push([...way, need]);
        seen.add(need);
      }
    }
    ways = next;
  }
  return undefined;
}
