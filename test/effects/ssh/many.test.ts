import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { systemClock } from '../../../src/core/index.ts';
import { startRehearsalHosts } from '../../../src/rehearsal/hosts/index.ts';
import type { Host } from '../../../src/steps/index.ts';
import { startSshd, whyNoSshd } from '../../support/sshd.ts';
import { request, withSsh } from './with-ssh.ts';

const NAMES = Array.from({ length: 50 }, (_, index) => `host-${index}`);

it('reaches 50 hosts at once', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'slipway-hosts-'));
  const world = await startRehearsalHosts({ dir, clock: systemClock, hosts: NAMES.map((name) => ({ name, vars: {} })) });
  try {
    await withSsh(async (ssh, control) => {
      const hostnames = await Promise.all(
        NAMES.map(async (name) => {
          const reached = world.hosts[name];
          assert.ok(reached);
          const { stdout } = await ssh.exec({ name, groups: [], vars: {}, jump: [], ...reached }, request('hostname'), control);
          return stdout.trim();
        }),
      );
      assert.deepEqual(hostnames, NAMES);
    });
  } finally {
    await world.stop();
    await rm(dir, { recursive: true });
  }
});

const missing = whyNoSshd();
it('gets 40 connections through to a server that refuses most that come at once', { skip: missing === undefined ? false : missing }, async () => {
  await using sshd = await startSshd({ config: ['MaxStartups 2:70:4', 'LogLevel VERBOSE'] });
  await withSsh(async (ssh, control) => {
    const hosts = NAMES.slice(0, 40).map((name): Host => ({ ...sshd.host, name }));
    const results = await Promise.all(hosts.map((host) => ssh.exec(host, request('echo "$NAME"', { env: { NAME: host.name } }), control)));
    assert.deepEqual(
      results.map(({ stdout }) => stdout.trim()),
      NAMES.slice(0, 40),
    );
  });
  assert.match(sshd.log(), /beginning MaxStartups throttling|drop connection/);
});

it('gives a waiting caller back at once when it is aborted, and leaves the connection to the others', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'slipway-hosts-'));
  const world = await startRehearsalHosts({ dir, clock: systemClock, hosts: [{ name: 'one', vars: {} }] });
  const reached = world.hosts['one'];
  assert.ok(reached);
  const host: Host = { name: 'one', groups: [], vars: {}, jump: [], ...reached };
  try {
    await withSsh(async (ssh, control) => {
      const stop = new AbortController();
      const impatient = ssh.exec(host, request('echo no'), { ...control, signal: stop.signal });
      const patient = ssh.exec(host, request('echo yes'), control);
      stop.abort(new Error('not waiting'));
      await assert.rejects(impatient, /not waiting/);
      assert.equal((await patient).stdout, 'yes\n');
    });
  } finally {
    await world.stop();
    await rm(dir, { recursive: true });
  }
});
