import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../src/core/index.ts';
import { openPostgresJournal, type TlsSettings } from '../../src/journal/index.ts';
import { selfSigned } from '../effects/http/certificate.ts';
import { startPostgres, whyNoPostgres } from '../support/postgres.ts';
import { type Body, VAULT_KEY } from './contract/place.ts';

const missing = whyNoPostgres();

test('TLS to a PostgreSQL: the name and the authority are checked as far as the setting says', { skip: missing ?? false, timeout: 60_000 }, async () => {
  const certificate = selfSigned('localhost', new Date());
  await using server = await startPostgres({ tls: certificate });
  const open = async (host: string, tls: TlsSettings): Promise<string> => {
    const connection = { ...server.connection(), host, tls };
    try {
      await using journal = await openPostgresJournal<Body>({ connection, clock: systemClock, vaultKey: VAULT_KEY, patienceMs: 100 });
      await journal.runs();
      const [row] = await server.sql(`SELECT bool_and(ssl) AS ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name LIKE 'slipway %'`);
      return row?.['ssl'] === true ? 'encrypted' : 'plain';
    } catch (thrown) {
      const { code, message } = thrown as { code: string; message: string };
      return `${code}: ${message}`;
    }
  };
  const ca = certificate.cert;
  assert.equal(await open('localhost', { mode: 'full', ca }), 'encrypted');
  assert.match(await open('127.0.0.1', { mode: 'full', ca }), /^JOURNAL_IO: the certificate .*127\.0\.0\.1/);
  assert.equal(await open('127.0.0.1', { mode: 'authority', ca }), 'encrypted');
  assert.match(await open('localhost', { mode: 'full' }), /^JOURNAL_IO: the certificate .*self-signed/);
  assert.match(await open('localhost', { mode: 'authority' }), /^JOURNAL_IO: the certificate /);
  assert.equal(await open('127.0.0.1', { mode: 'encrypt' }), 'encrypted');
  assert.equal(await open('127.0.0.1', { mode: 'off' }), 'plain');
});
