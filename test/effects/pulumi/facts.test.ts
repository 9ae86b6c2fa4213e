import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '../../../src/core/index.ts';
import { factsOf } from '../../../src/effects/pulumi/facts/index.ts';

const UNKNOWN = '04da6b54-80e4-46f7-96ec-b56ff0331ba9';
const facts = (type: string, inputs: JsonObject, isProtected = false) =>
  factsOf(type, inputs, { isProtected, defaults: { awsRegion: 'eu-west-1', azureLocation: 'West Europe', tags: { team: 'a' } } });
const part = (type: string, inputs: JsonObject, ...names: readonly string[]) => {
  const all = facts(type, inputs);
  return Object.fromEntries(names.map((name) => [name, all[name]]));
};

test('a type nobody described has no facts', () => {
  assert.deepEqual(facts('random:index/randomPassword:RandomPassword', { length: 3 }), {});
});

test('a known type has the four facts that are always there, and nothing of its other inputs', () => {
  assert.deepEqual(facts('aws:iam/rolePolicy:RolePolicy', { policy: 'text' }), { provider: 'aws', taggable: false, encryptable: false, dataStore: false });
  assert.deepEqual(facts('aws:s3/bucket:Bucket', { bucket: 'b', tags: { owner: 'x' }, acl: 'public-read' }), {
    provider: 'aws',
    taggable: true,
    encryptable: true,
    dataStore: true,
    tags: { team: 'a', owner: 'x' },
    region: 'eu-west-1',
    encrypted: true,
    acl: 'public-read',
  });
});

test('what is unknown or secret is absent, never a guess', () => {
  assert.deepEqual(
    part(
      'aws:rds/instance:Instance',
      { storageEncrypted: UNKNOWN, publiclyAccessible: '[secret]', instanceClass: UNKNOWN, tags: { a: UNKNOWN, b: '1', c: '[secret]' }, region: UNKNOWN },
      'encrypted',
      'publicAccess',
      'size',
      'tags',
      'region',
    ),
    {
      encrypted: undefined,
      publicAccess: undefined,
      size: undefined,
      tags: { team: 'a', b: '1' },
      region: undefined,
    },
  );
});

test('a database on AWS', () => {
  assert.deepEqual(
    part('aws:rds/instance:Instance', { instanceClass: 'db.t4g.micro' }, 'encrypted', 'kmsKey', 'publicAccess', 'deleteProtected', 'backupDays', 'size'),
    {
      encrypted: false,
      kmsKey: false,
      publicAccess: false,
      deleteProtected: false,
      backupDays: 0,
      size: 'db.t4g.micro',
    },
  );
  assert.equal(facts('aws:rds/instance:Instance', {}, true)['deleteProtected'], true, 'protect of Pulumi counts');
});

test('security groups on AWS: one rule per range, all ports, no groups', () => {
  const ingress = [
    { protocol: 'tcp', fromPort: 22, toPort: 22, cidrBlocks: ['0.0.0.0/0', '10.0.0.0/8'], ipv6CidrBlocks: ['::/0'] },
    { protocol: '-1', fromPort: 0, toPort: 0, cidrBlocks: ['192.0.2.0/24'] },
    { protocol: 'tcp', fromPort: 443, toPort: 443, securityGroups: ['sg-1'] },
  ];
  assert.deepEqual(facts('aws:ec2/securityGroup:SecurityGroup', { ingress })['ingress'], [
    { cidr: '0.0.0.0/0', fromPort: 22, toPort: 22, protocol: 'tcp' },
    { cidr: '10.0.0.0/8', fromPort: 22, toPort: 22, protocol: 'tcp' },
    { cidr: '::/0', fromPort: 22, toPort: 22, protocol: 'tcp' },
    { cidr: '192.0.2.0/24', fromPort: 0, toPort: 65_535, protocol: 'all' },
  ]);
  assert.deepEqual(facts('aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule', { cidrIpv4: '0.0.0.0/0', ipProtocol: '-1' })['ingress'], [
    { cidr: '0.0.0.0/0', fromPort: 0, toPort: 65_535, protocol: 'all' },
  ]);
  assert.equal(facts('aws:ec2/securityGroup:SecurityGroup', { ingress: UNKNOWN })['ingress'], undefined);
  const unknown = { cidr: '(unknown)', fromPort: 0, toPort: 65_535, protocol: 'tcp' };
  assert.deepEqual(facts('aws:ec2/securityGroup:SecurityGroup', { ingress: [{ protocol: 'tcp', cidrBlocks: [UNKNOWN], fromPort: UNKNOWN }] })['ingress'], [
    unknown,
  ]);
  assert.deepEqual(facts('aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule', { cidrIpv4: UNKNOWN, ipProtocol: 'tcp' })['ingress'], [unknown]);
  assert.deepEqual(facts('aws:ec2/securityGroupRule:SecurityGroupRule', { type: 'ingress', protocol: 'tcp', cidrBlocks: '[secret]' })['ingress'], [unknown]);
});

