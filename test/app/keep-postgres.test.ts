import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { keepers } from '../../src/app/keep.ts';
import type { Session, Wiring } from '../../src/app/index.ts';
import { loadConfig } from '../../src/config/index.ts';
import { createMasker, Secret, systemClock } from '../../src/core/index.ts';
import { journalOf, keepingOf, storeOf } from '../../src/journal-of.ts';
import { startPostgres, whyNoPostgres } from '../support/postgres.ts';

const missing = whyNoPostgres();
const DAY_MS = 86_400_000;

test(
  'a journal in PostgreSQL that the settings name: kept, pruned with an audit, and backed up elsewhere',
  { skip: missing ?? false, timeout: 60_000 },
  async () => {
    const dir = mkdtempSync(join(tmpdir(), 'slipway-keep-'));
    try {
      await using server = await startPostgres();
      const { user, password } = server.connection();
      const address = `postgres://${user}:${encodeURIComponent(password?.reveal() ?? '')}@127.0.0.1:${server.port}/postgres`;
      const loaded = loadConfig({ SLIPWAY_JOURNAL: address, SLIPWAY_VAULT_KEY: 'a'.repeat(64), SLIPWAY_HOME: dir }, dir);
      assert.ok(loaded.ok);
      const isDead = (): boolean => false;
      await using journal = await journalOf<{ type: string }>(loaded.value, { isDead });
      const run = { id: 'run-20261123-0000000000', runbook: 'r', planDigest: 'sha256:p', createdAt: 1, rehearsal: false, labels: {} } as const;
      await journal.create(run, { type: 'first' });
      assert.equal((await journal.unseal(await journal.seal(run.id, new Secret('a secret of ours')))).reveal(), 'a secret of ours');
      const lease = await journal.acquire(run.id, 'a:1', 60_000);
      assert.ok('token' in lease);
      await journal.append(run.id, [{ type: 'end' }], lease, 'succeeded');
      await journal.release(lease);
      const clock = { ...systemClock, now: () => Date.now() + 100 * DAY_MS };
      await using store = await storeOf(loaded.value, { isDead });
      const keeping = keepers({ clock, store: async () => store, ...keepingOf(loaded.value, { isDead }) } as Wiring); // all that these use cases need of it
      const session: Session = {
        ...{ actor: 'user:ada', teams: [], root: dir, stateDir: dir, masker: createMasker(), notice: () => undefined },
        signal: new AbortController().signal,
      };
      for (const call of [keeping.backUp(session, join(dir, 'b.db')), keeping.restore(session, join(dir, 'b.db'), { replace: true })])
        await assert.rejects(call, { code: 'BACKUP_ELSEWHERE', exitCode: 2 });
      const told = await keeping.prune(session, { olderThanMs: 90 * DAY_MS, keepEvidence: false, dryRun: false });
      assert.deepEqual([told.runs, await journal.runs()], [[run.id], []]);
      assert.deepEqual(
        (await keeping.audit(session, {})).map(({ action }) => action),
        ['journal.prune', 'journal.pruned'],
      );
      assert.equal((await keeping.verifyAudit(session)).ok, true);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  },
);
