import { isArray, isObject, type Json, type JsonObject } from '../core/index.ts';
import { collectSteps, phasesOf } from './walk/collect.ts';
import { mapsIn, textOf } from './checks/context.ts';

/** What a document names of the rest of the repository, as written: expressions are kept, and say nothing yet. */
export interface Uses {
  readonly environments: readonly string[];
  readonly calendars: readonly string[];
  /** Patterns of hosts. */
  readonly hosts: readonly string[];
  /** Inventories it is limited to; all when empty. */
  readonly inventories: readonly string[];
  /** Called runbooks. */
  readonly calls: readonly string[];
  /** `<program>/<name>`. */
  readonly stacks: readonly string[];
  /** Every text in the settings of its steps: each may be the path of a file. */
  readonly texts: readonly string[];
  /** Some step takes a file whose path nobody knows before the run. */
  readonly anyFile: boolean;
  /** Patterns of paths that it says concern it. */
  readonly paths: readonly string[];
}

/** What steps call a file of the repository. */
const FILE_KEYS = ['src', 'path', 'script', 'template', 'archive', 'file'];

/** Gather what a runbook or environment names; whatever is not there or of another type counts as nothing. */
export function usesOf(raw: JsonObject): Uses {
  const phases = phasesOf(raw);
  const steps = collectSteps(raw, new Map());
  const watches = phases.flatMap((phase) => mapsIn(phase['watch']).map(([, watch]) => watch));
  const defaults = isObject(raw['defaults']) ? raw['defaults'] : {};
  const settings = [...steps.map((step) => step.settings), ...watches.map((watch) => (isObject(watch['with']) ? watch['with'] : {}))];
  return {
    environments: unique(phases.map((phase) => textOf(phase, 'environment'))),
    calendars: unique([...phases.map((phase) => phase['window']), raw['window']].flatMap(calendarsIn)),
    hosts: unique([textOf(defaults, 'hosts'), ...[...steps.map((step) => step.raw), ...watches].map((step) => textOf(step, 'hosts'))]),
    inventories: unique(textsOf(raw['inventory'])),
    calls: unique(steps.filter(({ uses }) => uses === 'runbook.call').map((step) => textOf(step.settings, 'runbook'))),
    stacks: unique(settings.map((each) => textOf(each, 'stack'))),
    texts: unique(settings.flatMap((each) => [...textsIn(each)])),
    anyFile: settings.some((each) => FILE_KEYS.some((key) => (textOf(each, key) ?? '').startsWith('${{'))),
    paths: unique(mapsIn(raw['triggers']).flatMap(([, trigger]) => (isObject(trigger['pullRequest']) ? textsOf(trigger['pullRequest']['paths']) : []))),
  };
}

function calendarsIn(window: Json | undefined): readonly (string | undefined)[] {
  return isObject(window) ? [textOf(window, 'allow'), textOf(window, 'deny')] : [];
}

/** A text, or the texts of a list. */
function textsOf(value: Json | undefined): readonly string[] {
  if (typeof value === 'string') return [value];
  return value !== undefined && isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

function* textsIn(value: Json): Generator<string> {
  if (typeof value === 'string') yield value;
  else if (value !== null && typeof value === 'object') for (const child of isArray(value) ? value : Object.values(value)) yield* textsIn(child);
}

function unique(texts: readonly (string | undefined)[]): readonly string[] {
  return [...new Set(texts.filter((text) => text !== undefined))];
}
