import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpus, hostname, totalmem } from 'node:os';
import { describe, it } from 'node:test';
import { FACTS_SCRIPT } from '../../../src/steps/ssh/facts/script.ts';
import { parseFacts } from '../../../src/steps/ssh/facts/parse.ts';
import { sshFacts } from '../../../src/steps/ssh/index.ts';
import { hostKind } from '../../support/host-kind.ts';
import { rehearse } from '../../support/rehearsed.ts';

const kind = hostKind(sshFacts);

describe('ssh.facts', () => {
  it('learns from a rehearsed host what its variables say', async () => {
    await using box = await rehearse({ web: { cpus: 2, memoryBytes: 1024, os: 'Test OS 1' } });
    const outcome = await kind.executeHost({}, box.context('web'));
    assert.equal(outcome.status, 'ok');
    const facts = sshFacts.outputs.parse(outcome.outputs);
    assert.deepEqual([facts.hostname, facts.os, facts.cpus, facts.memoryBytes, facts.clockSkewMs], ['web', 'Test OS 1', 2, 1024, 0]);
    assert.deepEqual(
      facts.disks?.map(({ mount, device }) => `${mount} ${device}`),
      ['/ /dev/sda1', '/srv /dev/sdb1'],
    );
    assert.match(facts.ips?.[0] ?? '', /^10\.20\./);
  });

  it('hands on only what was asked for', async () => {
    await using box = await rehearse({ web: {} });
    const { outputs } = await kind.executeHost({ gather: ['hardware'] }, box.context('web'));
    assert.deepEqual(Object.keys(outputs).sort(), ['cpuModel', 'cpus', 'hostname', 'memoryBytes', 'swapBytes', 'virtualization']);
  });

  it('reads this machine with its real shell', () => {
    const sentAt = Date.now();
    const facts = parseFacts(execFileSync('/bin/sh', ['-c', FACTS_SCRIPT]).toString(), { sentAt, receivedAt: Date.now() });
    assert.ok(facts);
    assert.deepEqual([facts.hostname, facts.clockSkewMs], [hostname(), 0]);
    assert.ok(Math.abs(facts.memoryBytes - totalmem()) < totalmem() / 10);
    assert.ok(facts.cpus >= 1 && facts.cpus <= Math.max(cpus().length, 1));
    assert.match(facts.kernel, /^Linux /);
    assert.ok(facts.uptimeSeconds > 0);
    assert.deepEqual([facts.osId, facts.osFamily, facts.packageManager], ['debian', 'debian', 'apt']);
    assert.match(facts.osVersion, /^\d+/);
    assert.deepEqual(
      facts.addresses.map(({ address }) => address),
      facts.ips,
    );
    for (const { totalBytes, freeBytes, mount } of facts.disks) assert.ok(totalBytes >= freeBytes && mount.startsWith('/'));
  });

  it('knows families of systems, and puts nothing that moves into a plan', async () => {
    const family = (like: string) => parseFacts(`kernel x\noslike ${like}\n`, { sentAt: 0, receivedAt: 0 })?.osFamily;
    assert.deepEqual(['ubuntu debian', 'rocky rhel centos fedora', 'opensuse-leap suse', 'alpine', 'FreeBSD', 'darwin', 'Windows', 'plan9'].map(family), [
      'debian',
      'redhat',
      'suse',
      'alpine',
      'bsd',
      'darwin',
      'windows',
      'other',
    ]);
    await using box = await rehearse({ web: { os: 'Rocky Linux 9.4', cpus: 2 }, gone: { faults: [{ effect: 'refuse' }] } });
    const [web, gone] = await kind.preview({ gather: ['system'] }, box.preview(['web', 'gone']));
    assert.deepEqual(web?.facts, {
      ...{ hostname: 'web', os: 'Rocky Linux 9.4', osId: 'rhel', osFamily: 'redhat', osVersion: '9.4', kernel: 'Linux 6.1.0-32-amd64' },
      ...{ arch: 'x86_64', packageManager: 'dnf', init: 'systemd' },
    });
    assert.equal(gone?.verdict, 'unreachable');
  });

  it('tells how far a clock is off, beyond the time the question took', () => {
    const at = (time: number) => parseFacts(`kernel Linux 6\ntime ${time}\n`, { sentAt: 1_000, receivedAt: 1_200 })?.clockSkewMs;
    assert.deepEqual([at(1_100), at(400), at(5_200)], [0, -600, 4_000]);
    assert.equal(parseFacts('no such command\n', { sentAt: 0, receivedAt: 0 }), undefined);
  });
});
