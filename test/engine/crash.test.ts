import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { nameOf, resume } from './crash-check.ts';
import { effectsOf, settingIn } from './crash-scenario.ts';
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
