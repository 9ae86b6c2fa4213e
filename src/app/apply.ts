import { EXIT, newRunId, SlipwayError } from '../core/index.ts';
import { type PlanBundle, type PlanFacts, stalenessOf, verifyPlan } from '../plan/index.ts';
import { type Estate, invalid, loadEstate } from './load.ts';
import { heldByOthers, locksOf } from './change-locks.ts';
import { authorsOf, judgeBody, type PlanSurroundings, policyDir, withSurroundings } from './plan-change.ts';
import { refusePinned } from './pins.ts';
import { stacksNow } from './previews.ts';
import { isTerminal } from '../engine/index.ts';
import { drive } from './drive.ts';
import { engineLabels } from './remote.ts';
import { type Overrides, POLICY_DIR, recordRun } from './start-run.ts';
import type { ApplyOptions, RunHandle, Session } from './types.ts';
import type { Wiring } from './wiring.ts';

/**
 * Start the run of exactly this plan, after everything its digest binds was looked at again.
 *
 * @throws {SlipwayError} `PLAN_TAMPERED`, `REHEARSAL_PLAN`, `PINNED`, `LOCKED`, `STALE_PLAN`, `POLICY_DENIED`, `SECRET_INPUTS`, and what driving throws.
 */
export async function applyPlan(
  session: Session,
  wiring: Wiring,
  { bundle: given, options }: { readonly bundle: PlanBundle; readonly options: ApplyOptions },
): Promise<RunHandle> {
  const bundle = verifyPlan(given);
  const { body } = bundle;
  if (body.rehearsal)
    throw new SlipwayError('REHEARSAL_PLAN', 'this plan was made against stand-ins and cannot be applied', {
      exitCode: EXIT.usage,
      hint: 'plan again without --rehearse',
    });
  checkSecrets(bundle, options);
  await refusePinned(await wiring.store(), session.repository, body.graph.runbook);
  await refuseHeld(wiring, bundle, options.holder);
  const runId = options.runId ?? newRunId(wiring.clock.now());
  const prepared = await withSurroundings({ session, wiring, runId, commit: body.commit.dirty ? undefined : body.commit.head }, async (around) => {
    await refuseStale(session, wiring, { around, bundle });
    const overridden = await authorize(session, wiring, { around, bundle, options });
    const overrides = overridden.length === 0 ? {} : { overrides: { reason: options.overrideReason ?? '', findings: overridden } };
    const authors = [...authorsOf(around.estate), ...(options.authors ?? []), ...(options.requestedBy === undefined ? [] : [options.requestedBy])];
    return { ok: true, value: { checkout: around.estate.checkout.root, authors, ...overrides }, problems: [] };
  });
  if (!prepared.ok) throw invalid(prepared.problems);
  await refuseTwin(wiring, bundle);
  await recordRun(session, await wiring.journal(), {
    runId,
    bundle,
    secrets: options.secrets,
    now: wiring.clock.now(),
    labels: { ...options.labels, ...engineLabels(wiring), ...(session.gates ? { [POLICY_DIR]: session.gates.policyDir } : {}) },
    ...prepared.value,
  });
  return drive(session, wiring, runId);
}

/** A plan describes one change from one state; two runs of it at once would both believe in that state. */
export async function refuseTwin(wiring: Wiring, { digest, body }: PlanBundle): Promise<void> {
  const journal = await wiring.journal();
  const runs = await journal.runs({ runbook: body.graph.runbook });
  const twin = runs.find(({ planDigest, state }) => planDigest === digest && !isTerminal(state));
  if (!twin) return;
  throw new SlipwayError('ALREADY_RUNNING', `this plan is already being run by ${twin.id} (${twin.state})`, {
    exitCode: EXIT.locked,
    hint: `follow it with "slipway watch ${twin.id}", or resume it with "slipway resume ${twin.id}"`,
  });
}

