import type { JsonObject } from '../../core/index.ts';
import type { AnyKind } from '../../steps/index.ts';
import type { Path } from '../path.ts';

export type StepRole = 'step' | 'rescue' | 'finally' | 'compensate' | 'case' | 'rollback';

/** A step as it was written, with its place; made before anything is known to be valid. */
export interface StepView {
  readonly raw: JsonObject;
  readonly path: Path;
  readonly role: StepRole;
  /** Index of its phase; undefined in `rollback.steps`. */
  readonly phase: number | undefined;
  readonly owner: StepView | undefined;
  /** The list it is in, itself included, in the order of the file. */
  readonly siblings: readonly StepView[];
  readonly index: number;
  /** Steps nested in it, directly. */
  readonly inner: StepView[];
  readonly id: string;
  /** Whether the person gave the id. */
  readonly isNamed: boolean;
  /** Empty when the step says neither `uses` nor `run`. */
  readonly uses: string;
  readonly kind: AnyKind | undefined;
  /** `with` after `run` and `env` are folded in. */
  readonly settings: JsonObject;
}

/** Ids of the steps it waits for: what `needs` names beside it, else the step before it. */
export function neededIds(step: StepView): readonly string[] {
  const { needs } = step.raw;
  if (Array.isArray(needs)) return needs.filter((need) => typeof need === 'string');
  const before = step.siblings[step.index - 1];
  return needs === undefined && before ? [before.id] : [];
}

/** Where a setting of `with` is written: `run` and `env` beside it are folded into it. */
export function settingPath(step: StepView, path: Path): Path {
  const [first, second] = path;
  const { run, env } = step.raw;
  if (first === 'cmd' && run !== undefined) return [...step.path, 'run'];
  if (first === 'env' && typeof env === 'object' && env !== null && (second === undefined || Object.hasOwn(env, second))) return [...step.path, ...path];
  return [...step.path, 'with', ...path];
}

/** Does it run only when a run is rolled back? */
export function isInRollback(step: StepView): boolean {
  return step.role === 'compensate' || step.role === 'rollback' || (step.owner !== undefined && isInRollback(step.owner));
}
