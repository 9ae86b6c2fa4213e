import type { Json, JsonObject } from '../../core/index.ts';
import { ACCOUNT, SUBSCRIPTION, TENANT } from './identity.ts';

type Answer = (args: JsonObject, region: string) => JsonObject;

const ANSWERS: Readonly<Record<string, Answer>> = {
  'aws:index/getCallerIdentity:getCallerIdentity': () => ({
    accountId: ACCOUNT,
    arn: `arn:aws:sts::${ACCOUNT}:assumed-role/rehearsal/slipway`,
    id: ACCOUNT,
    userId: 'AROAREHEARSAL:slipway',
  }),
  'aws:index/getRegion:getRegion': (_, region) => ({
    name: region,
    region,
    id: region,
    description: `rehearsal of ${region}`,
    endpoint: `ec2.${region}.amazonaws.com`,
  }),
  'aws:index/getPartition:getPartition': () => ({ partition: 'aws', dnsSuffix: 'amazonaws.com', reverseDnsPrefix: 'com.amazonaws', id: 'aws' }),
  'aws:index/getAvailabilityZones:getAvailabilityZones': (_, region) => ({
    id: region,
    names: ['a', 'b', 'c'].map((zone) => region + zone),
    zoneIds: [1, 2, 3].map((zone) => `${region.replaceAll('-', '')}-az${zone}`),
    groupNames: [region],
  }),
  'aws:ec2/getAmi:getAmi': () => ami('ami-0a1b2c3d4e5f60718'),
  'aws:ec2/getAmiIds:getAmiIds': () => ({ id: 'ami-ids', ids: ['ami-0a1b2c3d4e5f60718'], owners: ['amazon'] }),
  'aws:ssm/getParameter:getParameter': (args) => ({
    ...args,
    arn: `arn:aws:ssm:::parameter${textOf(args['name'])}`,
    type: 'String',
    value: 'ami-0a1b2c3d4e5f60718',
    insecureValue: 'ami-0a1b2c3d4e5f60718',
    version: 1,
    id: args['name'] ?? '',
  }),
  'aws:iam/getPolicyDocument:getPolicyDocument': policyDocument,
  'aws:route53/getZone:getZone': (args) => ({
    ...args,
    id: 'Z0123456789ABCDEFGHIJ',
    zoneId: 'Z0123456789ABCDEFGHIJ',
    arn: 'arn:aws:route53:::hostedzone/Z0123456789ABCDEFGHIJ',
    nameServers: [],
  }),
  'azure-native:authorization:getClientConfig': () => ({ clientId: TENANT, objectId: TENANT, subscriptionId: SUBSCRIPTION, tenantId: TENANT }),
  'azure-native:storage:listStorageAccountKeys': () => ({
    keys: [{ keyName: 'key1', permissions: 'Full', value: 'cmVoZWFyc2Fs', creationTime: '2026-01-01T00:00:00Z' }],
  }),
};

/**
 * Answer a data lookup as a cloud would.
 *
 * @returns undefined for a lookup nobody has described here yet.
 */
export function answer(token: string, args: JsonObject, region: string): JsonObject | undefined {
  return ANSWERS[token]?.(args, region);
}

function ami(id: string): JsonObject {
  return {
    id,
    imageId: id,
    arn: `arn:aws:ec2:::image/${id}`,
    name: 'rehearsal',
    architecture: 'arm64',
    rootDeviceName: '/dev/xvda',
    state: 'available',
    ownerId: ACCOUNT,
    tags: {},
    blockDeviceMappings: [],
    productCodes: [],
  };
}

/** The one lookup that computes: statements to the JSON text of a policy. */
function policyDocument(args: JsonObject): JsonObject {
  const statements = Array.isArray(args['statements']) ? (args['statements'] as readonly JsonObject[]) : []; // the SDK types them as objects
  const json = JSON.stringify({ Version: args['version'] ?? '2012-10-17', Statement: statements.map(statement) });
  return { ...args, json, minifiedJson: json, id: String(json.length) };
}

function statement(from: JsonObject): Json {
  const principals = grouped(from['principals'], 'type', 'identifiers');
  const conditions = Array.isArray(from['conditions']) ? (from['conditions'] as readonly JsonObject[]) : []; // as above
  const condition = Object.fromEntries(conditions.map(({ test, variable, values }) => [textOf(test), { [textOf(variable)]: values ?? [] }]));
  return {
    ...(from['sid'] === undefined ? {} : { Sid: from['sid'] }),
    Effect: from['effect'] ?? 'Allow',
    ...(from['actions'] === undefined ? {} : { Action: from['actions'] }),
    ...(from['resources'] === undefined ? {} : { Resource: from['resources'] }),
    ...(Object.keys(principals).length === 0 ? {} : { Principal: principals }),
    ...(conditions.length === 0 ? {} : { Condition: condition }),
  };
}

function grouped(items: Json | undefined, key: string, value: string): JsonObject {
  const list = Array.isArray(items) ? (items as readonly JsonObject[]) : []; // as above
  return Object.fromEntries(list.map((item) => [textOf(item[key]), item[value] ?? []]));
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}