/** A change that is applied and not merged yet keeps what it changed to itself. */
async function refuseHeld({ store, backend }: Wiring, { body }: PlanBundle, holder: string | undefined): Promise<void> {
  const [held] = await heldByOthers((await store()).locks, locksOf(body, backend), holder);
  if (!held?.heldBy) return;
  const { lock, heldBy } = held;
  throw new SlipwayError('LOCKED', `${lock.replace(/^change:/, '')} is held by ${heldBy.holder} since ${new Date(heldBy.since).toISOString()}`, {
    exitCode: EXIT.locked,
    hint: 'it is free once that change is merged or closed, or by "slipway unlock" in its pull request',
  });
}

function checkSecrets({ body }: PlanBundle, { secrets }: ApplyOptions): void {
  const missing = body.inputs.secrets.filter((name) => !(name in secrets));
  if (missing.length === 0) return;
  throw new SlipwayError('SECRET_INPUTS', `the plan needs the secret inputs ${missing.join(', ')}, and a plan never holds them`, {
    exitCode: EXIT.usage,
    hint: missing.map((name) => `--secret ${name}=env:<VARIABLE>`).join(' '),
  });
}

interface Check {
  readonly around: PlanSurroundings;
  readonly bundle: PlanBundle;
}

/** The run uses the files of the planned commit; they must still be what a person who works here would plan with. */
async function refuseStale(session: Session, wiring: Wiring, { around, bundle }: Check): Promise<void> {
  const { world } = around;
  const { body } = bundle;
  const { graph, inputs } = body;
  const estate = body.commit.dirty ? around.estate : await estateNow(session, wiring);
  const policies = await wiring.loadPolicies(policyDir(session, estate, wiring), session.signal);
  const facts: PlanFacts = {
    now: wiring.clock.now(),
    head: estate.checkout.commit,
    runbook: estate.repository.runbooks.get(body.runbook.name)?.digest ?? 'sha256:gone',
    inventory: estate.digests.inventory,
    environments: estate.digests.environments,
    policies: policies.digest,
    stacks: await stacksNow({ graph, inputs, world, checkout: around.estate.checkout.root, signal: session.signal, notice: session.notice }),
    tools: await wiring.tools(),
  };
  const reasons = stalenessOf(body, facts).map(({ message }) => message);
  if (around.estate.checkout.digest !== body.commit.tree) reasons.push('files of the repository have changed');
  if (reasons.length === 0) return;
  throw new SlipwayError('STALE_PLAN', `the plan no longer describes what would happen: ${reasons.join('; ')}`, {
    exitCode: EXIT.stalePlan,
    hint: `plan again: slipway plan ${graph.runbook}`,
  });
}

async function estateNow(session: Session, wiring: Wiring): Promise<Estate> {
  const loaded = await loadEstate(session, wiring);
  if (!loaded.ok) throw invalid(loaded.problems);
  return loaded.value;
}

/** The one gate every way of starting a run goes through: policies now, with overrides of soft findings. Gives back what was overridden. */
export async function authorize(
  session: Session,
  wiring: Wiring,
  { around, bundle, options }: Check & { readonly options: ApplyOptions },
): Promise<Overrides['findings']> {
  const verdict = await judgeBody(bundle.body, { session, wiring, policies: around.policies, estate: around.estate });
  const overridden = verdict.findings.filter(({ level, id }) => level === 'soft' && isOverridden(id, options.overrides));
  const standing = verdict.findings.filter((finding) => finding.level !== 'warn' && !overridden.includes(finding));
  if (standing.length === 0) return overridden.map(({ id, rule, msg }) => ({ id, rule, msg }));
  const words = standing.map(({ rule, msg, level, id }) => `${rule}: ${msg}${level === 'soft' ? ` (may be overridden: --override ${id.slice(0, 19)})` : ''}`);
  throw new SlipwayError('POLICY_DENIED', `policies deny this plan: ${words.join('; ')}`, {
    exitCode: EXIT.policyDenied,
    hint: standing[0]?.hint ?? 'see "slipway policy check <plan>"',
  });
}

/** Fewer digits of an id could be met by chance. */
const LEAST_DIGITS = 12;

/** A person names a finding by its id, or by enough of its beginning. */
function isOverridden(id: string, overrides: readonly string[]): boolean {
  const digits = overrides.map((given) => given.replace(/^sha256:/, ''));
  return digits.some((given) => given.length >= LEAST_DIGITS && id.startsWith(`sha256:${given}`));
}
