import { type Digest, EXIT, messageOf, SlipwayError } from '../../core/index.ts';
import { wereUnheard } from '../../policy/index.ts';
import { type PlanBundle, stalenessOf, verifyPlan } from '../../plan/index.ts';
import { withSurroundings } from '../plan-change.ts';
import { driftOf } from '../previews.ts';
import type { Session } from '../types.ts';
import type { Look } from './look.ts';
import { inputsOf, sessionFor } from './look.ts';
import type { OpenedPull } from './opened.ts';
import { amendRecord, type KeptPlan, type PullRecord } from './record.ts';
import { keyOf, type PullsOptions } from './types.ts';

/** A plan as it is kept, whole. */
export interface ReadPlan {
  readonly kept: KeptPlan;
  readonly bundle: PlanBundle;
}
export interface Planning {
  readonly opened: OpenedPull;
  readonly look: Look;
  readonly runbook: string;
  readonly by: Pick<Session, 'actor' | 'teams'>;
  /** Aborts when the work is superseded. */
  readonly signal: AbortSignal;
  /** Look for changes behind Slipway's back too. */
  readonly withDrift: boolean;
  /** Whoever asked tries again a little later, should something outside not answer. */
  readonly mayRetry: boolean;
}

/** Make the plan of one runbook and keep it, or why there is none. A superseded plan is thrown away. */
export async function planRunbook(options: PullsOptions, planning: Planning): Promise<void> {
  const { opened, runbook, by, signal } = planning;
  const commit = opened.target.commit;
  const session: Session = { ...sessionFor(options, opened, by), isGuarded: true, signal };
  try {
    const bundle = await bundleOf(options, session, planning);
    const text = JSON.stringify(bundle);
    refuseSecrets(session, text);
    const drift = planning.withDrift
      ? { drift: { at: options.clock.now(), changed: (await lookForDrift(options, session, bundle)).map((words) => session.masker.mask(words)) } }
      : {};
    const evidence = await (await options.wiring.journal()).putEvidence(`pull ${keyOf(opened.ref)}`, Buffer.from(text));
    const kept: KeptPlan = { digest: bundle.digest, evidence, commit, at: options.clock.now(), by: by.actor, ...drift };
    await ifCurrent(options, opened, (record) => ({
      ...record,
      // The same plan made once more is the same one: who saw it has seen it.
      plans: { ...record.plans, [runbook]: { ...(record.plans[runbook]?.digest === kept.digest ? record.plans[runbook] : {}), ...kept } },
      failures: without(record.failures, runbook),
    }));
  } catch (cause) {
    if (!(cause instanceof SlipwayError) || signal.aborted || cause.code === 'PULL_SUPERSEDED') throw cause;
    if (planning.mayRetry && cause.retry === 'afterBackoff') throw cause;
    const words = cause.problems.length > 0 ? cause.problems.map((problem) => problem.message).join('; ') : messageOf(cause);
    // Whatever a program of the change threw is about to be read by everybody who may read the pull request.
    const message = session.masker.mask(`${words}${cause.hint === undefined ? '' : ` (${cause.hint})`}`);
    await ifCurrent(options, opened, (record) => ({
      ...record,
      plans: without(record.plans, runbook),
      failures: { ...record.failures, [runbook]: { message, at: options.clock.now() } },
    }));
  }
}

async function bundleOf(options: PullsOptions, session: Session, { look, runbook }: Planning): Promise<PlanBundle> {
  const loaded = look.estate?.repository.runbooks.get(runbook);
  if (!loaded) throw new SlipwayError('RUNBOOK_NOT_FOUND', `there is no runbook "${runbook}" in this change`, { exitCode: EXIT.notFound });
  const made = await options.app.plan(session, { runbook, inputs: inputsOf(loaded) });
  if (made.ok && wereUnheard(made.value.body.verdict.findings)) throw unheard();
  if (made.ok) return made.value;
  throw new SlipwayError('INVALID', 'the runbook cannot be planned', { exitCode: EXIT.usage, problems: made.problems });
}

