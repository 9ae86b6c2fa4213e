import { createMasker, EXIT, SlipwayError } from '../../../core/index.ts';
import { derivedRunId } from '../../call.ts';
import { pullHolder } from '../../change-locks.ts';
import type { Session } from '../../types.ts';
import { assess, type Assessed, environmentsFor } from '../assess.ts';
import { hold } from '../hold.ts';
import { sessionFor } from '../look.ts';
import { mergeHead } from '../merge.ts';
import { type OpenedPull, openPull } from '../opened.ts';
import type { ReadPlan } from '../plans.ts';
import { amendRecord } from '../record.ts';
import { makersOf } from '../rules/votes.ts';
import { keyOf } from '../types.ts';
import { authorize, refuseMoved, type Speaking, targetsOf, type Verb } from './speaking.ts';

/**
 * Run exactly the plans that were shown, once every rule is met. Ids of runs follow from the comment: a crash in the middle, or the same delivery
 * again, finds what was started and starts nothing twice.
 */
export const apply: Verb = async (speaking) => {
  const { options, looks, opened, look, speaker } = speaking;
  const wanted = targetsOf(speaking);
  if (wanted.length === 0) return { isDone: true, text: 'this change touches no runbook, so that there is nothing to apply' };
  const begun = await begunRuns(speaking, wanted);
  if (begun.length === wanted.length) return started(speaking, begun);
  refuseMoved(speaking);
  await authorize(speaking, 'run.start', wanted);
  const left = wanted.filter((runbook) => !begun.includes(runIdOf(speaking, runbook)));
  const assessed = await assess(options, looks, { opened, look, only: left, applier: speaker });
  const open = assessed.flatMap(({ affected, rules }) =>
    rules.filter(({ isMet }) => !isMet).map((each) => ({ ...each, rule: `${affected.runbook}: ${each.rule}` })),
  );
  if (open.length > 0) return { isDone: false, text: `not applied: ${open.length} rule${open.length === 1 ? ' is' : 's are'} not met`, rules: open };
  await refuseDone(speaking, assessed);
  const merged = await mergeFirst(speaking, assessed);
  for (const each of assessed) if (each.plan) await start({ ...speaking, opened: merged }, each, each.plan);
  return started(
    speaking,
    wanted.map((runbook) => runIdOf(speaking, runbook)),
  );
};

function runIdOf({ ask, opened }: Speaking, runbook: string): string {
  const day = new Date(ask.createdAt).toISOString().slice(0, 10).replaceAll('-', '');
  return derivedRunId(`run-${day}-`, `${keyOf(opened.ref)} ${ask.comment} ${runbook}`);
}

/** Runs that this very comment has started before; they only have to be driven. */
async function begunRuns(speaking: Speaking, wanted: readonly string[]): Promise<readonly string[]> {
  const { wiring, keeper } = speaking.options;
  const journal = await wiring.journal();
  const begun: string[] = [];
  for (const id of wanted.map((runbook) => runIdOf(speaking, runbook))) {
    if (!(await journal.run(id))) continue;
    await keeper.takeUp(id);
    begun.push(id);
  }
  return begun;
}

function started({ options }: Speaking, runs: readonly string[]): ReturnType<Verb> {
  const url = runs.length === 1 ? options.runUrl(runs[0] ?? '') : undefined;
  return Promise.resolve({ isDone: true, text: `started ${runs.join(', ')}`, ...(url === undefined ? {} : { url }) });
}

/** A plan describes one change from one state; once that was made, there is nothing left of it. @throws {SlipwayError} `ALREADY_APPLIED`, `BUSY`. */
async function refuseDone({ options, opened }: Speaking, assessed: readonly Assessed[]): Promise<void> {
  if (options.keeper.running.length >= options.mostRuns)
    throw new SlipwayError('BUSY', `${options.mostRuns} runs go on here already`, { retry: 'afterBackoff' });
  const journal = await options.wiring.journal();
  for (const { affected, plan } of assessed) {
    for (const { id } of opened.record.runs.filter(({ runbook }) => runbook === affected.runbook)) {
      const row = await journal.run(id);
      if (row?.state !== 'succeeded' || row.planDigest !== plan?.bundle.digest) continue;
      throw new SlipwayError('ALREADY_APPLIED', `${affected.runbook}: ${id} has applied this plan`, {
        exitCode: EXIT.locked,
        hint: 'plan again if it has to be done once more',
      });
    }
  }
}

/** Where environments leave the merge to Slipway, it comes first, unless they are applied before. @throws {SlipwayError} `HEAD_MOVED`, and what merging throws. */
async function mergeFirst({ options, opened }: Speaking, assessed: readonly Assessed[]): Promise<OpenedPull> {
  const method = assessed.find(({ needs }) => needs.when === 'afterMerge')?.needs.merge;
  if (opened.pull.state !== 'open' || method === undefined) return opened;
  await mergeHead(options, opened, method);
  const merged = await openPull(options, opened.ref, opened.signal);
  if (merged?.pull.state === 'merged' && merged.target.commit === opened.target.commit) return merged;
  throw new SlipwayError('HEAD_MOVED', 'it was merged, and became something else than what was planned', { hint: 'look at the new plan, and apply that' });
}

/** Locks first, then the intent, then the run: whoever dies in between is found out by the next one, and nothing is held that nobody knows of. */
async function start(speaking: Speaking, { affected }: Assessed, { bundle }: ReadPlan): Promise<void> {
  const { options, opened, look, speaker } = speaking;
  const { store, app, keeper, wiring, clock } = options;
  const { ref, served, target, pull } = opened;
  const { runbook } = affected;
  const id = runIdOf(speaking, runbook);
  await hold(store, ref, { body: bundle.body, backend: wiring.backend });
  const run = { id, runbook, commit: target.commit, by: speaker.identity.id, at: clock.now(), early: pull.state === 'open' };
  await amendRecord(store, ref, (before) => ({ ...before, runs: [...before.runs.filter((each) => each.id !== id), run] }));
  const environments = environmentsFor(opened, look, runbook);
  const handle = await app.apply(sessionOfRun(speaking), bundle, {
    ...{ overrides: [], secrets: {}, runId: id, holder: pullHolder(ref.host, ref.repo, ref.number), authors: (await makersOf(opened)).names },
    labels: { server: true, repository: served.name, cause: `pull ${keyOf(ref)}`, environments, commit: target.commit },
  });
  keeper.hold(handle);
}

/** A run outlives the work on its pull request. Here, and only here, it gets what runs of the default branch get. */
function sessionOfRun({ options, opened, speaker }: Speaking): Session {
  const { signal } = options.session;
  return { ...sessionFor(options, opened, { actor: speaker.identity.id, teams: speaker.teams }), signal, masker: createMasker() };
}
