import assert from 'node:assert/strict';
import { mkdirSync, statSync } from 'node:fs';
import { chownSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../../src/core/index.ts';
import { type Journal, openJournal } from '../../src/journal/index.ts';
import { startPostgres, whyNoPostgres } from '../support/postgres.ts';
import { smallDisk } from '../support/small-disk.ts';
import { type Body, leaseOf, RUN } from './contract/place.ts';
import { postgresPlace } from './postgres-place.ts';

const MIB = 1024 * 1024;
const probe = smallDisk(MIB);
const noDisk = probe ? undefined : 'no file system can be mounted here (root may)';
probe?.[Symbol.dispose]();

/** Append until it fails; events that were told to be there. */
async function fill(journal: Journal<Body>, text: string): Promise<{ readonly written: number; readonly code: string }> {
  const lease = await leaseOf(journal);
  for (let written = 0; written < 1_000; written++) {
    try {
      await journal.append(RUN.id, [{ type: 'x', n: written, text }], lease);
    } catch (thrown) {
      return { written, code: String((thrown as { code?: string }).code) };
    }
  }
  throw new Error('the disk has more room than it was given');
}

async function isAsTold(journal: Journal<Body>, written: number): Promise<void> {
  const events = await journal.read(RUN.id, 1);
  assert.deepEqual(
    events.map(({ body }) => body.n),
    Array.from({ length: written }, (_, n) => n),
  );
  assert.equal((await journal.verify(RUN.id)).ok, true);
}

test('SQLite on a disk that is really full: nothing is lost, and it goes on when there is room', { skip: noDisk ?? false, timeout: 60_000 }, async () => {
  using disk = smallDisk(2 * MIB) ?? assert.fail(noDisk);
  const dir = join(disk.dir, 'state');
  await using journal = openJournal<Body>({ dir, clock: systemClock });
  await journal.create(RUN, { type: 'first' });
  const text = 'x'.repeat(20_000);
  const { written, code } = await fill(journal, text);
  assert.deepEqual([code, written > 10], ['JOURNAL_FULL', true]);
  await isAsTold(journal, written);
  await assert.rejects(journal.putEvidence(RUN.id, Buffer.alloc(MIB, 'e')), { code: 'JOURNAL_FULL' });
  disk.grow(8 * MIB);
  const lease = { runId: RUN.id, owner: 'a:1', token: 1 };
  await journal.append(RUN.id, [{ type: 'x', n: written, text }], lease);
  assert.ok(await journal.evidence(await journal.putEvidence(RUN.id, Buffer.alloc(MIB, 'e'))));
  await isAsTold(journal, written + 1);
});

const noServer = noDisk ?? whyNoPostgres();
test('PostgreSQL on a disk that is really full: nothing is lost, and it goes on when there is room', { skip: noServer ?? false, timeout: 60_000 }, async () => {
  using disk = smallDisk(2 * MIB) ?? assert.fail(noDisk);
  await using server = await startPostgres();
  await using at = postgresPlace(server);
  const journal = await at.open();
  await journal.create(RUN, { type: 'first' });
  const space = join(disk.dir, 'space');
  mkdirSync(space);
  const { uid, gid } = statSync(server.data);
  for (const path of [disk.dir, space]) chownSync(path, uid, gid);
  await server.sql(`CREATE TABLESPACE small LOCATION '${space}'`);
  await at.sql('ALTER TABLE events SET TABLESPACE small');
  // Random text: the server would compress what repeats itself.
  const text = Array.from({ length: 4_000 }, (_, n) => Math.sin(n).toString(36)).join('');
  const { written, code } = await fill(journal, text);
  assert.deepEqual([code, written > 10], ['JOURNAL_FULL', true]);
  await isAsTold(journal, written);
  disk.grow(16 * MIB);
  await journal.append(RUN.id, [{ type: 'x', n: written, text }], { runId: RUN.id, owner: 'a:1', token: 1 });
  await isAsTold(journal, written + 1);
  await at.sql('ALTER TABLE events SET TABLESPACE pg_default');
});
