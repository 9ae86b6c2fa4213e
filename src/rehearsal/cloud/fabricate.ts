import type { Json, JsonObject } from '../../core/index.ts';
import { declaredBy, type Property } from './declared.ts';
import { ACCOUNT, type Birth, hex, idOf, namingInput, ownName, shortType, uuid } from './identity.ts';

/** A resource as the cloud answers after a create: its id, and every property the SDK class declares. */
export interface Fabricated {
  readonly id: string;
  readonly props: JsonObject;
}

/** Make up what a cloud would answer. The same birth always gives the same answer. */
export function fabricate(birth: Birth): Fabricated {
  const { properties } = declaredBy(birth.type);
  const props: { [name: string]: Json } = { ...birth.inputs };
  for (const property of properties) {
    if (props[property.name] !== undefined || property.optional) continue;
    const value = special(birth, property, props) ?? byType(birth, property);
    if (value !== undefined) props[property.name] = value;
  }
  return { id: idOf(birth, props), props };
}

function special(birth: Birth, { name }: Property, props: JsonObject): Json | undefined {
  if (name === 'name' || name === namingInput(birth.type)) return ownName(birth);
  if (name === 'tagsAll') return props['tags'] ?? {};
  if (name === 'primaryEndpoints') return storageEndpoints(birth, props);
  return SPECIAL[name]?.(birth);
}

type Maker = (birth: Birth) => Json;
const SPECIAL: Readonly<Record<string, Maker>> = {
  arn: arnOf,
  region: ({ region }) => region,
  bucketRegion: ({ region }) => region,
  location: ({ region }) => region,
  ownerId: () => ACCOUNT,
  accountId: () => ACCOUNT,
  provisioningState: () => 'Succeeded',
  latestVersion: () => 1,
  defaultVersion: () => 1,
  enableHttpsTrafficOnly: () => true,
  creationTime: () => '2026-01-01T00:00:00Z',
  createdTime: () => '2026-01-01T00:00:00Z',
  privateIp: (birth) => `10.${octet(birth, 'a')}.${octet(birth, 'b')}.${octet(birth, 'c')}`,
  publicIp: (birth) => `203.0.113.${octet(birth, 'ip')}`,
  staticIp: (birth) => `203.0.113.${octet(birth, 'ip')}`,
  dnsName: (birth) => `${slug(birth)}-${hex(birth, 'dns', 8)}.${birth.region}.elb.amazonaws.com`,
  defaultHostName: (birth) => `${slug(birth)}-${hex(birth, 'dns', 8)}.azurewebsites.net`,
  defaultDomain: (birth) => `${slug(birth)}-${hex(birth, 'dns', 8)}.${birth.region}.azurecontainerapps.io`,
  latestRevisionFqdn: (birth) => `${slug(birth)}--${hex(birth, 'revision', 7)}.${birth.region}.azurecontainerapps.io`,
  fqdn: (birth) => `${slug(birth)}-${hex(birth, 'dns', 8)}.example.net`,
  endpoint: (birth) => `${slug(birth)}.${hex(birth, 'dns', 8)}.${birth.region}.example.net`,
  nameServers: (birth) => [1, 2, 3, 4].map((n) => `ns-${n}${octet(birth, `ns${n}`)}.awsdns-${n}.example.net`),
  hostedZoneId: (birth) => `Z${hex(birth, 'zone', 14).toUpperCase()}`,
};

function byType(birth: Birth, { name, type }: Property): Json | undefined {
  if (type.endsWith('[]')) return [];
  if (type.startsWith('string') || type.startsWith('pulumi.') || type.startsWith('enums.')) return textFor(birth, name);
  if (type === 'number') return 1;
  if (type === 'boolean') return false;
  if (type.startsWith('{') || type.startsWith('outputs.')) return {};
  return undefined;
}

function textFor(birth: Birth, name: string): string {
  if (/arn$/i.test(name)) return arnOf(birth);
  if (/(^|[a-z])id$/i.test(name)) return uuid(birth, name);
  if (/(domain|fqdn|host|address)/i.test(name)) return `${slug(birth)}-${hex(birth, name, 8)}.example.net`;
  if (/(url|uri|endpoint)/i.test(name)) return `https://${slug(birth)}-${hex(birth, name, 8)}.example.net/`;
  if (/(time|date)$/i.test(name)) return '2026-01-01T00:00:00Z';
  return `${name}-${hex(birth, name, 8)}`;
}

function arnOf(birth: Birth): string {
  const service = birth.type.split(':')[1]?.split('/')[0] ?? '';
  const naming = namingInput(birth.type);
  const given = naming === undefined ? undefined : birth.inputs[naming];
  const name = typeof given === 'string' ? given : naming === undefined ? hex(birth, 'arn', 12) : ownName(birth);
  if (service === 's3') return `arn:aws:s3:::${name}`;
  const real = { lb: 'elasticloadbalancing', cloudwatch: 'logs', ebs: 'ec2' }[service] ?? service;
  return `arn:aws:${real}:${service === 'iam' ? '' : birth.region}:${ACCOUNT}:${shortType(birth.type).toLowerCase()}/${name}`;
}

function storageEndpoints(birth: Birth, props: JsonObject): Json {
  const account = typeof props['name'] === 'string' ? props['name'] : ownName(birth);
  return Object.fromEntries(['blob', 'dfs', 'file', 'queue', 'table', 'web'].map((kind) => [kind, `https://${account}.${kind}.core.windows.net/`]));
}

function octet(birth: Birth, purpose: string): number {
  return (parseInt(hex(birth, purpose, 4), 16) % 253) + 1;
}
function slug(birth: Birth): string {
  return birth.name.toLowerCase().replace(/[^a-z0-9-]/g, '-');
}
