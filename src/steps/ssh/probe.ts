import type { HostContext, HostProbe } from '../kind.ts';
import { hasGuard, skippedBecause, whyDone } from './guard.ts';

/** Look whether a command that was in flight took effect: its `creates` or `unless` tell. */
export async function probeByGuard(context: HostContext): Promise<HostProbe> {
  if (!hasGuard(context)) return { verdict: 'unknown', reason: 'the step has neither creates nor unless' };
  const why = await whyDone(context);
  return why === undefined ? { verdict: 'notDone' } : { verdict: 'done', outcome: { ...skippedBecause(why), status: 'changed' } };
}
