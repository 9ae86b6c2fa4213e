import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { declaredBy } from '../../../src/rehearsal/cloud/declared.ts';
import { difference } from '../../../src/rehearsal/cloud/difference.ts';
import { fabricate } from '../../../src/rehearsal/cloud/fabricate.ts';
import { takeFault, writeFaults } from '../../../src/rehearsal/cloud/faults.ts';
import { answer } from '../../../src/rehearsal/cloud/invoke.ts';
import { createProvider } from '../../../src/rehearsal/cloud/provider.ts';
import { openWorld } from '../../../src/rehearsal/cloud/world.ts';

const SECRET = (value: string) => ({ '4dabf18193072939515e22adb298388d': '1b47061264138c4ac30d75fd1eb44270', value });
const urnOf = (type: string, name = 'a') => `urn:pulumi:test::demo::${type}::${name}`;
const birth = (type: string, inputs = {}, births = 0) => ({ urn: urnOf(type), type, name: 'a', inputs, births, region: 'eu-west-1' });

function stage() {
  const dir = mkdtempSync(join(tmpdir(), 'slipway-world-'));
  const world = openWorld(dir, () => 0);
  const provider = createProvider({ provider: 'aws', version: '1.0.0', region: 'eu-west-1', world, sleep: async (_, signal) => signal.throwIfAborted() });
  return { dir, world, provider, [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }) };
}

const TYPES = [
  'aws:s3/bucket:Bucket',
  'aws:ec2/vpc:Vpc',
  'aws:rds/instance:Instance',
  'aws:lb/loadBalancer:LoadBalancer',
  'aws:lambda/function:Function',
  'aws:eks/cluster:Cluster',
  'aws:cloudfront/distribution:Distribution',
  'aws:dynamodb/table:Table',
  'azure-native:storage:StorageAccount',
  'azure-native:network:VirtualNetwork',
  'azure-native:app:ContainerApp',
  'azure-native:compute:VirtualMachine',
  'azure-native:keyvault:Vault',
  'azure-native:containerservice:ManagedCluster',
  'azure-native:resources:ResourceGroup',
];
for (const type of TYPES) {
  test(`every output that the SDK promises for ${type} is there`, () => {
    const { properties } = declaredBy(type);
    assert.ok(properties.length > 3);
    const { id, props } = fabricate(birth(type));
    assert.notEqual(id, '');
    for (const property of properties.filter(({ optional }) => !optional)) assert.notEqual(props[property.name], undefined, property.name);
    assert.deepEqual(fabricate(birth(type)), { id, props }, 'the same every time');
  });
}

test('ids look like those of the clouds', () => {
  assert.match(fabricate(birth('aws:ec2/vpc:Vpc')).id, /^vpc-0[0-9a-f]{16}$/);
  assert.notEqual(fabricate(birth('aws:ec2/vpc:Vpc', {}, 1)).id, fabricate(birth('aws:ec2/vpc:Vpc')).id, 'a replacement is another thing');
  assert.equal(fabricate(birth('aws:s3/bucket:Bucket', { bucket: 'mine' })).id, 'mine');
  assert.equal(fabricate(birth('aws:s3/bucket:Bucket', { bucket: 'mine' })).props['arn'], 'arn:aws:s3:::mine');
  assert.equal(
    fabricate(birth('azure-native:network:Subnet', { resourceGroupName: 'rg', virtualNetworkName: 'net', subnetName: 'apps' })).id,
    '/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/net/subnets/apps',
  );
});

test('create, read, update and delete act on the world, once each', async () => {
  using box = stage();
  const urn = urnOf('aws:s3/bucket:Bucket');
  const { id } = (await box.provider.create?.(urn, { bucket: 'mine', tags: { a: '1' } })) ?? assert.fail();
  await assert.rejects(async () => box.provider.create?.(urn, { bucket: 'mine' }), /exists already/);
  await box.provider.update?.(id, urn, { bucket: 'mine', tags: { a: '1' } }, { bucket: 'mine' });
  const read = (await box.provider.read?.(id, urn, {})) ?? assert.fail();
  assert.equal((read.props as { tags?: unknown }).tags, undefined, 'what is dropped is gone');
  await box.provider.delete?.(id, urn, {});
  await box.provider.delete?.(id, urn, {});
  assert.deepEqual(await box.provider.read?.(id, urn, {}), { id: '', props: {} });
  assert.deepEqual(
    box.world.ledger().map((entry) => entry.op),
    ['create', 'update', 'delete'],
  );
});

