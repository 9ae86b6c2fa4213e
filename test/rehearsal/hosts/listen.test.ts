import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../../../src/core/index.ts';
import { startRehearsalHosts } from '../../../src/rehearsal/hosts/index.ts';
import { listenNear } from '../../../src/rehearsal/hosts/listen.ts';

test('a port that somebody else has taken meanwhile is replaced by a free one', async () => {
  const first = createServer();
  const second = createServer();
  try {
    const taken = await listenNear(first, undefined);
    assert.notEqual(await listenNear(second, taken), taken);
  } finally {
    first.close();
    second.close();
  }
});

test('machines that are continued while others have their ports are found at other ones', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'slipway-listen-'));
  const vars = { rehearsal: { services: { erp: 'running' }, http: [{ port: 8080, service: 'erp', side: 'baseline' }] } };
  const start = (name: string) => startRehearsalHosts({ dir: join(dir, name), clock: systemClock, hosts: [{ name: 'web', vars }] });
  const first = await start('first');
  try {
    cpSync(join(dir, 'first'), join(dir, 'second'), { recursive: true });
    const second = await start('second');
    for (const [place, port] of first.places) assert.notEqual(second.places.get(place), port, place);
    await second.stop();
  } finally {
    await first.stop();
    rmSync(dir, { recursive: true });
  }
});