test('machines on AWS: disks, addresses, sizes, counts, listed tags', () => {
  const template = {
    instanceType: 'm7g.large',
    blockDeviceMappings: [{ ebs: { encrypted: 'true' } }, { ebs: { encrypted: 'false' } }],
    networkInterfaces: [{ associatePublicIpAddress: 'true' }],
  };
  assert.deepEqual(part('aws:ec2/launchTemplate:LaunchTemplate', template, 'encrypted', 'publicAccess', 'size'), {
    encrypted: false,
    publicAccess: true,
    size: 'm7g.large',
  });
  assert.equal(facts('aws:ec2/instance:Instance', {})['encrypted'], undefined, 'the image decides');
  assert.deepEqual(
    part('aws:autoscaling/group:Group', { desiredCapacity: 4, tags: [{ key: 'owner', value: 'x', propagateAtLaunch: true }] }, 'count', 'tags'),
    { count: 4, tags: { team: 'a', owner: 'x' } },
  );
});

test('storage on Azure is judged by what it says and by what Azure does when it says nothing', () => {
  const type = 'azure-native:storage/v20240101:StorageAccount';
  assert.deepEqual(part(type, {}, 'provider', 'encrypted', 'tlsOnly', 'publicAccess', 'region', 'tags'), {
    provider: 'azure',
    encrypted: true,
    tlsOnly: false,
    publicAccess: true,
    region: 'westeurope',
    tags: {},
  });
  assert.deepEqual(
    part(type, { minimumTlsVersion: 'TLS1_2', publicNetworkAccess: 'Disabled', location: 'North Europe' }, 'tlsOnly', 'publicAccess', 'region'),
    { tlsOnly: true, publicAccess: false, region: 'northeurope' },
  );
  assert.deepEqual(part('azure-native:storage:BlobContainer', { publicAccess: 'Blob' }, 'acl', 'publicAccess'), { acl: 'blob', publicAccess: true });
});

test('network security groups on Azure: allowed inbound rules only', () => {
  const rule = { direction: 'Inbound', access: 'Allow', protocol: 'Tcp', sourceAddressPrefix: 'Internet', destinationPortRange: '443' };
  const securityRules = [
    rule,
    { ...rule, access: 'Deny' },
    { ...rule, direction: 'Outbound' },
    {
      ...rule,
      protocol: '*',
      sourceAddressPrefix: undefined,
      sourceAddressPrefixes: ['10.0.0.0/8'],
      destinationPortRange: undefined,
      destinationPortRanges: ['80', '8000-8100', '*'],
    },
  ].map((entry) => JSON.parse(JSON.stringify(entry)) as JsonObject);
  assert.deepEqual(facts('azure-native:network:NetworkSecurityGroup', { securityRules })['ingress'], [
    { cidr: '0.0.0.0/0', fromPort: 443, toPort: 443, protocol: 'tcp' },
    { cidr: '10.0.0.0/8', fromPort: 80, toPort: 80, protocol: 'all' },
    { cidr: '10.0.0.0/8', fromPort: 8_000, toPort: 8_100, protocol: 'all' },
    { cidr: '10.0.0.0/8', fromPort: 0, toPort: 65_535, protocol: 'all' },
  ]);
  const open = { cidr: '0.0.0.0/0', fromPort: 443, toPort: 443, protocol: 'tcp' };
  for (const [hidden, told] of [
    [
      { ...rule, sourceAddressPrefix: UNKNOWN },
      { ...open, cidr: '(unknown)' },
    ],
    [{ ...rule, direction: UNKNOWN }, open],
    [
      { ...rule, destinationPortRange: '[secret]' },
      { ...open, fromPort: 0, toPort: 65_535 },
    ],
  ] as const)
    assert.deepEqual(facts('azure-native:network:SecurityRule', hidden)['ingress'], [told]);
  assert.equal('ingress' in facts('azure-native:network:NetworkSecurityGroup', { securityRules: UNKNOWN }), false);
});
