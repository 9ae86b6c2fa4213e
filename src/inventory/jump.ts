import { didYouMean } from '../core/index.ts';
import type { Entry } from './entries.ts';

/** Longer chains are a mistake, and would make looking for loops slow. */
const MOST_DEPTH = 16;

type Entries = ReadonlyMap<string, Entry>;

/** Hosts to pass through as written for this host; its own rule, else the default, from which jump hosts themselves are free. */
function writtenJumps({ name, entry, defaults }: Entry): { readonly names: readonly string[]; readonly isOwn: boolean } {
  const own = entry.jump;
  const names = listOf(own ?? defaults.jump);
  return own === undefined && names.includes(name) ? { names: [], isOwn: false } : { names, isOwn: own !== undefined };
}

function listOf(jump: string | readonly string[] | undefined): readonly string[] {
  if (jump === undefined) return [];
  return typeof jump === 'string' ? [jump] : jump;
}

/** Report jump hosts that do not exist and chains that come back to where they began. */
export function checkJumps(entries: Entries): void {
  const reported = new Set<string>();
  for (const entry of entries.values()) {
    const { names, isOwn } = writtenJumps(entry);
    const path = isOwn ? ['hosts', entry.key, 'jump'] : ['defaults', 'jump'];
    for (const name of names) {
      const at = `${path.join('.')}:${name}`;
      if (entries.has(name) || reported.has(at)) continue;
      reported.add(at);
      const near = didYouMean(name, entries.keys());
      entry.report({
        code: 'UNKNOWN_HOST',
        path,
        message: `there is no host "${name}" to jump through`,
        hint: near === undefined ? 'add it under "hosts"' : `did you mean "${near}"?`,
      });
    }
  }
  const loop = findLoop(entries);
  const first = entries.get(loop?.[0] ?? '');
  if (!loop || !first) return;
  const path = first.entry.jump === undefined ? ['defaults', 'jump'] : ['hosts', first.key, 'jump'];
  if (loop.at(-1) !== loop[0]) {
    first.report({
      code: 'JUMP_TOO_LONG',
      path,
      message: `host "${first.name}" is reached through more than ${MOST_DEPTH} others`,
      hint: 'jump through fewer hosts',
    });
    return;
  }
  const message = loop.length === 2 ? `host "${first.name}" jumps through itself` : `hosts jump through each other: ${loop.join(' → ')}`;
  first.report({ code: 'JUMP_LOOP', path, message, hint: 'one of them must be reachable directly: give it jump: []' });
}

function nextOf(entries: Entries, name: string): readonly string[] {
  const entry = entries.get(name);
  return entry ? writtenJumps(entry).names : [];
}

function findLoop(entries: Entries): readonly string[] | undefined {
  const done = new Set<string>();
  const visit = (name: string, trail: readonly string[]): readonly string[] | undefined => {
    if (trail.includes(name)) return [...trail.slice(trail.indexOf(name)), name];
    if (done.has(name)) return undefined;
    if (trail.length > MOST_DEPTH) return trail;
    for (const next of nextOf(entries, name)) {
      const loop = visit(next, [...trail, name]);
      if (loop) return loop;
    }
    done.add(name);
    return undefined;
  };
  for (const name of entries.keys()) {
    const loop = visit(name, []);
    if (loop) return loop;
  }
  return undefined;
}

/** Names of the hosts to pass through, nearest to us first: what the first jump host needs itself, then the list as written. */
export function jumpChain(entries: Entries, name: string): readonly string[] {
  const written = nextOf(entries, name);
  const [first] = written;
  return first === undefined ? [] : [...new Set([...jumpChain(entries, first), ...written])];
}
