import { canonicalJson } from '../../core/index.ts';
import { toJson } from '../bundle.ts';
import type { PlanNode } from '../types.ts';
import type { Build } from './build.ts';

/**
 * Keep one of several identical traffic moves of a phase: three steps that raise a weight need one way back. The one kept belongs to a
 * step that always starts before the others, so it is due whenever theirs would be.
 */
export function shareTrafficUndos(build: Build): void {
  const kept = new Map<string, PlanNode[]>();
  for (const undo of [...build.nodes.values()]) {
    const owner = undo.order === 'traffic' && undo.owner !== undefined ? build.nodes.get(undo.owner) : undefined;
    if (!owner || owner.role !== 'step' || !isOnly(build, undo)) continue;
    const key = `${undo.phase} ${canonicalJson(toJson({ uses: undo.uses, with: undo.with, hosts: undo.hosts?.names ?? [] }))}`;
    const earlier = (kept.get(key) ?? []).find((candidate) => comesFirst(build, candidate, owner));
    if (earlier) {
      build.nodes.delete(undo.path);
      build.nodes.set(owner.path, { ...owner, undoneBy: earlier.path });
    } else {
      kept.set(key, [...(kept.get(key) ?? []), undo]);
    }
  }
}

function isOnly(build: Build, undo: PlanNode): boolean {
  const below = [...build.nodes.values()].filter(
    ({ path, owner }) => path !== undo.path && (owner === undo.path || (owner === undo.owner && path.includes('/compensate/'))),
  );
  return below.length === 0;
}

/** Does the owner of `undo` start, without condition, before `other` does? */
function comesFirst(build: Build, undo: PlanNode, other: PlanNode): boolean {
  const owner = build.nodes.get(undo.owner ?? '');
  if (!owner || owner.if !== undefined || owner.foreach !== undefined) return false;
  const seen = new Set<string>();
  const open = [...other.needs];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (path === owner.path) return true;
    if (!seen.has(path)) open.push(...(build.nodes.get(path)?.needs ?? []));
    seen.add(path);
  }
  return false;
}
