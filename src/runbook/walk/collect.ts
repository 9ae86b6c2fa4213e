import { isArray, isObject, type Json, type JsonObject, PATTERN } from '../../core/index.ts';
import type { Kinds } from '../kinds.ts';
import type { Path } from '../path.ts';
import type { StepRole, StepView } from './view.ts';

const NESTED = [
  ['rescue', 'rescue'],
  ['finally', 'finally'],
  ['compensate', 'compensate'],
  ['default', 'case'],
] as const;

interface Place {
  readonly role: StepRole;
  readonly phase: number | undefined;
  readonly owner: StepView | undefined;
}

/** Every step of a runbook, nested ones after their owner, in the order of the file. Tolerates everything. */
export function collectSteps(document: JsonObject, kinds: Kinds): readonly StepView[] {
  const names = new Names(document);
  const found: StepView[] = [];
  const list = (value: Json | undefined, path: Path, place: Place): void => {
    if (value === undefined || !isArray(value)) return;
    const siblings: StepView[] = [];
    for (const [index, raw] of value.entries()) {
      if (!isObject(raw)) continue;
      const step = viewOf(raw, { ...place, path: [...path, index], siblings, index: siblings.length }, { kinds, names });
      siblings.push(step);
      place.owner?.inner.push(step);
      found.push(step);
      nested(step);
    }
  };
  const nested = (step: StepView): void => {
    const { path, raw, phase } = step;
    for (const [key, role] of NESTED) list(raw[key], [...path, key], { role, phase, owner: step });
    const { cases } = raw;
    if (isObject(cases)) for (const [branch, steps] of Object.entries(cases)) list(steps, [...path, 'cases', branch], { role: 'case', phase, owner: step });
  };
  for (const [index, phase] of phasesOf(document).entries()) {
    list(phase['steps'], ['phases', index, 'steps'], { role: 'step', phase: index, owner: undefined });
    list(phase['finally'], ['phases', index, 'finally'], { role: 'finally', phase: index, owner: undefined });
  }
  const { rollback } = document;
  if (isObject(rollback)) list(rollback['steps'], ['rollback', 'steps'], { role: 'rollback', phase: undefined, owner: undefined });
  return found;
}

/** The phases as written; what is no map counts as an empty one, so that positions stay right. */
export function phasesOf(document: JsonObject): readonly JsonObject[] {
  const { phases } = document;
  return phases !== undefined && isArray(phases) ? phases.map((phase) => (isObject(phase) ? phase : {})) : [];
}

type Located = Pick<StepView, 'path' | 'role' | 'phase' | 'owner' | 'siblings' | 'index'>;

function viewOf(raw: JsonObject, located: Located, { kinds, names }: { readonly kinds: Kinds; readonly names: Names }): StepView {
  const uses = typeof raw['uses'] === 'string' ? raw['uses'] : raw['run'] === undefined ? '' : 'ssh.run';
  const { id } = raw;
  const own = typeof id === 'string' ? id : undefined;
  return { ...located, raw, uses, inner: [], isNamed: own !== undefined, id: own ?? names.next(uses), kind: kinds.get(uses), settings: settingsOf(raw) };
}

/** `run` becomes `with.cmd`; `env` is merged into `with.env`. */
function settingsOf(raw: JsonObject): JsonObject {
  const own = isObject(raw['with']) ? raw['with'] : {};
  const withRun = raw['run'] === undefined ? own : { ...own, cmd: raw['run'] };
  if (!isObject(raw['env'])) return withRun;
  return { ...withRun, env: { ...(isObject(own['env']) ? own['env'] : {}), ...raw['env'] } };
}

/** Hands out ids to steps without one: the kind and a counter, `traffic-setWeight-2`. */
class Names {
  readonly #taken: Set<string>;
  readonly #counts = new Map<string, number>();

  constructor(document: JsonObject) {
    this.#taken = new Set([...idsIn(document['phases']), ...idsIn(document['rollback'])]);
  }

  next(uses: string): string {
    const plain = uses.replaceAll(/[^a-zA-Z0-9]+/g, '-').slice(0, 50);
    const stem = PATTERN.id.test(plain) ? plain : 'step';
    let count = this.#counts.get(stem) ?? 0;
    let name: string;
    do name = `${stem}-${++count}`;
    while (this.#taken.has(name));
    this.#counts.set(stem, count);
    return name;
  }
}

function* idsIn(value: Json | undefined): Generator<string> {
  if (value === undefined || value === null || typeof value !== 'object') return;
  if (isObject(value) && typeof value['id'] === 'string') yield value['id'];
  for (const child of Array.isArray(value) ? (value as readonly Json[]) : Object.values(value)) yield* idsIn(child as Json);
}
