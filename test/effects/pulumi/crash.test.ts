import assert from 'node:assert/strict';
import { calm } from '../../support/calm.ts';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { isAlive, sessionMembers } from '../../../src/effects/pulumi/session.ts';
import { sandbox, type Sandbox, TWO_RESOURCES, until } from './sandbox.ts';

const LOCKS = ['pulumi', '.pulumi', 'locks', 'organization', 'demo', 'test'];

test('a cancelled operation ends soon, keeps its state whole and can be continued', async () => {
  using box = sandbox(TWO_RESOURCES);
  box.cloud.setFaults([{ match: { type: 'iam/role' }, op: 'create', effect: 'hang', count: 1 }]);
  const stop = new AbortController();
  const running = box.pulumi.up(box.target(), box.control(stop.signal));
  await until(() => box.lines.some((line) => line.startsWith('creating reader')), 'the second resource is being made');
  stop.abort(new Error('cancelled by a person'));
  await assert.rejects(running, { code: 'PULUMI_CANCELLED', exitCode: 8 });
  const state = await box.pulumi.state(box.target(), box.control());
  assert.deepEqual({ resources: state.resources, pending: state.pending }, { resources: 1, pending: [] });
  assert.deepEqual((await box.pulumi.up(box.target(), box.control())).counts, { create: 1, same: 1 });
  assert.deepEqual(
    box.cloud.ledger().map((entry) => entry.type.split(':').at(-1)),
    ['Bucket', 'Role'],
  );
});

test('after kill -9 of child and Pulumi the lock is released, and an update that was cut off is looked up first', async () => {
  using box = sandbox(TWO_RESOURCES);
  await box.pulumi.up(box.target(), box.control());
  box.write(TWO_RESOURCES.replace('team-a', 'team-b'));
  await killedUp(box, { match: { type: 's3/bucket' }, op: 'update', effect: 'hangAfter', count: 1 }, 'updating data');
  assert.equal(locksOf(box).length, 1, 'the lock of the dead process is still there');
  const state = await box.pulumi.state(box.target(), box.control());
  assert.deepEqual(
    state.pending.map((pending) => pending.operation),
    ['updating'],
  );

  const result = await box.pulumi.up(box.target(), box.control());
  assert.deepEqual(result.counts, { same: 2 }, 'the refresh saw that the update had happened');
  assert.ok(box.lines.some((line) => line.includes('releasing the lock')));
  assert.equal(box.cloud.ledger().filter((entry) => entry.op === 'update').length, 1);
  assert.deepEqual((await box.pulumi.state(box.target(), box.control())).pending, []);
});

test('a create that was cut off stops everything until somebody has looked', async () => {
  using box = sandbox(TWO_RESOURCES);
  await killedUp(box, { match: { type: 's3/bucket' }, op: 'create', effect: 'hang', count: 1 }, 'creating data');
  await assert.rejects(box.pulumi.up(box.target(), box.control()), { code: 'PULUMI_PENDING', message: /data/, retry: 'pauseForHuman' });
  await box.pulumi.refresh({ ...box.target(), options: { clearPendingCreates: true } }, box.control());
  assert.deepEqual((await box.pulumi.up(box.target(), box.control())).counts, { create: 2 });
  assert.equal(box.cloud.resources().length, 2);
});

test('a lock of somebody else is respected and told', async () => {
  using box = sandbox(TWO_RESOURCES);
  await box.pulumi.up(box.target(), box.control());
  const folder = join(box.options.stateDir, ...LOCKS);
  mkdirSync(folder, { recursive: true });
  const lock = { pid: 4_242, username: 'ada', hostname: 'build-7', timestamp: '2026-01-02T03:04:05Z' };
  writeFileSync(join(folder, '0ab1c2d3-0000-4000-8000-000000000000.json'), JSON.stringify(lock));
  await assert.rejects(box.pulumi.up(box.target(), box.control()), {
    code: 'PULUMI_LOCKED',
    exitCode: 11,
    message: /ada@build-7 \(process 4242\) since 2026-01-02T03:04:05Z/,
  });
  assert.equal(locksOf(box).length, 1, 'the lock stays');
});

test('a dead process on this machine is not ours unless we recorded that we started it', async () => {
  using box = sandbox(TWO_RESOURCES);
  await box.pulumi.up(box.target(), box.control());
  const folder = join(box.options.stateDir, ...LOCKS);
  const gone = spawn(process.execPath, ['-e', '']);
  await once(gone, 'exit');
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, '0ab1c2d3-0000-4000-8000-000000000001.json'),
    JSON.stringify({ pid: gone.pid, username: 'ada', hostname: hostname(), timestamp: new Date().toISOString() }),
  );
  await assert.rejects(box.pulumi.up(box.target(), box.control()), { code: 'PULUMI_LOCKED' });
});

