import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { DELIVERIES } from '../../src/app/index.ts';
import { isObject, systemClock } from '../../src/core/index.ts';
import { openSqliteStore } from '../../src/store/index.ts';
import { openPlace, type Place, serve } from './crash-cycle.ts';
import { GITHUB_SECRET } from './site.ts';

const SENDERS = 24;
const ENOUGH = 150;

/** A push of which nobody knows the repository: it is accepted, kept, and worked off at once. */
async function push({ url }: Place, id: string): Promise<boolean> {
  const repository = { id: 1, full_name: `acme/${id}` };
  const body = JSON.stringify({
    ref: 'refs/heads/main',
    before: '0'.repeat(40),
    after: 'a'.repeat(40),
    repository,
    sender: { id: 7, login: 'ada' },
    commits: [],
  });
  const signature = createHmac('sha256', GITHUB_SECRET).update(body).digest('hex');
  const headers = { 'content-type': 'application/json', 'x-github-event': 'push', 'x-github-delivery': id, 'x-hub-signature-256': `sha256=${signature}` };
  const answer = await fetch(`${url}/v1/hosts/gh/webhook`, { method: 'POST', headers, body, signal: AbortSignal.timeout(20_000) }).catch(() => undefined);
  return answer?.status === 202 && (await answer.text().catch(() => '')) !== '';
}

/** Send from many connections at once, and kill the server in the middle of it. @returns ids that were acknowledged. */
async function killUnderLoad(place: Place): Promise<readonly string[]> {
  const served = serve(place, 0);
  const acknowledged: string[] = [];
  let isDead = false;
  try {
    for (const end = Date.now() + 60_000; !(await push(place, 'probe')); await delay(50)) assert.ok(Date.now() < end, served.said().slice(-2_000));
    let n = 0;
    const sender = async (): Promise<void> => {
      while (!isDead) {
        const id = `d-${n++}`;
        if (await push(place, id)) acknowledged.push(id);
        if (acknowledged.length >= ENOUGH && !isDead) isDead = served.child.kill('SIGKILL');
      }
    };
    await Promise.all(Array.from({ length: SENDERS }, sender));
  } finally {
    served.child.kill('SIGKILL');
    await served.ended;
  }
  return acknowledged;
}

test('webhooks that share a commit are all there after kill -9, or were not acknowledged', { timeout: 180_000 }, async () => {
  await using place = await openPlace();
  appendFileSync(place.settings, 'hosts: [{ name: gh, kind: github, auth: { token: env:CLIENT_SECRET }, webhookSecrets: [env:GITHUB_SECRET] }]\n');
  const acknowledged = await killUnderLoad(place);
  assert.ok(acknowledged.length >= ENOUGH);
  await using store = openSqliteStore({ dir: place.home, clock: systemClock });
  const jobs = await store.queues.peek(DELIVERIES, { limit: 100_000 });
  const kept = new Set(jobs.map(({ payload }) => (isObject(payload) ? payload['id'] : undefined)));
  assert.deepEqual(
    acknowledged.filter((id) => !kept.has(id)),
    [],
    'acknowledged and lost',
  );
  assert.equal(new Set(jobs.map(({ id }) => id)).size, jobs.length);
});
