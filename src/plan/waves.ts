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
  const { layers, left } = layersOf(nodes);
  if (left.length > 0) throw new TypeError(`nodes need each other: ${left.map(({ path }) => path).join(', ')}`);
  return layers;
}

/** Kahn's algorithm, layer by layer; `left` is what is in a loop or behind one. */
function layersOf(nodes: readonly Ordered[]): { readonly layers: readonly (readonly string[])[]; readonly left: readonly Ordered[] } {
  const paths = new Set(nodes.map(({ path }) => path));
  const missing = new Map(nodes.map(({ path, needs }) => [path, new Set(needs.filter((need) => paths.has(need))).size]));
  const dependents = Map.groupBy(
    nodes.flatMap(({ path, needs }) => [...new Set(needs)].map((need) => ({ need, path }))),
    ({ need }) => need,
  );
  const place = new Map(nodes.map(({ path }, index) => [path, index]));
  const layers: string[][] = [];
  let ready = nodes.flatMap(({ path }) => (missing.get(path) === 0 ? [path] : []));
  while (ready.length > 0) {
    layers.push(ready);
    const next: string[] = [];
    for (const { path } of ready.flatMap((done) => dependents.get(done) ?? [])) {
      const count = (missing.get(path) ?? 0) - 1;
      missing.set(path, count);
      if (count === 0) next.push(path);
    }
    ready = next.sort((a, b) => (place.get(a) ?? 0) - (place.get(b) ?? 0));
  }
  return { layers, left: nodes.filter(({ path }) => (missing.get(path) ?? 0) > 0) };
}

/** A short loop among the nodes, its first path repeated at the end; undefined when there is none. */
export function findCycle(nodes: readonly Ordered[]): readonly string[] | undefined {
  const { left } = layersOf(nodes);
  const byPath = new Map(left.map((node) => [node.path, node]));
  const loop = anyLoop(left, byPath);
  if (!loop) return undefined;
  const shorter = loop.slice(1).flatMap((path) => [loopFrom(path, byPath) ?? loop]);
  return shorter.sort((a, b) => a.length - b.length)[0] ?? loop;
}

/** Every node that is left needs another one that is left, so that following needs must come back somewhere. */
function anyLoop(left: readonly Ordered[], byPath: ReadonlyMap<string, Ordered>): readonly string[] | undefined {
  const way: string[] = [];
  for (let path = left[0]?.path; path !== undefined; path = byPath.get(path)?.needs.find((need) => byPath.has(need))) {
    const seen = way.indexOf(path);
    way.push(path);
    if (seen >= 0) return way.slice(seen);
  }
  return undefined;
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
