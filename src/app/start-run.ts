import type { JsonObject, Secret } from '../core/index.ts';
import type { EventBody } from '../engine/index.ts';
import type { PlanBundle } from '../plan/index.ts';
import type { Session } from './types.ts';
import type { RunJournal } from './wiring.ts';

/** Label of a run whose policies are not those of its files: where they are. */
export const POLICY_DIR = 'policyDir';

export type Overrides = NonNullable<Extract<EventBody, { type: 'runCreated' }>['overrides']>;

export interface NewRunRequest {
  readonly runId: string;
  readonly bundle: PlanBundle;
  readonly secrets: { readonly [input: string]: Secret };
  readonly authors: readonly string[];
  readonly now: number;
  /** Absolute path of the files the run uses. */
  readonly checkout: string;
  readonly overrides?: Overrides;
  /** What a later process needs to open the same world again. */
  readonly labels: JsonObject;
}

/** Record a run; from here on it is never lost. Secret inputs are sealed before the first event names them. */
export async function recordRun(session: Session, journal: RunJournal, request: NewRunRequest): Promise<void> {
  const { bundle, runId } = request;
  const { graph, inputs } = bundle.body;
  const sealing = Object.entries(request.secrets).map(async ([name, secret]) => [name, { $secret: await journal.seal(runId, secret) }] as const);
  const sealed = Object.fromEntries(await Promise.all(sealing));
  await journal.create(
    {
      id: runId,
      runbook: graph.runbook,
      planDigest: bundle.digest,
      createdAt: request.now,
      rehearsal: bundle.body.rehearsal,
      labels: request.labels,
      ...(graph.concurrency ? { concurrencyGroup: graph.concurrency.group } : {}),
    },
    created(session, request, { ...inputs.values, ...sealed }),
  );
}

function created(session: Session, { bundle, checkout, authors, overrides }: NewRunRequest, inputs: JsonObject): EventBody {
  const { digest: planDigest, body } = bundle;
  const { graph, rehearsal } = body;
  const { actor } = session;
  const { head, tree, dirty } = body.commit;
  const commit = { head, tree, dirty };
  return { type: 'runCreated', planDigest, graph, inputs, actor, rehearsal, checkout, commit, authors, ...(overrides ? { overrides } : {}) };
}
