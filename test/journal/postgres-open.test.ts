import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Secret, systemClock } from '../../src/core/index.ts';
import { openPostgresJournal, type PostgresJournalOptions } from '../../src/journal/index.ts';
import { startPostgres, whyNoPostgres } from '../support/postgres.ts';
import { type Body, leaseOf, RUN, VAULT_KEY } from './contract/place.ts';

const missing = whyNoPostgres();
const server = missing === undefined ? await startPostgres() : undefined;
after(async () => server?.[Symbol.asyncDispose]());

let schemas = 0;

describe('opening a journal in PostgreSQL', { skip: missing ?? false }, () => {
  const open = (changes: object, options: Partial<PostgresJournalOptions> = {}) =>
    openPostgresJournal<Body>({
      ...{ clock: systemClock, vaultKey: VAULT_KEY, ...options },
      connection: { ...(server?.connection('postgres', `opening_${schemas}`) ?? assert.fail(missing)), ...changes },
    });

  test('many processes that open an empty database at once all succeed', async () => {
    schemas += 1;
    const opened = await Promise.all(Array.from({ length: 6 }, () => open({})));
    for (const journal of opened) await journal[Symbol.asyncDispose]();
  });

  test('a newer schema is used as long as it only adds, and refused when it breaks', async () => {
    schemas += 1;
    await (await open({}))[Symbol.asyncDispose]();
    const table = `opening_${schemas}.components`;
    await server?.sql(`UPDATE ${table} SET version = 99; ALTER TABLE opening_${schemas}.runs ADD COLUMN later TEXT`);
    {
      await using newer = await open({});
      await newer.create(RUN, { type: 'first' });
      await newer.append(RUN.id, [{ type: 'x' }], await leaseOf(newer));
      // Added under an open connection, too.
      await server?.sql(`ALTER TABLE opening_${schemas}.runs ADD COLUMN later_still TEXT; ALTER TABLE opening_${schemas}.events ADD COLUMN later TEXT`);
      assert.equal((await newer.runs()).length, 1);
      assert.equal((await newer.verify(RUN.id)).ok, true);
    }
    await server?.sql(`UPDATE ${table} SET oldest = 99`);
    await assert.rejects(open({}), { code: 'JOURNAL_NEWER' });
  });

  test('who may not come in, or finds nobody, is told so, without the password', async () => {
    schemas += 1;
    const secret = 'a-wrong-password-9431';
    const words: string[] = [];
    // Whoever comes without the right password is let in by "trust" unless this server asks for one.
    const rules = join(server?.data ?? '', 'pg_hba.conf');
    writeFileSync(
      rules,
      readFileSync(rules, 'utf8').replaceAll(/^host(.*)all( +)all(.*)trust$/gm, 'host$1all$2slipway_test$3scram-sha-256\nhost$1all$2all$3trust'),
    );
    await server?.sql('SELECT pg_reload_conf()');
    await delay(200);
    for (const changes of [{ password: new Secret(secret) }, { port: 1 }, { database: 'nowhere' }, { tls: { mode: 'full' } }]) {
      await open(changes, { patienceMs: 100 }).then(
        async (journal) => journal[Symbol.asyncDispose](),
        (thrown: Error & { code?: string; hint?: string }) => {
          assert.equal(thrown.code, 'JOURNAL_IO');
          words.push(`${thrown.message} ${thrown.hint ?? ''}`);
        },
      );
    }
    assert.doesNotMatch(words.join(), /9431/);
    assert.match(words.join('\n'), /createdb/);
    assert.match(words.join('\n'), /does not let us in/);
    assert.match(words.join('\n'), /offers no encrypted connection/);
    assert.equal(words.length, 4);
  });
});
