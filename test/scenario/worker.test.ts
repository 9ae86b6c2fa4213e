import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import { runbookOf } from './files.ts';
import { live, openSite, type Site, until } from './site.ts';
import { eventsIn } from './support.ts';

/** Runs outlive the processes that drive them. */

const POLICY = `package slipway.site

deny contains {"msg": "nobody answers for it"} if not input.runbook.owner
`;
const WAIT = { id: 'go', uses: 'wait.signal', with: { name: 'go' } };
const TELL = { id: 'tell', uses: 'notify', with: { text: 'went on' } };
const site = (steps: readonly object[]): Site =>
  openSite({ 'runbooks/work.yaml': runbookOf({ name: 'work', rollback: { on: ['manual'] }, steps }), 'policies/rules.rego': POLICY });
const endOf = (at: Site, id: string) =>
  until('the end of the run', () => eventsIn(at.home).find(({ run, body }) => run === id && body.type === 'runFinished')?.body['state']);

async function killed(at: Site): Promise<string> {
  const run = await live(at, ['apply', 'work', '--yes']);
  await run.sees('stepWaiting', 'work/go');
  run.started.child.kill('SIGKILL');
  await run.ended;
  return run.id;
}

describe('runs without a driver', { concurrency: 2 }, () => {
  test('the engine says which run nobody drives; a worker takes it over, with its files out of the repository; SIGTERM ends the worker', async () => {
    using at = site([WAIT, TELL]);
    const id = await killed(at);
    const told = await at.run(1, ['engine', 'status']);
    assert.match(told.stdout, new RegExp(`${id} work: waiting\n  stands still for .*: the process that drove it, .*, is gone\n  next: slipway resume ${id}`));
    rmSync(join(at.home, 'checkouts'), { recursive: true });
    const worker = at.start(['worker']);
    await until('the take-over', () => eventsIn(at.home).filter(({ body }) => body.type === 'leaseTaken')[1], worker);
    assert.match((await at.run(0, ['engine', 'status'])).stdout, /go waits for the signal "go"\n {2}next: slipway signal/);
    await at.run(0, ['signal', id, 'go']);
    assert.equal(await endOf(at, id), 'succeeded');
    worker.child.kill('SIGTERM');
    const ended = await worker.ended;
    assert.equal(ended.code, 0, ended.stderr);
    assert.match(ended.stderr, new RegExp(`${id}: succeeded`));
  });

  test('a worker that is told to go hands its runs to the next one', async () => {
    using at = site([WAIT, TELL]);
    const id = await killed(at);
    const first = at.start(['worker']);
    await until('the take-over', () => eventsIn(at.home).filter(({ body }) => body.type === 'leaseTaken')[1], first);
    first.child.kill('SIGTERM');
    assert.match((await first.ended).stderr, new RegExp(`${id}: waiting`));
    const second = at.start(['worker']);
    await at.run(0, ['signal', id, 'go']);
    assert.equal(await endOf(at, id), 'succeeded');
    second.child.kill('SIGINT');
    assert.equal((await second.ended).code, 0);
  });

  test('repair sets right what lists say, frees leases of the dead, makes up nothing, and says what only a person can do', async () => {
    using at = site([WAIT, TELL]);
    const id = await killed(at);
    const before = eventsIn(at.home).length;
    assert.match((await at.run(1, ['runs', 'repair', '--dry-run'])).stdout, /its lease is still with .*, which is gone \(would be mended: the lease is free\)/);
    assert.match(
      (await at.run(1, ['runs', 'repair', id])).stdout,
      new RegExp(`mended: the lease is free\\)\n${id}: it is waiting and nobody drives it\n  next: slipway resume ${id}`),
    );
    assert.equal(eventsIn(at.home).length, before, 'no event was written');
    const resumed = at.start(['resume', id]);
    await at.run(0, ['signal', id, 'go']);
    assert.equal((await resumed.ended).code, 0);
    const database = new DatabaseSync(join(at.home, 'journal.db'));
    database.exec(`UPDATE runs SET state = 'running'`);
    assert.match((await at.run(0, ['runs', 'repair'])).stdout, /lists show it running, and its events say succeeded \(mended: lists show it succeeded\)/);
    assert.equal((await at.run(0, ['runs', 'repair'])).stdout, 'everything fits together\n');
    database.exec(`UPDATE events SET at = at + 1 WHERE seq = 2`);
    database.close();
    assert.match((await at.run(1, ['runs', 'repair'])).stdout, /its journal was changed: event 2 .*\n {2}next: restore the state folder/);
  });
});