/** A program of the change may name resources after what it was given to reach its state. Such a plan is neither kept nor shown. @throws {SlipwayError} `SECRET_IN_PLAN`. */
function refuseSecrets({ masker }: Session, text: string): void {
  if (masker.mask(text) === text) return;
  throw new SlipwayError('SECRET_IN_PLAN', 'the preview tells a secret of this server, and is not shown', {
    exitCode: EXIT.notAuthorized,
    hint: 'look at what the programs of this change do with their environment; a passphrase that is an ordinary word is found everywhere',
  });
}

/** For whoever would rather ask policies once more. */
export function unheard(): SlipwayError {
  return new SlipwayError('NOT_JUDGED', 'policies gave no answer in time', { retry: 'afterBackoff', hint: 'say "slipway plan" to try again' });
}

async function lookForDrift({ wiring }: PullsOptions, session: Session, { body }: PlanBundle): Promise<readonly string[]> {
  const { graph, inputs } = body;
  const { signal, notice } = session;
  const looked = await withSurroundings({ session, wiring, runId: `drift-${graph.runbook}` }, async ({ world, estate }) => ({
    ok: true,
    value: await driftOf({ graph, inputs, world, checkout: estate.checkout.root, signal, notice }),
    problems: [],
  }));
  if (looked.ok) return looked.value;
  throw new SlipwayError('INVALID', 'the repository has mistakes', { problems: looked.problems });
}

/** A head that was replaced meanwhile is nobody's any more. @throws {SlipwayError} `PULL_SUPERSEDED`. */
async function ifCurrent(options: PullsOptions, { ref, record }: OpenedPull, change: (record: PullRecord) => PullRecord): Promise<void> {
  await amendRecord(options.store, ref, (now) => {
    if (now.head === record.head && (now.newest ?? now.head) === now.head) return change(now);
    throw new SlipwayError('PULL_SUPERSEDED', `${keyOf(ref)} has another head by now`);
  });
}

function without<T>(record: { readonly [name: string]: T }, name: string): { [name: string]: T } {
  return Object.fromEntries(Object.entries(record).filter(([key]) => key !== name));
}

/** The plan of a runbook for what is planned now; undefined when there is none. @throws {SlipwayError} `PLAN_TAMPERED`. */
export async function readPlan({ wiring }: PullsOptions, { record, target }: OpenedPull, runbook: string): Promise<ReadPlan | undefined> {
  const kept = record.plans[runbook];
  if (kept?.commit !== target.commit) return undefined;
  const bytes = await (await wiring.journal()).evidence(kept.evidence);
  const bundle = bytes && verifyPlan(JSON.parse(Buffer.from(bytes).toString('utf8')));
  if (!bundle) return undefined;
  if (bundle.digest === kept.digest) return { kept, bundle };
  throw new SlipwayError('PLAN_TAMPERED', `the plan that is kept for ${runbook} is not ${kept.digest}`);
}

/** Why a plan no longer describes what would happen, as far as that can be said without looking outside; undefined while it does. */
export async function staleWords({ wiring, clock }: PullsOptions, look: Look, { bundle: { body } }: ReadPlan): Promise<string | undefined> {
  const { estate, policies } = look;
  if (!estate || !policies) return 'the repository has mistakes';
  const reasons = stalenessOf(body, {
    now: clock.now(),
    head: estate.checkout.commit,
    runbook: estate.repository.runbooks.get(body.runbook.name)?.digest ?? GONE,
    inventory: estate.digests.inventory,
    environments: estate.digests.environments,
    policies: policies.digest,
    stacks: body.stacks,
    tools: await wiring.tools(),
  });
  return reasons.length === 0 ? undefined : reasons.map(({ message }) => message).join('; ');
}

const GONE: Digest = 'sha256:gone';
