import type { EventBody, RunData } from '../engine/index.ts';
import { drive } from './drive.ts';
import { engineLabels, REMOTE_LABEL } from './remote.ts';
import type { RunHandle, Session } from './types.ts';
import type { Wiring } from './wiring.ts';

type Created = Extract<EventBody, { type: 'runCreated' }>;

/** A run that follows from another one. */
export interface FollowUp {
  readonly runId: string;
  readonly of: RunData;
  /** What the new run is to the other one. */
  readonly as: 'retryOf' | 'rollbackOf';
  /** Of the other run, with what the new one has to know of it. */
  readonly created: Omit<Created, 'actor'>;
}

/** Record a run of the same plan that follows from another one, and drive it: by the engine that is configured now. The same run twice is one. */
export async function startFollowUp(session: Session, wiring: Wiring, { runId, of, as, created }: FollowUp): Promise<RunHandle> {
  const journal = await wiring.journal();
  const { [REMOTE_LABEL]: _elsewhere, ...labels } = (await journal.run(of.runId))?.labels ?? {};
  const { graph, planDigest, rehearsal } = created;
  await journal.create(
    {
      ...{ id: runId, runbook: graph.runbook, planDigest, createdAt: wiring.clock.now(), rehearsal },
      labels: { ...labels, ...engineLabels(wiring), [as]: of.runId },
      ...(graph.concurrency ? { concurrencyGroup: graph.concurrency.group } : {}),
    },
    { ...created, actor: session.actor },
  );
  return drive(session, wiring, runId);
}
