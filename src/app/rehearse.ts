import { newRunId, SlipwayError, EXIT, type Parsed } from '../core/index.ts';
import type { PlanBundle } from '../plan/index.ts';
import { drive } from './drive.ts';
import { invalid } from './load.ts';
import { authorsOf, makeChangePlan, type MadePlan, withSurroundings } from './plan-change.ts';
import { recordRun } from './start-run.ts';
import type { PlanRequest, RehearsalOptions, RunHandle, Session } from './types.ts';
import type { Wiring } from './wiring.ts';

const PLAIN: RehearsalOptions = { fail: [], drift: [], slow: {} };

/** Plan a change; in a rehearsal against stand-ins that are thrown away. */
export async function planChange(session: Session, wiring: Wiring, request: PlanRequest): Promise<Parsed<PlanBundle>> {
  const runId = newRunId(wiring.clock.now());
  const rehearsal = request.rehearsal ? { id: `plan-${runId}`, options: request.rehearsal } : undefined;
  const made = await withSurroundings({ session, wiring, runId, rehearsal }, (around) => makeChangePlan(session, request, { ...around, wiring }));
  return made.ok ? { ...made, value: made.value.bundle } : made;
}

/**
 * Plan and run a runbook with everything real but the clouds and machines.
 *
 * @throws {SlipwayError} `INVALID` with `problems`, `POLICY_DENIED`, `UNKNOWN_STEP` for a step that shall fail and is not there.
 */
export async function rehearse(session: Session, wiring: Wiring, request: PlanRequest): Promise<RunHandle> {
  const options = request.rehearsal ?? PLAIN;
  const runId = newRunId(wiring.clock.now());
  const rehearsal = { id: runId, options };
  session.notice(`planning ${request.runbook} against stand-in clouds and machines`);
  const made: Parsed<MadePlan> = await withSurroundings({ session, wiring, runId, rehearsal }, async (around) => {
    const planned = await makeChangePlan(session, { ...request, rehearsal: options }, { ...around, wiring });
    if (planned.ok) around.world.arm(planned.value.bundle.body.graph, planned.value.bundle.body.inputs.values);
    return planned;
  });
  if (!made.ok) throw invalid(made.problems);
  const { bundle, estate, secrets } = made.value;
  refuseDenied(bundle);
  await recordRun(session, await wiring.journal(), {
    runId,
    bundle,
    secrets,
    authors: authorsOf(estate),
    now: wiring.clock.now(),
    checkout: estate.checkout.root,
    labels: { rehearsal: JSON.parse(JSON.stringify(rehearsal)) as never },
  });
  return drive(session, wiring, runId);
}

function refuseDenied({ body }: PlanBundle): void {
  const { decision, findings } = body.verdict;
  if (decision !== 'deny') return;
  const denials = findings.filter(({ level }) => level === 'deny');
  throw new SlipwayError('POLICY_DENIED', `policies deny this plan: ${denials.map(({ rule, msg }) => `${rule}: ${msg}`).join('; ')}`, {
    exitCode: EXIT.policyDenied,
    hint: denials[0]?.hint ?? 'see "slipway plan"',
  });
}
