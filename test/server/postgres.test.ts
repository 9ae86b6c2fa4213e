import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Postgres, startPostgres, whyNoPostgres } from '../support/postgres.ts';
import { openSite, type Site, signed, untilRun } from './site.ts';

/** Two servers on one journal in PostgreSQL, as behind a load balancer. */

const missing = whyNoPostgres();

describe('two servers on one PostgreSQL', { skip: missing ?? false, timeout: 120_000 }, () => {
  let postgres: Postgres | undefined;
  let sites: readonly Site[] = [];
  let root = '';
  before(async () => {
    postgres = await startPostgres();
    const { user, password } = postgres.connection();
    const address = `postgres://${user}:${encodeURIComponent(password?.reveal() ?? '')}@127.0.0.1:${postgres.port}/postgres`;
    const environment = { SLIPWAY_JOURNAL: address, SLIPWAY_VAULT_KEY: 'a'.repeat(64) };
    const one = await openSite({ environment });
    sites = [one];
    sites = [one, await openSite({ environment, repository: one.repository })];
    root = await one.token('root', '*');
  });
  after(async () => {
    for (const site of sites.toReversed()) await site[Symbol.asyncDispose]();
    await postgres?.[Symbol.asyncDispose]();
  });
  const at = (n: number): Site => {
    const site = sites[n % sites.length];
    if (!site) throw new Error('no server was opened');
    return site;
  };

  test('start one run for a delivery that comes to both, and both show it', async () => {
    const call = signed({ inputs: { name: 'both' } });
    const answers = await Promise.all(Array.from({ length: 8 }, (_, n) => at(n).call('/v1/triggers/portal', call)));
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([202]));
    assert.ok(answers.some(({ json }) => json['repeated'] === false));
    const [run = '', ...others] = new Set(answers.map((answer) => answer.get('runId')));
    assert.deepEqual(others, []);
    for (const n of [0, 1]) assert.equal((await untilRun(at(n), root, run, 'succeeded', 'failed', 'refused')).get('state'), 'succeeded');
    const { items } = (await at(1).call('/v1/runs?runbook=greet', { token: root })).json;
    assert.equal((items as unknown as readonly unknown[]).length, 1);
  });

  test('cancel at one what the other may drive', async () => {
    const started = await at(0).call('/v1/runs', { token: root, body: { runbook: 'slow', inputs: { for: '10m' } } });
    assert.equal(started.status, 202, started.text);
    const run = started.get('id');
    await untilRun(at(0), root, run, 'running', 'waiting');
    const asked = await at(1).call(`/v1/runs/${run}/cancel`, { token: root, body: { reason: 'enough' } });
    assert.ok(asked.status < 300, asked.text);
    await untilRun(at(1), root, run, 'cancelled');
    const seqs = (await at(0).call(`/v1/runs/${run}/events`, { token: root })).json['items'] as unknown as readonly { readonly seq: number }[];
    assert.deepEqual(
      seqs.map(({ seq }) => seq),
      seqs.map((_, index) => index + 1),
    );
  });

  test('know the tokens and the audit of each other', async () => {
    const token = await at(0).token('look', 'run.read');
    assert.equal((await at(1).call('/v1/runs', { token })).status, 200);
    assert.equal((await at(1).call(`/v1/tokens/${token.split('_')[1] ?? ''}`, { method: 'DELETE', token: root })).status, 200);
    assert.equal((await at(0).call('/v1/runs', { token })).status, 401);
    assert.equal((await at(0).parts.deps.store.audit.verify()).ok, true);
  });
});
