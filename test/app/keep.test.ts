import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createMasker, systemClock } from '../../src/core/index.ts';
import { keepers } from '../../src/app/keep.ts';
import type { Keeping, Session, Wiring } from '../../src/app/index.ts';
import { backUpSqlite, openSpillIn, openSqliteArchive, restoreSqlite } from '../../src/journal/index.ts';
import { openSqliteStore, STORE_FENCES } from '../../src/store/index.ts';
import { filled, idOf } from '../journal/contract/archive.ts';
import { VAULT_KEY } from '../journal/contract/place.ts';
import { sqlitePlace } from '../journal/sqlite-place.ts';

const session: Session = {
  ...{ actor: 'user:ada', teams: [], root: '/', stateDir: '/', masker: createMasker(), notice: () => undefined },
  signal: new AbortController().signal,
};
const DAY_MS = 86_400_000;

/** The use cases over the journal of a folder, as they are `laterMs` from now. */
function keeping(dir: string, laterMs = 0): Keeping {
  const clock = { ...systemClock, now: () => Date.now() + laterMs };
  const wiring: Pick<Wiring, 'clock' | 'store' | 'archive' | 'backups'> = {
    clock,
    store: async () => openSqliteStore({ dir, clock }),
    archive: async () => openSqliteArchive({ dir, clock }),
    backups: {
      make: (file) => backUpSqlite({ dir, clock }, file),
      restore: (file, replace) => restoreSqlite({ dir, file, clock, replace, vaultKey: VAULT_KEY, fences: STORE_FENCES }),
    },
  };
  return keepers(wiring as Wiring); // all that these use cases need of it
}

test('pruning says first, in the audit, which runs go and in which hash each ended; a dry run changes nothing', async () => {
  await using at = sqlitePlace();
  await filled(at);
  const journal = await at.open();
  const heads = new Map(await Promise.all((await journal.runs()).map(async ({ id }) => [id, await journal.verify(id)] as const)));
  const request = { olderThanMs: 90 * DAY_MS, keepEvidence: false, dryRun: false };
  assert.deepEqual((await keeping(at.dir, 80 * DAY_MS).prune(session, request)).runs, []);
  const later = keeping(at.dir, 100 * DAY_MS);
  const would = await later.prune(session, { ...request, dryRun: true });
  assert.deepEqual([...would.runs].sort(), [0, 1, 2, 3, 4].map(idOf));
  assert.equal((await journal.runs()).length, 6);
  assert.deepEqual(await later.audit(session, {}), []);
  const told = await later.prune(session, request);
  assert.deepEqual([[...told.runs].sort(), told.stayed], [[0, 1, 2, 3, 4].map(idOf), []]);
  assert.ok(told.evidence > 0 && told.bytes > 0);
  assert.deepEqual(
    (await journal.runs()).map(({ id }) => id),
    [idOf(5)],
  );
  const [before, after] = await later.audit(session, {});
  assert.deepEqual([before?.action, before?.actor, after?.action], ['journal.prune', 'user:ada', 'journal.pruned']);
  const removed = (before?.details['runs'] ?? []) as readonly { id: string; head: string; events: number }[];
  assert.equal(removed.length, 5);
  for (const run of removed) {
    const verified = heads.get(run.id);
    assert.ok(verified?.ok);
    assert.deepEqual([run.head, run.events], [verified.head, verified.events]);
  }
  assert.equal((await later.verifyAudit(session)).ok, true);
});

test('what a run spilled goes with it', async () => {
  await using at = sqlitePlace();
  await filled(at);
  const open = openSpillIn(at.dir);
  for (const n of [0, 5]) {
    const spill = open({ runId: idOf(n), path: 'p/s', attempt: 1, host: 'web1', stream: 'stdout' });
    spill.write('much');
    spill.close(true);
  }
  await keeping(at.dir, 100 * DAY_MS).prune({ ...session, stateDir: at.dir }, { olderThanMs: 90 * DAY_MS, keepEvidence: false, dryRun: false });
  assert.deepEqual(readdirSync(join(at.dir, 'output')), [idOf(5)]);
});

test('backup, restore and import are in the audit', async () => {
  await using at = sqlitePlace();
  await using other = sqlitePlace();
  const dir = mkdtempSync(join(tmpdir(), 'slipway-keep-'));
  try {
    await filled(at, 3);
    const here = keeping(at.dir);
    const file = join(dir, 'b.db');
    await here.backUp(session, file);
    const there = keeping(other.dir);
    const restored = await there.restore(session, file, { replace: false });
    assert.equal(restored.runs, 3);
    const told = await there.importRuns(session, here.exportRuns(session));
    assert.deepEqual([told.imported, told.same.length], [[], 3]);
    assert.deepEqual(
      (await there.audit(session, {})).map(({ action }) => action),
      ['journal.restore', 'journal.import'],
    );
    assert.deepEqual(
      (await here.audit(session, {})).map(({ action }) => action),
      ['journal.backup'],
    );
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});

test('what was claimed and locked before a restore is fenced off', async () => {
  await using at = sqlitePlace();
  const dir = mkdtempSync(join(tmpdir(), 'slipway-keep-'));
  try {
    await using store = openSqliteStore({ dir: at.dir, clock: systemClock });
    await store.queues.enqueue('q', { id: 'j', payload: 1 });
    const claim = await store.queues.claim('q', 'w:1', DAY_MS);
    const held = await store.locks.acquire('l', { holder: 'h', runId: 'r', ttlMs: DAY_MS, queue: true });
    assert.ok(claim && held.state === 'held');
    const here = keeping(at.dir);
    await here.backUp(session, join(dir, 'b.db'));
    await here.restore(session, join(dir, 'b.db'), { replace: true });
    await assert.rejects(store.queues.finish(claim, null), { code: 'STORE_FENCED' });
    await assert.rejects(store.locks.heartbeat(held, DAY_MS), { code: 'STORE_FENCED' });
    assert.equal((await store.queues.claim('q', 'w:2', DAY_MS))?.id, 'j');
    assert.equal((await store.locks.acquire('l', { holder: 'i', runId: 's', ttlMs: DAY_MS, queue: true })).state, 'held');
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
