import type { ResolvedRunbook, ResolvedStep, Retry } from '../../runbook/index.ts';
import type { AnyKind, Idempotency } from '../../steps/index.ts';
import type { RetryRule } from '../types.ts';

const TRIES = 3;
const INITIAL_MS = 2_000;
const FACTOR = 2;
const MAX_MS = 120_000;
const TIMEOUT_MS = 20 * 60_000;

type Defaults = ResolvedRunbook['defaults'];
type Options = Pick<ResolvedStep, 'idempotency' | 'creates' | 'unless' | 'retry' | 'timeout' | 'onFailure'>;

/** `ssh.run` is `manual`, because nobody knows what a command does; a guard that looks first makes it safe to repeat. */
export function idempotencyOf(step: Options, kind: AnyKind): Idempotency {
  if (step.idempotency !== undefined) return step.idempotency;
  if (kind.target === 'control') return 'safe';
  const guarded = step.creates !== undefined || step.unless !== undefined;
  return guarded && kind.idempotency === 'manual' ? 'safe' : kind.idempotency;
}

/** The step's rule, then the runbook's defaults, then ours: 3 tries, or 1 for what must not simply be repeated. */
export function retryOf(step: Options, kind: AnyKind, defaults: Defaults): RetryRule {
  const [own, common]: readonly Retry[] = [step.retry ?? {}, kind.target === 'control' ? {} : (defaults?.retry ?? {})];
  const idempotency = idempotencyOf(step, kind);
  const once = kind.target === 'control' || (kind.mutates && (idempotency === 'manual' || idempotency === 'probe'));
  const maxElapsed = own?.maxElapsed ?? common?.maxElapsed;
  const on = own?.on ?? common?.on;
  return {
    attempts: own?.attempts ?? common?.attempts ?? (once ? 1 : TRIES),
    initialMs: own?.backoff?.initial ?? common?.backoff?.initial ?? INITIAL_MS,
    factor: own?.backoff?.factor ?? common?.backoff?.factor ?? FACTOR,
    maxMs: own?.backoff?.max ?? common?.backoff?.max ?? MAX_MS,
    jitter: own?.backoff?.jitter ?? common?.backoff?.jitter ?? 'full',
    ...(maxElapsed === undefined ? {} : { maxElapsedMs: maxElapsed }),
    ...(on === undefined ? {} : { on }),
    except: own?.except ?? common?.except ?? [],
  };
}

/** Answers of people and of measurements: what a run is allowed to go on by. */
const GATES: ReadonlySet<string> = new Set(['approval', 'manual', 'bench.probe', 'analysis']);

/**
 * A gate whose failure is tolerated holds nobody back, so the runbook's defaults cannot say that for all of them at once: only a step of its
 * own can, where policies and reviewers see it.
 */
export function onFailureOf(step: Options, kind: AnyKind, defaults: Defaults): NonNullable<ResolvedStep['onFailure']> {
  if (step.onFailure !== undefined) return step.onFailure;
  const common = defaults?.onFailure ?? 'fail';
  return GATES.has(kind.uses) && common !== 'rollback' ? 'fail' : common;
}

/** Nodes that only wait have their own deadlines. */
export function timeoutOf(step: Options, kind: AnyKind, defaults: Defaults): number {
  if (kind.target === 'control') return step.timeout ?? 0;
  return step.timeout ?? defaults?.timeout ?? TIMEOUT_MS;
}