test('nothing survives a kill -9 of the orchestrator while Pulumi waits for a cloud', async () => {
  using box = sandbox(TWO_RESOURCES);
  box.cloud.setFaults([{ match: {}, op: 'create', effect: 'hang' }]);
  await diesWithItsParent(box, () => readFileSync(join(box.dir, 'lines'), 'utf8').includes('creating data'), 15_000);
});

test('nothing survives a kill -9 of the orchestrator while a program loops for ever', async () => {
  using box = sandbox('');
  const mark = join(box.dir, 'looping');
  box.write(`import { writeFileSync } from 'node:fs';\nexport async function program() { writeFileSync(${JSON.stringify(mark)}, ''); for (;;); }`);
  // No event of the child's main thread can be handled any more: the watchdog thread has to act.
  await diesWithItsParent(box, () => existsSync(mark), 30_000);
});

test('whoever comes right after a kill -9 waits until what it left behind has ended', () =>
  calm(async () => {
    using box = sandbox(TWO_RESOURCES);
    box.cloud.setFaults([{ match: {}, op: 'create', effect: 'hang', count: 1 }]);
    const driver = await startDriver(box);
    await until(() => readFileSync(join(box.dir, 'lines'), 'utf8').includes('creating data'), 'the operation is in the middle');
    const dead = once(driver, 'exit');
    driver.kill('SIGKILL');
    await dead;
    const state = await box.pulumi.state(box.target(), box.control());
    assert.deepEqual(state.pending, []);
    assert.ok(
      box.lines.some((line) => line.includes('waiting for an operation')),
      'it was still alive',
    );
    assert.equal((await box.pulumi.up(box.target(), box.control())).counts['create'], 2);
    assert.deepEqual(readdirSync(join(box.options.stateDir, 'pulumi-intents')), [], 'nothing of the dead run is kept');
    assert.deepEqual(readdirSync(join(box.options.stateDir, 'pulumi-work')), []);
  }));

async function diesWithItsParent(box: Sandbox, isThere: () => boolean, timeoutMs: number): Promise<void> {
  const driver = await startDriver(box);
  const leader = await childOf(driver.pid ?? 0);
  await until(isThere, 'the operation is in the middle');
  assert.ok((sessionMembers(leader) ?? []).length > 1, 'Pulumi runs');
  driver.kill('SIGKILL');
  await until(() => (sessionMembers(leader) ?? []).every((pid) => !isAlive(pid)), 'the session is empty', timeoutMs);
}

function locksOf(box: Sandbox): readonly string[] {
  return readdirSync(join(box.options.stateDir, ...LOCKS)).filter((name) => name.endsWith('.json'));
}

/** Start an up, let it come to the fault, and kill the session of the child without any warning. */
async function killedUp(box: Sandbox, fault: Parameters<Sandbox['cloud']['setFaults']>[0][number], line: string): Promise<void> {
  box.cloud.setFaults([fault]);
  // An orchestrator of its own, because what is under test is what its death leaves behind.
  const driver = await startDriver(box);
  const leader = await childOf(driver.pid ?? 0);
  await until(() => readFileSync(join(box.dir, 'lines'), 'utf8').includes(line), `the line "${line}"`);
  await new Promise((resolve) => setTimeout(resolve, 300)); // the provider is inside the hanging call
  driver.kill('SIGKILL');
  for (const pid of sessionMembers(leader) ?? []) process.kill(pid, 'SIGKILL');
  await until(() => (sessionMembers(leader) ?? []).every((pid) => !isAlive(pid)), 'all are dead');
  box.cloud.setFaults([]);
}

/** A process that runs `up` in this sandbox and writes its progress to the file `lines`. */
async function startDriver(box: Sandbox) {
  const index = pathToFileURL(join(import.meta.dirname, '../../../src/effects/pulumi/index.ts')).href;
  const { env: _env, now: _now, ...plain } = box.options;
  const script = `
    import { appendFileSync } from 'node:fs';
    import { createPulumi } from ${JSON.stringify(index)};
    const options = ${JSON.stringify(plain)};
    const pulumi = createPulumi({ ...options, env: process.env, now: Date.now });
    const onProgress = (line) => appendFileSync(${JSON.stringify(join(box.dir, 'lines'))}, line + '\\n');
    onProgress('started');
    await pulumi.up(${JSON.stringify(box.target())}, { signal: new AbortController().signal, onProgress });
  `;
  const file = join(box.dir, 'driver.mjs');
  writeFileSync(file, script);
  const driver = spawn(process.execPath, [file], { stdio: 'ignore' });
  await until(() => readdirSync(box.dir).includes('lines'), 'the driver runs');
  return driver;
}

async function childOf(parent: number): Promise<number> {
  let found: number | undefined;
  await until(() => {
    found = readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .find((pid) => parentOf(pid) === parent && (sessionMembers(pid) ?? []).includes(pid));
    return found !== undefined;
  }, 'the child process');
  return found ?? 0;
}

function parentOf(pid: number): number {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return 0;
  }
}
