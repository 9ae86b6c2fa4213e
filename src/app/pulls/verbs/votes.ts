import { EXIT, SlipwayError } from '../../../core/index.ts';
import { isTerminal } from '../../../engine/index.ts';
import { amendRecord, type CastVote } from '../record.ts';
import { runsOf } from '../assess.ts';
import { authorize, oneOf, refuseMoved, sessionOf, type Speaking, targetsOf, type Verb } from './speaking.ts';

export const approve: Verb = (speaking) => decide(speaking, 'approve');
export const reject: Verb = (speaking) => decide(speaking, 'reject');

/** Where a run waits for a decision, the vote is about that; else it is about the plans that were shown. */
async function decide(speaking: Speaking, decision: 'approve' | 'reject'): ReturnType<Verb> {
  const { options, opened, ask } = speaking;
  const live = (await runsOf(options, opened.record)).filter(({ state }) => !isTerminal(state));
  const asked = live.filter(({ runbook }) => ask.command.runbook === undefined || runbook === ask.command.runbook);
  return ask.command.phase !== undefined || asked.length > 0 ? voteInRun(speaking, decision, live) : voteOnPlans(speaking, decision);
}

async function voteInRun(speaking: Speaking, decision: 'approve' | 'reject', live: Awaited<ReturnType<typeof runsOf>>): ReturnType<Verb> {
  const { options, ask } = speaking;
  const runbook = oneOf([...new Set(live.map((row) => row.runbook))], ask, 'is being run');
  const run = live.find((row) => row.runbook === runbook);
  if (!run) throw new SlipwayError('RUN_NOT_FOUND', `${runbook} is not being run`, { exitCode: EXIT.notFound });
  await authorize(speaking, 'run.vote', [runbook]);
  const { phase } = ask.command;
  const { path } = await options.app.vote(sessionOf(speaking), { runId: run.id, decision, ...(phase === undefined ? {} : { path: phase }) });
  return { isDone: true, text: `${decision === 'approve' ? 'approved' : 'rejected'} ${path} of ${run.id}` };
}

async function voteOnPlans(speaking: Speaking, decision: 'approve' | 'reject'): ReturnType<Verb> {
  const { options, opened, ask } = speaking;
  const wanted = targetsOf(speaking);
  const { record, target, pull } = opened;
  refuseMoved(speaking);
  const plans = wanted.flatMap((runbook) => {
    const plan = record.plans[runbook];
    return plan?.commit === target.commit ? [{ runbook, plan }] : [];
  });
  if (plans.length === 0)
    throw new SlipwayError('NO_PLAN', `there is no plan of ${wanted.join(', ') || 'this change'} to ${decision}`, {
      exitCode: EXIT.notFound,
      hint: 'say "slipway plan"',
    });
  const unseen = plans.filter(({ plan }) => plan.shownAt === undefined || plan.shownAt > latestOf(ask.createdAt));
  if (unseen.length > 0) {
    const names = unseen.map(({ runbook }) => runbook).join(', ');
    throw new SlipwayError('NOT_SHOWN', `the plan of ${names} is newer than this comment`, { hint: `look at it, and say "slipway ${decision}" again` });
  }
  await authorize(
    speaking,
    'run.vote',
    plans.map(({ runbook }) => runbook),
  );
  const own = { comment: ask.comment, login: ask.login, account: ask.account, decision, at: options.clock.now() };
  const votes = plans.map(({ runbook, plan }): CastVote => ({ ...own, runbook, digest: plan.digest }));
  await amendRecord(options.store, opened.ref, (before) =>
    before.head === record.head ? { ...before, votes: [...before.votes.filter(({ comment }) => comment !== ask.comment), ...votes] } : before,
  );
  const names = plans.map(({ runbook, plan }) => `${runbook} (${plan.digest.slice(0, 19)})`).join(', ');
  return { isDone: true, text: `${decision === 'approve' ? 'approved' : 'rejected'} the plan of ${names} at ${pull.head.sha.slice(0, 12)}` };
}

/** Some hosts tell times in whole seconds: then it may have been any moment of that one. */
function latestOf(createdAt: number): number {
  return createdAt % 1_000 === 0 ? createdAt + 999 : createdAt;
}
