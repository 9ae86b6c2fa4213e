import { EXIT, SlipwayError } from '../../../core/index.ts';
import { isTerminal } from '../../../engine/index.ts';
import { pins, unpin } from '../../pins.ts';
import { runsOf } from '../assess.ts';
import { usageOf, VERBS } from '../command.ts';
import { letGo } from '../hold.ts';
import { amendRecord } from '../record.ts';
import { keyOf } from '../types.ts';
import { authorize, oneOf, sessionOf, targetsOf, type Verb } from './speaking.ts';

const WHAT: { readonly [verb in (typeof VERBS)[number]]: string } = {
  plan: 'plans anew what the change affects',
  apply: 'runs exactly the plan that is shown, once every rule is met',
  approve: 'approves the plans that are shown, or what a run waits for',
  reject: 'is against them',
  allow: 'lets Slipway execute this head, to preview it',
  rollback: 'undoes the last run',
  cancel: 'stops planning, or the run that goes on',
  unlock: 'gives back what this change keeps to itself',
  release: 'lets a pinned runbook go on, when Git is right as it is',
  help: 'says this',
};

export const help: Verb = async () => ({
  isDone: true,
  text: 'these commands stand alone in the first line of a comment',
  commands: VERBS.map((verb) => ({ command: verb === 'help' ? 'slipway help' : usageOf(verb).replace('write: ', ''), does: WHAT[verb] })),
});

/** Binds to one commit: whatever is pushed later is not allowed. */
export const allow: Verb = async (speaking) => {
  const { options, opened, ask } = speaking;
  const { record, ref } = opened;
  if (ask.command.commit !== record.head) {
    throw new SlipwayError('HEAD_MOVED', `${ask.command.commit ?? ''} is not the head`, { hint: `the head is ${record.head}; look at it before you allow it` });
  }
  await authorize(speaking, 'pull.allow', targetsOf(speaking));
  await amendRecord(options.store, ref, (before) =>
    before.head === record.head ? { ...before, allowed: { by: ask.login, at: options.clock.now() } } : before,
  );
  return { isDone: true, text: `${record.head} may be executed, and nothing else of this change` };
};

export const cancel: Verb = async (speaking) => {
  const { options, opened, ask } = speaking;
  const live = (await runsOf(options, opened.record)).filter(({ state }) => !isTerminal(state));
  if (live.length === 0) {
    await authorize(speaking, 'run.cancel', targetsOf(speaking));
    await amendRecord(options.store, opened.ref, (before) => (before.head === opened.record.head ? { ...before, stopped: true } : before));
    return { isDone: true, text: 'nothing is planned for this head any more, until somebody says "slipway plan"' };
  }
  const runbook = oneOf([...new Set(live.map((row) => row.runbook))], ask, 'is being run');
  await authorize(speaking, 'run.cancel', [runbook]);
  const runs = live.filter((row) => row.runbook === runbook);
  for (const { id } of runs) {
    const handle = await options.app.cancel(sessionOf(speaking), id, `asked for in ${keyOf(opened.ref)} by ${ask.login}`);
    if (handle) options.keeper.hold(handle);
  }
  return { isDone: true, text: `${runs.map(({ id }) => id).join(', ')}: asked to stop` };
};

export const rollback: Verb = async (speaking) => {
  const { options, opened, ask } = speaking;
  const { runs } = opened.record;
  const runbook = oneOf([...new Set(runs.map((run) => run.runbook))], ask, 'was run');
  await authorize(speaking, 'run.rollback', [runbook]);
  const run = runs.findLast((each) => each.runbook === runbook);
  if (!run) throw new SlipwayError('RUN_NOT_FOUND', `${runbook} was not run`, { exitCode: EXIT.notFound });
  const reason = `asked for in ${keyOf(opened.ref)} by ${ask.login}`;
  try {
    const started = await options.app.rollBack(sessionOf(speaking), run.id, { reason, force: false });
    if ('done' in started) options.keeper.hold(started);
    return { isDone: true, text: `${run.id} is being undone by ${started.runId}`, ...urlOf(options.runUrl(started.runId)) };
  } catch (cause) {
    if (!(cause instanceof SlipwayError) || !['BEING_UNDONE', 'NOTHING_TO_UNDO'].includes(cause.code)) throw cause;
    return { isDone: true, text: cause.message }; // by whoever asked first, or by us before a crash
  }
};

export const unlock: Verb = async (speaking) => {
  const { options, opened, ask } = speaking;
  await authorize(speaking, 'lock.release', targetsOf(speaking));
  const live = (await runsOf(options, opened.record)).filter(({ state }) => !isTerminal(state));
  if (live.length > 0)
    throw new SlipwayError('RUN_LIVE', `${live.map(({ id }) => id).join(', ')} still works on what is locked`, {
      exitCode: EXIT.locked,
      hint: 'wait for its end, or say "slipway cancel" first',
    });
  const freed = await letGo(options.store, opened.ref);
  await options.store.audit.append({
    actor: speaking.speaker.identity.id,
    action: 'lock.release',
    object: `pull:${keyOf(opened.ref)}`,
    details: { locks: [...freed], comment: ask.comment },
  });
  return { isDone: true, text: freed.length === 0 ? 'this change keeps nothing to itself' : `gave back ${freed.join(', ')}` };
};

export const release: Verb = async (speaking) => {
  const { options, opened, ask } = speaking;
  const pinned = await pins(options.store, opened.served.name);
  const runbook = oneOf(
    pinned.map((each) => each.runbook),
    ask,
    'is pinned',
  );
  await authorize(speaking, 'lock.release', [runbook]);
  const found = await unpin(options.store, opened.served.name, runbook);
  await options.store.audit.append({
    actor: speaking.speaker.identity.id,
    action: 'pin.release',
    object: `runbook:${runbook}`,
    details: { run: found?.run ?? '', comment: ask.comment, pull: keyOf(opened.ref) },
  });
  return { isDone: true, text: `${runbook} is not pinned any more` };
};

function urlOf(url: string | undefined): { readonly url?: string } {
  return url === undefined ? {} : { url };
}
