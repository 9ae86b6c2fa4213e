import { readFile } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { parseScope } from '../access/index.ts';
import { EXIT, messageOf, SlipwayError } from '../core/index.ts';
import { verifyPlan } from '../plan/index.ts';
import { schema } from '../runbook/index.ts';
import { checkAnalyses } from './analyses.ts';
import { applyPlan } from './apply.ts';
import { expectedFromRuns } from './history.ts';
import { keepers } from './keep.ts';
import { invalid, loadEstate } from './load.ts';
import { measuringOf } from './measuring.ts';
import { judgeBody, policyDir, policyDirOf } from './plan-change.ts';
import { operations } from './operate/operations.ts';
import { overview } from './overview.ts';
import { planChange, rehearse } from './rehearse.ts';
import { retryRun, settleHosts } from './retry.ts';
import { requestCancel, requestPause, resolveTask, resume, rollBack, sendSignal, stateOfRun, takeUp, vote } from './steer.ts';
import { repairRuns } from './repair.ts';
import { seeLocks, unlock } from './see-locks.ts';
import { supervise } from './supervise.ts';
import { createTokens } from './tokens.ts';
import type { App, Session } from './types.ts';
import { validate } from './validate.ts';
import { work } from './work.ts';
import type { Wiring } from './wiring.ts';

/** The use cases over what wiring builds. */
export function createApp(wiring: Wiring): App {
  const journal = wiring.journal;
  return {
    ...readers(wiring),
    ...tokenMakers(wiring),
    ...keepers(wiring),
    ...operations(wiring),
    validate,
    schema: (kind) => schema(kind),
    plan: (session, request) => planChange(session, wiring, request),
    apply: (session, bundle, options) => applyPlan(session, wiring, { bundle, options }),
    rehearse: (session, request) => rehearse(session, wiring, request),
    resume: (session, runId) => resume(session, wiring, runId),
    takeUp: (session, runId) => takeUp(session, wiring, runId),
    vote: (session, ballot) => vote(session, wiring, ballot),
    cancel: (session, runId, reason) => requestCancel(session, wiring, { runId, reason }),
    pause: (session, runId, reason) => requestPause(session, wiring, { runId, reason }),
    rollBack: (session, runId, options) => rollBack(session, wiring, { runId, ...options }),
    signalRun: (session, runId, name, payload) => sendSignal(session, wiring, { runId, name, payload }),
    resolveTask: (session, runId, path, as) => resolveTask(session, wiring, { runId, path, as }),
    settleHosts: (session, request) => settleHosts(session, wiring, request),
    retry: (session, runId, request) => retryRun(session, wiring, { runId, ...request }),
    overview: () => overview(wiring),
    repair: (session, options) => repairRuns(session, wiring, options),
    work: (session, options) => work(session, wiring, options),
    supervise: (session, options) => supervise(session, wiring, options),
    locks: () => seeLocks(wiring),
    unlock: (session, request) => unlock(session, wiring, request),
    policyTest: (session) => wiring.testPolicies(policyDirOf(session.root, wiring), session.signal),
    policyCheck: (session, bundle) => policyCheck(session, wiring, bundle),
    readPlan: (session, file) => readPlan(session, file),
    expected: async (_session, bundle) => expectedFromRuns(await journal(), bundle),
    measuring: async (_session, { body }) => measuringOf(await journal(), body),
    [Symbol.asyncDispose]: () => wiring.close(),
  };
}

function readers({ journal }: Wiring): Pick<App, 'runs' | 'facts' | 'follow' | 'logs' | 'verifyJournal' | 'analyses'> {
  return {
    runs: async (_session, query) => (await journal()).runs(query),
    facts: async (_session, runId) => {
      const [row, events] = await Promise.all([(await journal()).run(runId), (await journal()).read(runId)]);
      if (!row || events.length === 0)
        throw new SlipwayError('RUN_NOT_FOUND', `there is no run "${runId}"`, { exitCode: EXIT.notFound, hint: 'run "slipway runs" to see them' });
      return { row, events };
    },
    async *follow(session, runId, afterSeq) {
      yield* (await journal()).follow(runId, afterSeq, session.signal);
    },
    logs: async (_session, runId, query) => (await journal()).logs(runId, query),
    analyses: async (_session, runId) => {
      await stateOfRun(await journal(), runId);
      return checkAnalyses(await journal(), runId);
    },
    verifyJournal: async (_session, runId) => {
      await stateOfRun(await journal(), runId);
      const verified = await (await journal()).verify(runId);
      if (verified.ok) return { ok: true, text: `${verified.events} events, no gap, chain whole; head ${verified.head}` };
      return { ok: false, text: verified.why };
    },
  };
}

function tokenMakers({ store, clock }: Wiring): Pick<App, 'createToken' | 'tokens' | 'revokeToken'> {
  const tokens = async () => createTokens(await store(), clock);
  return {
    createToken: async ({ actor }, { name, scopes, lifetimeMs }) =>
      (await tokens()).create({ name, scopes: scopes.map(parseScope), expiresAt: clock.now() + lifetimeMs, by: actor }),
    tokens: async () => (await tokens()).list(),
    revokeToken: async ({ actor }, prefix) => (await tokens()).revoke(prefix, actor),
  };
}

async function policyCheck(session: Session, wiring: Wiring, bundle: Parameters<App['policyCheck']>[1]): ReturnType<App['policyCheck']> {
  const loaded = await loadEstate(session, wiring);
  if (!loaded.ok) throw invalid(loaded.problems);
  const policies = await wiring.loadPolicies(policyDir(session, loaded.value, wiring), session.signal);
  return judgeBody(verifyPlan(bundle).body, { session, wiring, policies, estate: loaded.value });
}

/** Read a plan out of a file. @throws {SlipwayError} `PLAN_UNREADABLE`, `PLAN_TAMPERED`. */
export async function readPlan(session: Session, file: string): ReturnType<App['readPlan']> {
  const path = resolve(file);
  const shown = relative(session.root, path);
  try {
    return verifyPlan(JSON.parse(await readFile(path, 'utf8')));
  } catch (cause) {
    if (cause instanceof SlipwayError) throw cause;
    throw new SlipwayError('PLAN_UNREADABLE', `${shown} cannot be read as a plan: ${messageOf(cause)}`, {
      cause,
      exitCode: EXIT.usage,
      hint: 'make one with "slipway plan <runbook> --out <file>"',
    });
  }
}
