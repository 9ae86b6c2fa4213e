import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { systemClock } from '../../src/core/index.ts';
import { openPostgresArchive, openPostgresJournal } from '../../src/journal/index.ts';
import { startPostgres, whyNoPostgres } from '../support/postgres.ts';
import { filled, idOf } from './contract/archive.ts';
import { type Body, type Place, VAULT_KEY } from './contract/place.ts';

const run = promisify(execFile);
const missing = whyNoPostgres();
const server = missing === undefined ? await startPostgres() : undefined;
after(async () => server?.[Symbol.asyncDispose]());

/** The commands of a block of docs/journal.md, one for each line, with our programs and the address of our server. */
function recipe(program: string, words: { readonly [word: string]: string }): readonly string[] {
  const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'journal.md'), 'utf8');
  const line = page.split('\n').find((one) => one.startsWith(`${program} `)) ?? assert.fail(`docs/journal.md shows no ${program}`);
  const args = [...line.matchAll(/"([^"]*)"|([^\s"]+(?:"[^"]*")?)/g)].map(([whole]) => whole.replaceAll('"', ''));
  return args.slice(1).map((arg) => Object.entries(words).reduce((text, [word, by]) => text.replace(word, by), arg));
}

test(
  'the commands of docs/journal.md back a PostgreSQL journal up and restore it, and fence off who drove before',
  { skip: missing ?? false, timeout: 60_000 },
  async () => {
    const at = server ?? assert.fail(missing);
    const dir = mkdtempSync(join(tmpdir(), 'slipway-dump-'));
    const connection = at.connection('postgres', 'slipway');
    const options = { connection, clock: systemClock };
    const place = {
      open: () => openPostgresJournal<Body>({ ...options, vaultKey: VAULT_KEY }),
      openArchive: () => openPostgresArchive(options),
    } as Partial<Place> as Place; // all that filling one needs
    try {
      const { references } = await filled(place, 3);
      await using journal = await place.open();
      const lease = await journal.acquire(idOf(2), 'a:1', 60_000);
      assert.ok('token' in lease);
      const words = { $SLIPWAY_JOURNAL: `postgres://postgres@127.0.0.1:${at.port}/postgres`, 'journal.dump': join(dir, 'journal.dump') };
      await run(join(at.bin, 'pg_dump'), recipe('pg_dump', words));
      assert.ok(existsSync(join(dir, 'journal.dump')));
      const before = await journal.read(idOf(0));
      await journal.post(idOf(0), { type: 'after the dump' }, 'late');
      await run(join(at.bin, 'pg_restore'), recipe('pg_restore', words));
      await run(join(at.bin, 'psql'), recipe('psql', words));
      await using restored = await place.open();
      assert.deepEqual(await restored.read(idOf(0)), before);
      for (const { id } of await restored.runs()) assert.equal((await restored.verify(id)).ok, true);
      assert.equal((await restored.unseal(references[1] ?? '')).reveal(), 'the secret of run 1');
      await assert.rejects(journal.append(idOf(2), [{ type: 'x' }], lease), { code: 'JOURNAL_FENCED' });
      assert.ok('token' in (await restored.acquire(idOf(2), 'b:1', 1_000)));
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  },
);