test('a secret is never written, and still an unchanged one is no drift', async () => {
  using box = stage();
  const urn = urnOf('aws:ssm/parameter:Parameter');
  const value = SECRET('canary-1234567');
  const { id, outs } = (await box.provider.create?.(urn, { name: 'p', type: 'SecureString', value })) ?? assert.fail();
  assert.deepEqual((outs as { value: unknown }).value, value, 'it stays marked as a secret');
  for (const file of readdirSync(box.dir, { recursive: true, withFileTypes: true })) {
    if (file.isFile()) assert.equal(readFileSync(join(file.parentPath, file.name), 'utf8').includes('canary'), false, file.name);
  }
  const read = (await box.provider.read?.(id, urn, outs as object)) ?? assert.fail();
  assert.deepEqual((read.props as { value: unknown }).value, value);
  assert.equal((await box.provider.diff?.(id, urn, outs as object, { name: 'p', type: 'SecureString', value: SECRET('other') }))?.changes, true);
});

test('differences: changed, dropped, unknown, and what forces a replacement', () => {
  const UNKNOWN = '04da6b54-80e4-46f7-96ec-b56ff0331ba9';
  const type = 'aws:ec2/subnet:Subnet';
  const olds = { cidrBlock: '10.0.0.0/24', vpcId: 'vpc-1', tags: { a: '1' }, arn: 'x' };
  const before = { cidrBlock: '10.0.0.0/24', vpcId: 'vpc-1', tags: { a: '1' } };
  assert.deepEqual(difference(type, olds, { news: before, before }), { changed: [], replaces: [] });
  assert.deepEqual(difference(type, olds, { news: { ...before, tags: { a: '2' } }, before }), { changed: ['tags'], replaces: [] });
  assert.deepEqual(difference(type, olds, { news: { cidrBlock: '10.0.0.0/24', vpcId: UNKNOWN }, before }), { changed: ['tags', 'vpcId'], replaces: ['vpcId'] });
});

test('a counted fault happens that often, over all processes of a world', () => {
  using box = stage();
  writeFaults(box.dir, [{ match: { type: 'bucket' }, op: 'create', effect: 'fail', count: 2 }], 7);
  const occasion = { op: 'create' as const, stack: 'demo/test', urn: 'u', type: 'aws:s3/bucket:Bucket' };
  const taken = Array.from({ length: 4 }, () => takeFault(box.dir, occasion).fault?.effect);
  assert.deepEqual(taken, ['fail', 'fail', undefined, undefined]);
  assert.deepEqual(takeFault(box.dir, { ...occasion, op: 'delete' }), { latencyMs: 7 });
});

test('a fault can come before or after the effect', async () => {
  using box = stage();
  const urn = urnOf('aws:s3/bucket:Bucket');
  writeFaults(box.dir, [{ match: {}, effect: 'fail', message: 'no', count: 1 }], 0);
  await assert.rejects(async () => box.provider.create?.(urn, { bucket: 'x' }), /^Error: no$/);
  assert.equal(box.world.all().length, 0);
  writeFaults(box.dir, [{ match: {}, effect: 'failAfter', message: 'lost', count: 1 }], 0);
  await assert.rejects(async () => box.provider.create?.(urn, { bucket: 'x' }), /lost/);
  assert.equal(box.world.all().length, 1);
});

test('lookups answer like a cloud, and an unknown one says where to describe it', async () => {
  assert.deepEqual(answer('aws:index/getAvailabilityZones:getAvailabilityZones', {}, 'eu-west-1')?.['names'], ['eu-west-1a', 'eu-west-1b', 'eu-west-1c']);
  const document = answer(
    'aws:iam/getPolicyDocument:getPolicyDocument',
    {
      statements: [
        {
          actions: ['s3:Get'],
          resources: ['*'],
          principals: [{ type: 'AWS', identifiers: ['1'] }],
          conditions: [{ test: 'Bool', variable: 'x', values: ['y'] }],
        },
      ],
    },
    'r',
  );
  assert.deepEqual(JSON.parse(document?.['json'] as string), {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: ['s3:Get'], Resource: ['*'], Principal: { AWS: ['1'] }, Condition: { Bool: { x: ['y'] } } }],
  });
  using box = stage();
  await assert.rejects(async () => box.provider.invoke?.('aws:x/getY:getY', {}), /no answer for aws:x\/getY:getY/);
});
