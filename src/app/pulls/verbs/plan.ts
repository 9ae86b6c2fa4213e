import { EXIT, SlipwayError } from '../../../core/index.ts';
import { refusePinned } from '../../pins.ts';
import { assess } from '../assess.ts';
import { planRunbook } from '../plans.ts';
import { amendRecord, readRecord } from '../record.ts';
import { trustOf } from '../trust.ts';
import { authorize, targetsOf, type Verb } from './speaking.ts';

/** Plan anew what the change touches, whatever is known of it. Who asks has to be allowed, and what is executed has to be trusted. */
export const plan: Verb = async (speaking) => {
  const { options, looks, opened, look, speaker } = speaking;
  const wanted = targetsOf(speaking);
  if (wanted.length === 0) return { isDone: true, text: 'this change touches no runbook, so that there is nothing to plan' };
  await authorize(speaking, 'plan.create', wanted);
  const trust = await trustOf(opened);
  if (!trust.mayExecute)
    throw new SlipwayError('NOT_TRUSTED', `nothing of this change is executed: ${trust.why}`, {
      exitCode: EXIT.notAuthorized,
      hint: `look at it, then say "slipway allow ${opened.record.head}"`,
    });
  if (!look.estate)
    throw new SlipwayError('INVALID', 'nothing can be planned before mistakes are mended', { exitCode: EXIT.usage, hint: 'the comment above lists them' });
  for (const runbook of wanted) await refusePinned(options.store, opened.served.name, runbook);
  await amendRecord(options.store, opened.ref, (before) => (before.stopped === true ? { ...before, stopped: false } : before));
  const by = { actor: speaker.identity.id, teams: speaker.teams };
  const assessed = await assess(options, looks, { opened, look, only: wanted });
  for (const { affected, needs } of assessed)
    await planRunbook(options, { opened, look, runbook: affected.runbook, by, signal: opened.signal, withDrift: needs.driftFree, mayRetry: false });
  const failures = (await readRecord(options.store, opened.ref))?.failures ?? {};
  const failed = wanted.filter((runbook) => failures[runbook] !== undefined);
  if (failed.length === 0)
    return { isDone: true, text: `planned ${wanted.join(', ')} at ${opened.target.commit.slice(0, 12)}; the comment above has what came of it` };
  return { isDone: false, text: failed.map((runbook) => `${runbook}: ${failures[runbook]?.message ?? ''}`).join('; ') };
};
