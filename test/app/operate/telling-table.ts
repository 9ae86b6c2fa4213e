import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Operating } from '../../../src/app/operate/operating.ts';
import { noticesHandler, webhooksHandler } from '../../../src/app/operate/telling/deliver.ts';
import { createTeller, tellRuns } from '../../../src/app/operate/telling/tell-run.ts';
import { workOnce } from '../../../src/app/operate/work.ts';
import type { Clock } from '../../../src/core/index.ts';
import type { EventBody } from '../../../src/engine/index.ts';
import type { PlanGraph } from '../../../src/plan/index.ts';
import type { Attempted, ChannelsPort, WebhooksPort } from '../../../src/steps/index.ts';
import { graphOf, node, RUN_ID } from '../../engine/support.ts';
import type { Place } from './place.ts';

/** One message that was handed over, as whoever took it wrote it down. */
export interface Taken {
  readonly to: string;
  readonly id: string;
  readonly title?: string;
}
export interface Outside {
  readonly channels: ChannelsPort;
  readonly webhooks: WebhooksPort;
  readonly taken: () => readonly Taken[];
}

/** Receivers that write what they take into a file: it is there also when whoever told them is killed at once. */
export function outsideIn(dir: string, answer: () => Attempted = () => ({ ok: true, status: 200 })): Outside {
  const file = join(dir, 'taken.ndjson');
  const take = (taken: Taken): Attempted => {
    const end = answer();
    if (end.ok) appendFileSync(file, `${JSON.stringify(taken)}\n`);
    return end;
  };
  return {
    channels: { tell: async (channel, { id, title }) => take({ to: channel, id, title }) },
    webhooks: {
      endpoints: [{ name: 'hub' }, { name: 'ends', events: ['runFinished'] }],
      send: async (endpoint, { id }) => take({ to: endpoint, id }),
    },
    taken: () =>
      existsSync(file)
        ? readFileSync(file, 'utf8')
            .trimEnd()
            .split('\n')
            .map((line) => JSON.parse(line) as Taken) // written above
        : [],
  };
}

/** Tell every run, and hand over all that is due. */
export async function tellAll(operating: Operating, { channels, webhooks }: Outside): Promise<void> {
  await tellRuns(createTeller(operating, webhooks));
  for (const handler of [noticesHandler(operating, channels), webhooksHandler(operating, webhooks)]) while (await workOnce(operating, handler));
}

export const GRAPH: PlanGraph = graphOf([node('one/a')], {
  runbook: 'work',
  notifications: [
    { on: ['runStarted', 'attention', 'succeeded'], to: ['ops', 'cab'] },
    { on: ['attention'], to: 'ops', environment: 'lab' },
  ],
});
export const STORY: readonly EventBody[] = [
  { type: 'runStarted' },
  { type: 'attentionRaised', path: 'one/a', reason: 'secret words of a machine', hint: 'look' },
  { type: 'runFinished', state: 'succeeded', outputs: { password: 'in plain text' } },
];

/** Record a run with what happened in it. */
export async function record({ journal }: Pick<Place, 'journal'>, clock: Clock, { graph = GRAPH, story = STORY, runId = RUN_ID } = {}): Promise<void> {
  const row = { id: runId, runbook: graph.runbook, planDigest: 'sha256:x', createdAt: clock.now(), rehearsal: false, labels: {} } as const;
  await journal.create(row, {
    ...{ type: 'runCreated', planDigest: 'sha256:x', graph, inputs: {}, actor: 'user:ada', rehearsal: false },
    ...{ checkout: '/', authors: [] },
  });
  const lease = await journal.acquire(runId, 'test', 60_000);
  if (!('token' in lease)) throw new Error('somebody drives it');
  for (const body of story) await journal.append(runId, [body], lease, body.type === 'runFinished' ? body.state : 'running');
  await journal.release(lease);
}
