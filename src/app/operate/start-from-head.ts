import { createMasker, EXIT, type JsonObject, SlipwayError } from '../../core/index.ts';
import { authorize, refuseTwin } from '../apply.ts';
import { invalid } from '../load.ts';
import { authorsOf, makeChangePlan, withSurroundings } from '../plan-change.ts';
import { engineLabels } from '../remote.ts';
import { recordRun } from '../start-run.ts';
import type { Session } from '../types.ts';
import type { Wiring } from '../wiring.ts';
import { atHead, type Head } from './heads.ts';

export interface StartRequest {
  readonly runId: string;
  readonly head: Head;
  readonly runbook: string;
  readonly inputs: JsonObject;
  /** `schedule:nightly-scan`, `remediation:harden`. */
  readonly actor: string;
  readonly labels: JsonObject;
}

/**
 * Plan a runbook as its default branch has it, judge the plan, and record the run of exactly that plan; whoever drives runs drives it. Through the same gate as
 * every other run: nobody is there who could override a finding. Recorded under an id that is there already, nothing changes.
 *
 * @throws {SlipwayError} `INVALID` with `problems`, `RUNBOOK_NOT_FOUND`, `POLICY_DENIED`, `ALREADY_RUNNING`, `SECRET_INPUTS`, and what planning throws.
 */
export async function startFromHead(session: Session, wiring: Wiring, request: StartRequest): Promise<void> {
  const { head, runId, runbook, inputs, actor } = request;
  if (!head.estate.ok) throw invalid(head.estate.problems);
  const mine: Session = { ...atHead(session, head), actor, teams: [], masker: createMasker() };
  const made = await withSurroundings({ session: mine, wiring, runId, commit: head.commit }, async (around) => {
    const planned = await makeChangePlan(mine, { runbook, inputs }, { ...around, wiring });
    if (planned.ok) await authorize(mine, wiring, { around, bundle: planned.value.bundle, options: { overrides: [], secrets: {} } });
    return planned;
  });
  if (!made.ok) throw invalid(made.problems);
  const { bundle, estate } = made.value;
  if (bundle.body.inputs.secrets.length > 0)
    throw new SlipwayError('SECRET_INPUTS', `${runbook} needs the secret inputs ${bundle.body.inputs.secrets.join(', ')}, and nobody is here to give them`, {
      exitCode: EXIT.usage,
      hint: 'let its steps read secrets where they run',
    });
  await refuseTwin(wiring, bundle);
  await recordRun(mine, await wiring.journal(), {
    ...{ runId, bundle, secrets: {}, authors: authorsOf(estate), now: wiring.clock.now(), checkout: estate.checkout.root },
    labels: { ...request.labels, ...engineLabels(wiring), ...(head.repository === undefined ? {} : { repository: head.repository }) },
  });
}
