import type { HostCheck, HostContext, HostProbe, Outputs } from '../kind.ts';
import { hasGuard, skippedBecause, whyDone } from './guard.ts';

/** Look whether a command that was in flight took effect: its `creates` or `unless` tell. */
export async function probeByGuard(context: HostContext): Promise<HostProbe> {
  if (!hasGuard(context)) return { verdict: 'unknown', reason: 'the step has neither creates nor unless' };
  const why = await whyDone(context);
  return why === undefined ? { verdict: 'notDone' } : { verdict: 'done', outcome: { ...skippedBecause(why), status: 'changed' } };
}

/** Look whether a wanted state is there, by the same check that a preview makes. `outputs` is what the step puts out when it is. */
export async function probeByCheck(check: () => Promise<Omit<HostCheck, 'host'>>, outputs: Outputs): Promise<HostProbe> {
  const { verdict, detail } = await check();
  if (verdict === 'ok') return { verdict: 'done', outcome: { status: 'changed', outputs, summary: 'found as wanted' } };
  return verdict === 'wouldChange' ? { verdict: 'notDone' } : { verdict: 'unknown', reason: detail ?? 'the host does not tell' };
}
