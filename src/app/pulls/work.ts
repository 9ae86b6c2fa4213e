import { SlipwayError } from '../../core/index.ts';
import { isTerminal } from '../../engine/index.ts';
import { pinOf } from '../pins.ts';
import type { Outcome, QueueHandler } from '../serve/worker.ts';
import { isTouched } from './affected/index.ts';
import { type Ask, keepAsk, readAsk, say } from './asks.ts';
import { assess, type Assessed } from './assess.ts';
import { type Look, type Looks, wasHeard } from './look.ts';
import { mergeApplied } from './merge.ts';
import { type OpenedPull, openPull, servedFor } from './opened.ts';
import { subjectOf } from './people.ts';
import { planRunbook, unheard } from './plans.ts';
import { publish } from './publish.ts';
import { enqueueFollow, jobOf } from './queue.ts';
import { readRecord } from './record.ts';
import { settleRuns } from './settle.ts';
import { type Trust, trustOf } from './trust.ts';
import { keyOf, type PullRef, type PullsOptions } from './types.ts';
import { carryOut } from './verbs/carry-out.ts';
import type { Working } from './working.ts';

const SOON_MS = 1_000;
/** After so many attempts people are told that there is no plan, and why. */
const PATIENT_ATTEMPTS = 4;
/** A host works out whether a pull request can be merged only after somebody has asked. */
const MERGEABLE_MS = 5_000;

interface Bench {
  readonly options: PullsOptions;
  readonly looks: Looks;
}

/**
 * Brings a pull request up to date: what somebody asked for, then plans, then comment and statuses, then the answer. May be called again after any of its
 * steps; what was done already is found and left.
 */
export function pullsHandler(options: PullsOptions, { looks, working }: { readonly looks: Looks; readonly working: Working }): QueueHandler {
  const bench: Bench = { options, looks };
  return {
    lanes: 2,
    handle: async ({ payload, attempt }, signal) => {
      const { ask, ...ref } = jobOf(payload);
      try {
        return await working.on(keyOf(ref), (superseded, nameHead) => {
          const both = AbortSignal.any([signal, superseded]);
          return workOn(bench, ref, { comment: ask, signal: both, nameHead, mayRetry: attempt < PATIENT_ATTEMPTS });
        });
      } catch (cause) {
        if (signal.aborted || !(cause instanceof SlipwayError) || cause.code !== 'PULL_SUPERSEDED' || cause.retry === 'afterBackoff') throw cause;
        return { waitUntil: options.clock.now() + SOON_MS, reason: cause.message };
      }
    },
    gaveUp: async ({ payload }, reason) => {
      const { ask: comment, ...ref } = jobOf(payload);
      options.log.error({ pull: keyOf(ref), reason }, 'a pull request could not be brought up to date');
      const ask = comment === undefined ? undefined : await readAsk(options.store, ref, comment);
      const served = servedFor(options, ref);
      if (!ask || !served) return;
      const answer = { isDone: false, text: 'it failed again and again', hint: 'the log of the server says why; say it once more when that is mended' };
      await say(served, await keepAsk(options.store, { ...ask, answer }), options.session.signal);
    },
  };
}

interface Work {
  readonly comment: string | undefined;
  readonly signal: AbortSignal;
  readonly nameHead: (head: string) => void;
  /** What failed outside may be better a little later. */
  readonly mayRetry: boolean;
}

