import { z } from 'zod';
import { isObject, type JsonObject } from '../../../core/index.ts';
import type { JournalEvent } from '../../../engine/index.ts';
import type { PlanGraph } from '../../../plan/index.ts';
import type { Store } from '../../../store/index.ts';
import { toJson } from '../documents.ts';
import { NO_END } from '../work.ts';

export const REMEDIES = 'remedies';
/** A run that shall set something right. */
export const Remedy = z.object({
  /** What it is for, once for ever: a run that found something, or a look for drift. */
  cause: z.string(),
  /** Runbook that found it. */
  found: z.string(),
  repository: z.string().exactOptional(),
  runbook: z.string(),
  inputs: z.custom<JsonObject>(isObject),
  /** When it was found. */
  at: z.number(),
});
export type Remedy = z.output<typeof Remedy>;

/** Have it started, once for each cause. */
export async function orderRemedy({ queues }: Store, remedy: Remedy): Promise<void> {
  // Those of one runbook one after the other, so that each sees whether the one before still goes on.
  const orderKey = `${remedy.repository ?? ''}/${remedy.runbook}`;
  await queues.enqueue(REMEDIES, { id: remedy.cause, orderKey, payload: toJson(remedy), maxAttempts: NO_END });
}

/** A scan that found something orders what its runbook says sets it right, where that is to start by itself. One scan starts it once. */
export async function remediate(
  store: Store,
  { runId, body, at }: JournalEvent,
  { graph, repository }: { readonly graph: PlanGraph; readonly repository?: string },
): Promise<void> {
  const { remediation, runbook: found } = graph;
  const isFinding = body.type === 'stepFinished' && 'error' in body.result && body.result.error.code === 'COMPLIANCE_FAILED';
  if (!isFinding || remediation?.start !== 'automatic') return;
  await orderRemedy(store, {
    cause: `${runId} found`,
    found,
    runbook: remediation.runbook,
    inputs: remediation.inputs,
    at,
    ...(repository === undefined ? {} : { repository }),
  });
}
