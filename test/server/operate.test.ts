import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../../src/core/index.ts';
import { openSqliteStore } from '../../src/store/index.ts';
import { openReceiver } from '../effects/webhook/receiver.ts';
import { until } from '../scenario/site.ts';
import { eventsIn, MAIN } from '../scenario/support.ts';
import { FILES, GREET } from './files.ts';
import { ENVIRONMENT, makeRepository, removeAll, settingsText, URL_OF_SITE } from './site.ts';

interface Event {
  readonly source: string;
  readonly type: string;
  readonly data: { readonly runbook: string };
}

test('a server starts what schedules of its repositories say, drives it, tells endpoints and gives metrics', { timeout: 120_000 }, async () => {
  const dir = mkdtempSync(join(tmpdir(), 'slipway-served-'));
  const [repository, home, file] = [join(dir, 'repository'), join(dir, 'state'), join(dir, 'slipway-server.yaml')];
  const scheduled = GREET.replace('triggers:\n', "triggers:\n  - schedule: { cron: '* * * * *', inputs: { name: clock } }\n");
  assert.notEqual(scheduled, GREET);
  makeRepository(repository, { ...FILES, 'runbooks/greet.yaml': scheduled });
  writeFileSync(file, settingsText(repository));
  using hub = await openReceiver();
  const outward = {
    SLIPWAY_WEBHOOK_HUB: `http://127.0.0.1:${hub.port}/`,
    SLIPWAY_WEBHOOK_HUB_SECRET: `whsec_${Buffer.alloc(32, 7).toString('base64')}`,
    SLIPWAY_WEBHOOK_ALLOW: '127.0.0.1',
    SLIPWAY_METRICS_LISTEN: '127.0.0.1:0',
  };
  const env = { ...process.env, ...ENVIRONMENT, ...outward, SLIPWAY_HOME: home, NODE_COMPILE_CACHE: join(tmpdir(), 'slipway-scenario-compiled') };
  const child = spawn(process.execPath, [...MAIN, 'serve', '--config', file], { cwd: dir, env, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  const impatience = setTimeout(() => child.kill('SIGKILL'), 90_000);
  try {
    const port = await until('where metrics are', () => /"port":(\d+),"msg":"metrics are given"/.exec(said)?.[1]);
    await until('its first look at the schedule', () => turnBack(home, 90_000));
    const created = await until('a run', () => eventsIn(home).find(({ body }) => body.type === 'runCreated'));
    assert.deepEqual([created.body['actor'], created.body['inputs']], ['schedule:greet', { name: 'clock', times: 1, style: 'plain' }]);
    await until('its end', () => eventsIn(home).find(({ run, body }) => run === created.run && body['state'] === 'succeeded'));
    const events = (): readonly Event[] => hub.got.map(({ body }) => JSON.parse(body) as Event); // sent by us
    const last = await until('its last event', () => events().find(({ type }) => type === 'slipway.run.runFinished'));
    assert.deepEqual([last.source, last.data.runbook], [URL_OF_SITE, 'greet']);
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    assert.match(text, /cicd_pipeline_run_duration_seconds_count\{cicd_pipeline_name="greet"/);
    child.kill('SIGTERM');
    assert.equal(await ended, 0, said);
  } finally {
    clearTimeout(impatience);
    child.kill('SIGKILL');
    await ended;
    await removeAll(dir);
  }
});

/** Let the schedule believe that it was looked at some time ago, once somebody has looked. */
async function turnBack(home: string, ms: number): Promise<true | undefined> {
  await using store = openSqliteStore({ dir: home, clock: systemClock });
  const [found] = await store.documents.list('schedules');
  if (!found) return undefined;
  const record = found.value as { readonly cursor: number }; // kept by the scheduler
  await store.documents.put('schedules', found.key, { ...record, cursor: record.cursor - ms });
  return true;
}