async function workOn(bench: Bench, ref: PullRef, { comment, signal, nameHead, mayRetry }: Work): Promise<Outcome> {
  const { options } = bench;
  const ask = comment === undefined ? undefined : await readAsk(options.store, ref, comment);
  const first = await openPull(options, ref, signal);
  if (!first) return notOurs(options, ref, { ask, signal });
  nameHead(first.pull.head.sha);
  const answered = ask && (await carryOut({ ...bench, opened: first, ask, mayRetry }));
  if (answered) await keepAsk(options.store, answered);
  // A command may have merged it, or let it be executed.
  const opened = answered ? ((await openPull(options, ref, signal)) ?? first) : first;
  await settleRuns(options, opened);
  const look = await bench.looks.look(opened);
  if (mayRetry && !wasHeard(look)) throw unheard();
  const trust = await trustOf(opened);
  await planMissing(bench, { opened, look, trust, mayRetry });
  const current = { ...opened, record: (await readRecord(options.store, ref)) ?? opened.record };
  const assessed = await assess(options, bench.looks, { opened: current, look });
  await publish(options, { opened: current, look, assessed, trust, isWorking: false });
  if (answered) await say(opened.served, answered, signal);
  await mergeApplied(options, { opened: current, assessed });
  await lookAgain(options, { opened: current, assessed });
  return { done: current.record.head };
}

/** A comment below a pull request that Slipway does not look after is answered all the same. */
async function notOurs(
  options: PullsOptions,
  ref: PullRef,
  { ask, signal }: { readonly ask: Ask | undefined; readonly signal: AbortSignal },
): Promise<Outcome> {
  const served = servedFor(options, ref);
  if (!ask || !served) return { done: 'none of ours' };
  const answer = { isDone: false, text: `this pull request goes into another branch than ${served.branch}`, hint: 'Slipway looks after that branch alone' };
  await say(served, await keepAsk(options.store, { ...ask, answer }), signal);
  return { done: 'another branch' };
}

interface Known {
  readonly opened: OpenedPull;
  readonly look: Look;
  readonly trust: Trust;
}

/** Plans that nobody has to ask for: of everything that is touched and has none, while that executes nothing of strangers. */
async function planMissing({ options, looks }: Bench, { mayRetry, ...known }: Known & Pick<Work, 'mayRetry'>): Promise<void> {
  const { opened, look } = known;
  const wanted = await unplanned(options, known);
  if (wanted.length === 0) return;
  const assessed = await assess(options, looks, { opened, look });
  await publish(options, { ...known, assessed, isWorking: true });
  const by = { actor: subjectOf(opened.served.host, opened.pull.author), teams: [] };
  for (const { needs, affected } of assessed.filter((each) => wanted.includes(each.affected.runbook)))
    await planRunbook(options, { opened, look, runbook: affected.runbook, by, signal: opened.signal, withDrift: needs.driftFree, mayRetry });
}

async function unplanned({ store, settings }: PullsOptions, { opened, look, trust }: Known): Promise<readonly string[]> {
  const { record, target, pull, served } = opened;
  if (!trust.mayExecute || !look.estate || pull.state === 'closed' || record.stopped === true) return [];
  const wanted: string[] = [];
  for (const { runbook } of look.affected.filter(isTouched)) {
    const judged = look.judged.get(runbook);
    // What is denied by what its files say need not be executed to be denied.
    if (!judged || 'missing' in judged || judged.verdict.decision === 'deny') continue;
    if (record.plans[runbook]?.commit === target.commit || record.failures[runbook] !== undefined) continue;
    if ((await pinOf(store, served.name, runbook)) === undefined) wanted.push(runbook);
  }
  return wanted.slice(0, settings.plans);
}

/** Runs that go on are looked at until they are over; and what the host did not know yet is asked for once more. */
async function lookAgain(options: PullsOptions, { opened, assessed }: { readonly opened: OpenedPull; readonly assessed: readonly Assessed[] }): Promise<void> {
  const { ref, pull, record } = opened;
  for (const { run } of assessed) if (run && !isTerminal(run.state)) await enqueueFollow(options, { ...ref, run: run.row.id, cause: run.row.id });
  if (pull.state !== 'open' || pull.mergeable !== 'unknown' || assessed.length === 0) return;
  await enqueueFollow(options, { ...ref, cause: `mergeable ${record.head}` }, options.clock.now() + MERGEABLE_MS);
}
