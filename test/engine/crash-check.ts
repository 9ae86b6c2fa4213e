import assert from 'node:assert/strict';
import { type EventBody, stateOf } from '../../src/engine/index.ts';
import type { Journal } from '../../src/journal/index.ts';
import { type Effect, effectsOf, GRAPH, settingIn } from './crash-scenario.ts';
import { drive, RUN_ID } from './support.ts';

export const nameOf = ({ path, host }: Effect) => `${path} ${host}`;

interface Found {
  /** Effects with a recorded result. */
  readonly recorded: ReadonlySet<string>;
  /** Manual tasks that the crash left in doubt. */
  readonly doubtful: boolean;
}
async function foundIn(journal: Journal<EventBody>): Promise<Found> {
  const data = stateOf(await journal.read(RUN_ID));
  const tasks = [...data.tasks.values()];
  const done = tasks.filter(({ state, node }) => (state === 'ok' || state === 'changed') && !GRAPH.nodes[node]?.hosts).map(({ path }) => `${path} -`);
  const hosts = tasks.flatMap(({ path, hosts: ledger }) =>
    Object.entries(ledger).flatMap(([host, result]) => (result === 'inDoubt' ? [] : [`${path} ${host}`])),
  );
  const doubtful = tasks.some(({ node, state, hosts: ledger }) => {
    const { idempotency, hosts } = GRAPH.nodes[node] ?? {};
    return state === 'running' && idempotency === 'manual' && (!hosts || Object.values(ledger).includes('inDoubt'));
  });
  return { recorded: new Set([...done, ...hosts]), doubtful };
}

/** Resume a run whose driver is gone, answering what a person is asked with "done", and check everything that was promised. */
export async function resume(dir: string, nth: number): Promise<void> {
  await using setting = await settingIn(dir, 'test:parent');
  const { journal } = setting;
  const found = await foundIn(journal);
  const before = effectsOf(dir);
  let { state } = await drive(setting);
  assert.equal<string>(state, found.doubtful ? 'attention' : 'rolledBack', `boundary ${nth}`);
  for (let round = 0; state === 'attention' && round < 3; round++) {
    for (const path of stateOf(await journal.read(RUN_ID)).attention.keys())
      await journal.post(RUN_ID, { type: 'taskResolved', id: `${path}${round}`, path, by: 'user:ada', as: 'done' }, `${path}${round}`);
    ({ state } = await drive(setting));
  }
  assert.equal(state, 'rolledBack', `boundary ${nth}`);
  await check(dir, journal, { found, before, nth });
}

async function check(
  dir: string,
  journal: Journal<EventBody>,
  { found, before, nth }: { readonly found: Found; readonly before: readonly Effect[]; readonly nth: number },
): Promise<void> {
  const effects = effectsOf(dir);
  for (const effect of effects.slice(before.length)) assert.ok(!found.recorded.has(nameOf(effect)), `boundary ${nth}: ${nameOf(effect)} is repeated`);
  for (const { path, idempotency, hosts, role } of Object.values(GRAPH.nodes)) {
    const own = effects.filter((effect) => effect.path.replace(/\[\d+\]$/, '') === path);
    assert.equal(new Set(own.map((effect) => `${effect.path} ${effect.key}`)).size, new Set(own.map((effect) => effect.path)).size, `${path} has two keys`);
    if (idempotency !== 'manual' && idempotency !== 'probe') continue;
    assert.ok(own.length <= (hosts ? hosts.names.length : 1), `boundary ${nth}: ${role} ${path} took effect ${own.length} times`);
    assert.equal(new Set(own.map(nameOf)).size, own.length);
  }
  const verdict = await journal.verify(RUN_ID);
  assert.ok(verdict.ok && verdict.events === (await journal.read(RUN_ID)).at(-1)?.seq);
  const ended = (await journal.read(RUN_ID)).flatMap(({ body }) => (body.type === 'stepFinished' && 'outputs' in body.result ? [body.path] : []));
  assert.equal(new Set(ended).size, ended.length, `boundary ${nth}: a task ended well twice`);
}
