import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type EventBody, stateOf } from '../../src/engine/index.ts';
import type { Journal } from '../../src/journal/index.ts';
import { type Effect, effectsOf, GRAPH, settingIn } from './crash-scenario.ts';
import { drive, RUN_ID } from './support.ts';

const CHILD = join(import.meta.dirname, 'crash-child.ts');
/** @returns what the child printed, or undefined when it was killed. */
function inChild(dir: string, nth: number): Promise<string | undefined> {
  return new Promise((done, failed) => {
    execFile(process.execPath, [CHILD, dir, String(nth)], (error, stdout, stderr) => {
      if (!error) done(stdout);
      else if (error.signal === 'SIGKILL') done(undefined);
      else failed(new Error(stderr, { cause: error }));
    });
  });
}
function folder(): { readonly dir: string } & Disposable {
  const dir = mkdtempSync(join(tmpdir(), 'slipway-crash-'));
  return { dir, [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }) };
}
const nameOf = ({ path, host }: Effect) => `${path} ${host}`;

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

/** Resume a run whose process was killed, answering what a person is asked with "done". */
async function resume(dir: string, nth: number): Promise<void> {
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

test('killed at every boundary of the journal, a run ends as if nothing had happened', { timeout: 180_000 }, async () => {
  using calm = folder();
  const undisturbed = await inChild(calm.dir, 0);
  assert.match(undisturbed ?? '', /^rolledBack /);
  const order = effectsOf(calm.dir).map(nameOf);
  assert.deepEqual(order.slice(-3, -1).toSorted(), ['one/keyed/compensate/0 -', 'one/safe/compensate/0 -']);
  assert.equal(order.at(-1), '@rollback/note -');
  let next = 1;
  let killed = 0;
  let isOver = false;
  const work = async (): Promise<void> => {
    while (!isOver) {
      const nth = next++;
      using at = folder();
      const printed = await inChild(at.dir, nth);
      if (printed === undefined) {
        killed++;
        await resume(at.dir, nth);
      } else {
        assert.match(printed, /^rolledBack /);
        isOver = true;
      }
    }
  };
  await Promise.all([work(), work()]);
  assert.ok(killed > 60, `only ${killed} boundaries`);
});

test('a driver frozen longer than its lease is fenced off when it wakes, and writes nothing', { timeout: 30_000 }, async () => {
  using at = folder();
  const child = spawn(process.execPath, [CHILD, at.dir, '30', 'freeze'], { stdio: ['ignore', 'pipe', 'inherit'] });
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
  const gone = new Promise((done) => child.once('exit', done));
  try {
    await using setting = await settingIn(at.dir, 'test:parent', { isDead: () => false });
    const { journal } = setting;
    let seen = -1;
    // Frozen: nothing is written any more, and its lease has run out.
    for (let now = await journal.run(RUN_ID); (now?.lease?.expiresAt ?? Infinity) > Date.now() || now?.lastSeq !== seen; now = await journal.run(RUN_ID)) {
      seen = now?.lastSeq ?? -1;
      await new Promise((tick) => setTimeout(tick, 100));
    }
    const lease = await journal.acquire(RUN_ID, 'test:parent', 60_000);
    assert.ok('token' in lease);
    child.kill('SIGCONT');
    await gone;
    assert.equal(printed, 'JOURNAL_FENCED');
    assert.equal((await journal.run(RUN_ID))?.lastSeq, seen, 'it wrote nothing after it was fenced off');
    await journal.release(lease);
    const { state } = await drive(setting);
    assert.ok(state === 'rolledBack' || state === 'attention', state);
    assert.equal((await journal.verify(RUN_ID)).ok, true);
  } finally {
    child.kill('SIGKILL');
  }
});
