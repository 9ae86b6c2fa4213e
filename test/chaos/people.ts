import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type EventBody, isTerminal, RUN_STATES, stateOf } from '../../src/engine/index.ts';
import type { Journal } from '../../src/journal/index.ts';

const OPEN = RUN_STATES.filter((state) => !isTerminal(state));
type Random = () => number;

/** How people treat the runs: patiently once faults have stopped, with every kind of mischief before. */
export interface People {
  readonly journal: Journal<EventBody>;
  readonly random: Random;
  readonly signal: AbortSignal;
  readonly isCalm: () => boolean;
}

/** Vote, signal, settle and steer until told to stop. */
export async function beHuman(people: People): Promise<void> {
  while (!people.signal.aborted) {
    const rows = await people.journal.runs({ states: OPEN });
    for (const { id } of rows) {
      if (people.signal.aborted) return;
      await lookAt(people, id).catch(() => undefined); // a store under fault may refuse; people try again
    }
    await delay(200, undefined, { signal: people.signal }).catch(() => undefined);
  }
}

async function lookAt({ journal, random, isCalm }: People, runId: string): Promise<void> {
  const data = stateOf(await journal.read(runId));
  const post = (body: EventBody & { readonly id: string }) => journal.post(runId, body, body.id);
  for (const [path] of data.attention) {
    const as = isCalm() ? 'failed' : pick(random, ['retry', 'done', 'failed'] as const);
    if (path.includes('/') && random() < 0.7) await post({ type: 'taskResolved', id: randomUUID(), path, by: 'user:bo', as });
  }
  if (data.paused && (isCalm() || random() < 0.4)) await post({ type: 'resumeRequested', id: randomUUID(), by: 'user:bo' });
  for (const { path, wait } of data.tasks.values()) {
    if (wait?.type === 'signal')
      await repeated(random, post, { type: 'signalReceived', id: `${path}:${wait.name}`, name: wait.name, by: 'user:bo', payload: null });
    if (wait?.type === 'gate') for (const vote of votes(random, path)) await repeated(random, post, vote);
  }
  if (isCalm()) return;
  const whim = random();
  if (whim < 0.002) await post({ type: 'cancelRequested', id: randomUUID(), by: 'user:bo' });
  else if (whim < 0.006) await post({ type: 'rollbackRequested', id: randomUUID(), trigger: 'manual', by: 'user:bo', reason: 'a whim' });
  else if (whim < 0.01) await post({ type: 'pauseRequested', id: randomUUID(), by: 'user:bo' });
}

/** Also from people who may not vote, for another plan, and twice from the same. */
function votes(random: Random, path: string): readonly Extract<EventBody, { type: 'voteCast' }>[] {
  const [voter, teams] = pick(random, [
    ['user:bo', []],
    ['user:cy', ['cab']],
    ['user:ada', ['cab']],
    ['user:mallory', []],
  ] as const);
  const planDigest = random() < 0.1 ? 'sha256:other' : 'sha256:test';
  const decision = random() < 0.03 ? 'reject' : 'approve';
  return [{ type: 'voteCast', id: `${path}:${voter}:${planDigest}:${decision}`, path, voter, teams, decision, planDigest }];
}

/** Deliveries come twice now and then, with the same id. */
async function repeated<T>(random: Random, post: (body: T) => Promise<unknown>, body: T): Promise<void> {
  for (let times = random() < 0.3 ? 2 : 1; times > 0; times--) await post(body);
}

function pick<T>(random: Random, from: readonly T[]): T {
  const chosen = from[Math.floor(random() * from.length)];
  if (chosen === undefined) throw new TypeError('nothing to pick from');
  return chosen;
}
