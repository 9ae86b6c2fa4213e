import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Json } from '../../src/core/index.ts';
import { createPulumi } from '../../src/effects/pulumi/index.ts';
import { startRehearsalCloud } from '../../src/rehearsal/cloud/index.ts';
import type { StackChange, StackTarget } from '../../src/steps/index.ts';
import { subnetCidr } from '../../stacks/aws-analytics/network.ts';

const OWNER = { owner: 'team-erp', costCenter: '4711' };
const DNS = { ...OWNER, zoneId: 'Z0123456789ABCDEFGHIJ', recordName: 'erp.example.com', baselineHost: 'old.example.com', candidateHost: 'new.example.com' };

function rehearse() {
  const dir = mkdtempSync(join(tmpdir(), 'slipway-stacks-'));
  const cloud = startRehearsalCloud({ dir: join(dir, 'world'), node: process.execPath, now: Date.now, cacheDir: join(tmpdir(), 'slipway-test-compiled') });
  const pulumi = createPulumi({
    stateDir: dir,
    env: process.env,
    node: process.execPath,
    now: Date.now,
    pulumiHome: join(dir, 'home'),
    pluginPath: [cloud.pluginPath],
    extraEnv: cloud.env,
  });
  const checkout = join(import.meta.dirname, '../..');
  const target = (program: string, config: { readonly [key: string]: Json }): StackTarget => ({
    program,
    name: 'test',
    checkout,
    config,
    runId: 'run-20260101-0000000000',
  });
  return {
    cloud,
    pulumi,
    target,
    control: { signal: new AbortController().signal },
    [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }),
  };
}

/** The rules of the house, on facts alone: what policies will see of the stacks we ship. */
function assertSafe(changes: readonly StackChange[]): void {
  for (const { type, name, facts } of changes) {
    const what = `${name} (${type})`;
    assert.notDeepEqual(facts, {}, `${what} is described`);
    if (facts['taggable'] === true) {
      const tags = facts['tags'] as { readonly [name: string]: string };
      assert.deepEqual([tags['owner'], tags['costCenter'], tags['managedBy']], ['team-erp', '4711', 'slipway'], what);
    }
    assert.notEqual(facts['encrypted'], false, `${what} is encrypted`);
    assert.notEqual(facts['publicAccess'], true, `${what} is not public`);
    assert.notEqual(facts['tlsOnly'], false, `${what} takes TLS only`);
    for (const rule of (facts['ingress'] ?? []) as readonly { cidr: string; toPort: number }[]) {
      assert.ok(rule.cidr !== '0.0.0.0/0' || rule.toPort === 443, `${what} opens ${rule.toPort} to the internet`);
    }
  }
}

test('the analytics stack on AWS is private, encrypted and tagged, and comes up as previewed', async () => {
  using box = rehearse();
  const target = box.target('aws-analytics', { ...OWNER, 'aws:region': 'eu-central-1', zones: '3' });
  const { changes, counts } = await box.pulumi.preview(target, 'up', box.control);
  assertSafe(changes);
  assert.deepEqual(changes.find((change) => change.type.endsWith(':SecurityGroup'))?.facts['ingress'], []);
  const result = await box.pulumi.up(target, box.control);
  assert.deepEqual(result.counts, counts);
  assert.equal((result.outputs['subnetIds'] as readonly string[]).length, 3);
  const template = box.cloud.resources().find((resource) => resource.type.endsWith(':LaunchTemplate')) ?? assert.fail();
  assert.equal((template.inputs['metadataOptions'] as { httpTokens: string }).httpTokens, 'required', 'IMDSv2 only');
  const policy = box.cloud.resources().find((resource) => resource.type.endsWith(':BucketPolicy'));
  assert.match(String(policy?.inputs['policy'] as string), /"aws:SecureTransport":"false"/);
});

test('the front stack on Azure is closed but for HTTPS, and tagged', async () => {
  using box = rehearse();
  const target = box.target('azure-front', { ...OWNER, 'azure-native:location': 'West Europe' });
  const { changes } = await box.pulumi.preview(target, 'up', box.control);
  assertSafe(changes);
  assert.equal(changes.find((change) => change.type.endsWith(':StorageAccount'))?.facts['region'], 'westeurope');
  const { outputs } = await box.pulumi.up(target, box.control);
  assert.match(outputs['url'] as string, /^https:\/\/front-.*\.azurecontainerapps\.io$/);
});

test('the traffic stack moves weights in place', async () => {
  using box = rehearse();
  const made = await box.pulumi.up(box.target('dns-traffic', DNS), box.control);
  assert.deepEqual([made.outputs['baselineWeight'], made.outputs['candidateWeight']], [100, 0]);
  const moved = await box.pulumi.up(box.target('dns-traffic', { ...DNS, baselineWeight: '90', candidateWeight: '10' }), box.control);
  assert.deepEqual(moved.counts, { update: 2, same: 2 });
  const weights = box.cloud
    .resources()
    .filter((resource) => resource.type.endsWith(':Record'))
    .map((record) => [record.inputs['setIdentifier'], record.inputs['weightedRoutingPolicies']]);
  assert.deepEqual(
    weights.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
    [
      ['baseline', [{ weight: 90 }]],
      ['candidate', [{ weight: 10 }]],
    ],
  );
  await assert.rejects(box.pulumi.preview(box.target('dns-traffic', { ...DNS, baselineWeight: '0' }), 'up', box.control), {
    code: 'PULUMI_CONFIG',
    message: /both 0/,
  });
});

test('wrong configuration is told at once, in words', async () => {
  using box = rehearse();
  const wrong = box.target('aws-analytics', { owner: 'Team ERP', vpcCidr: '10.0.0.0/8', zones: '9', colour: 'red' });
  const failure = await box.pulumi.preview(wrong, 'up', box.control).then(
    () => assert.fail('the configuration is wrong'),
    (thrown: Error) => thrown.message,
  );
  for (const part of [
    'owner is not a team',
    'costCenter is missing',
    'vpcCidr is not an IPv4 range',
    'zones is not a whole number from 2 to 3',
    'colour is not known to this stack; known are owner',
  ])
    assert.ok(failure.includes(part), `${part} in ${failure}`);
});

test('subnets are eighths of the network', () => {
  assert.deepEqual(
    [0, 1, 2, 7].map((index) => subnetCidr('10.20.0.0/16', index)),
    ['10.20.0.0/19', '10.20.32.0/19', '10.20.64.0/19', '10.20.224.0/19'],
  );
  assert.equal(subnetCidr('192.168.4.0/24', 3), '192.168.4.96/27');
});
