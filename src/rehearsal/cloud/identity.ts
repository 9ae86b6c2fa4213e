import { createHash } from 'node:crypto';
import type { Json, JsonObject } from '../../core/index.ts';

/** The account, subscription and region that the stand-ins play. */
export const ACCOUNT = '123456789012';
export const SUBSCRIPTION = '00000000-1111-2222-3333-444444444444';
export const TENANT = '99999999-8888-7777-6666-555555555555';

/** Who is being born. */
export interface Birth {
  readonly urn: string;
  readonly type: string;
  /** Name in the program. */
  readonly name: string;
  readonly inputs: JsonObject;
  /** How often this URN was created before. */
  readonly births: number;
  readonly region: string;
}

/** Hexadecimal digits that depend on the URN, the generation and a purpose only. */
export function hex(birth: Birth, purpose: string, length: number): string {
  return createHash('sha256').update(`${birth.urn}\n${birth.births}\n${purpose}`).digest('hex').slice(0, length);
}

/** Text in the shape of a UUID. */
export function uuid(birth: Birth, purpose: string): string {
  return hex(birth, purpose, 32).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** AWS types whose id has a prefix and 17 digits. */
const PREFIX: Readonly<Record<string, string>> = {
  Vpc: 'vpc',
  Subnet: 'subnet',
  SecurityGroup: 'sg',
  SecurityGroupIngressRule: 'sgr',
  SecurityGroupEgressRule: 'sgr',
  SecurityGroupRule: 'sgrule',
  InternetGateway: 'igw',
  NatGateway: 'nat',
  RouteTable: 'rtb',
  RouteTableAssociation: 'rtbassoc',
  Instance: 'i',
  LaunchTemplate: 'lt',
  FlowLog: 'fl',
  Volume: 'vol',
  NetworkAcl: 'acl',
  VpcEndpoint: 'vpce',
  Eip: 'eipalloc',
  FileSystem: 'fs',
};
/** Inputs that are the id of the resource, in order of preference: there can be only one such resource. */
const NAMED_BY: Readonly<Record<string, string>> = {
  'aws:s3': 'bucket',
  'aws:iam': 'name',
  'aws:autoscaling': 'name',
  'aws:cloudwatch': 'name',
  'aws:rds': 'identifier',
  'aws:dynamodb': 'name',
};

/** The input that names the resource uniquely in its account, when there is one. */
export function namingInput(type: string): string | undefined {
  if (type.startsWith('azure-native:')) return undefined;
  if (type === 'aws:kms/alias:Alias') return 'name';
  const found = NAMED_BY[type.split('/')[0] ?? ''];
  return type.endsWith('Attachment') || type.startsWith('aws:iam/rolePolicy') ? undefined : found;
}

/** The id the cloud gives to a new resource. */
export function idOf(birth: Birth, properties: JsonObject): string {
  return birth.type.startsWith('azure-native:') ? azureId(birth, properties) : awsId(birth, properties);
}

function awsId(birth: Birth, properties: JsonObject): string {
  const name = shortType(birth.type);
  const naming = namingInput(birth.type);
  const given = naming === undefined ? undefined : properties[naming];
  if (typeof given === 'string') return given;
  const prefix = birth.type.startsWith('aws:ec2/') || birth.type.startsWith('aws:ebs/') || birth.type.startsWith('aws:vpc/') ? PREFIX[name] : undefined;
  if (prefix !== undefined) return `${prefix}-0${hex(birth, 'id', 16)}`;
  if (birth.type === 'aws:route53/zone:Zone') return `Z${hex(birth, 'id', 14).toUpperCase()}`;
  if (birth.type === 'aws:route53/record:Record') return recordId(properties);
  if (birth.type === 'aws:kms/key:Key') return uuid(birth, 'id');
  if (typeof properties['arn'] === 'string') return properties['arn'];
  return `${name.toLowerCase()}-${hex(birth, 'id', 12)}`;
}

function recordId(properties: JsonObject): string {
  return ['zoneId', 'name', 'type', 'setIdentifier']
    .map((key) => properties[key])
    .filter((part): part is string => typeof part === 'string')
    .join('_');
}

function azureId(birth: Birth, properties: JsonObject): string {
  const [, module = '', name = ''] = birth.type.split(':');
  const group = text(birth.inputs['resourceGroupName']);
  const own = text(properties['name']) ?? ownName(birth);
  const root = `/subscriptions/${SUBSCRIPTION}`;
  if (name === 'ResourceGroup') return `${root}/resourceGroups/${own}`;
  const service = `Microsoft.${capital(module.split('/')[0] ?? '')}`;
  const parents = parentNames(birth.inputs, own)
    .map((parent) => `${parent.kind}/${parent.name}/`)
    .join('');
  return `${root}/resourceGroups/${group ?? 'default'}/providers/${service}/${parents}${lower(name)}s/${own}`;
}

/** `accountName`, `virtualNetworkName`, …: the resources an Azure resource lives in, in the order of the program. */
function parentNames(inputs: JsonObject, own: string): readonly { readonly kind: string; readonly name: string }[] {
  return Object.entries(inputs).flatMap(([key, value]) =>
    /\w+Name$/.test(key) && key !== 'resourceGroupName' && typeof value === 'string' && value !== own ? [{ kind: `${key.slice(0, -4)}s`, name: value }] : [],
  );
}

/** The name the cloud knows the resource by: the one that was given, or one with a suffix of its own. */
export function ownName(birth: Birth): string {
  // Azure calls the name `accountName`, `vaultName`, …; whichever was given is the name.
  const given = Object.entries(birth.inputs).find(([key, value]) => isOwnName(key, birth.type) && typeof value === 'string')?.[1];
  if (typeof given === 'string') return given;
  const name = `${birth.name}-${hex(birth, 'name', 7)}`;
  return birth.type.endsWith(':StorageAccount') ? name.replaceAll('-', '') : name; // letters and digits only
}

function isOwnName(key: string, type: string): boolean {
  if (!type.startsWith('azure-native:')) return false;
  const kind = shortType(type).toLowerCase();
  return key === 'name' || (key.endsWith('Name') && kind.endsWith(key.slice(0, -4).toLowerCase()));
}

/** `Bucket` of `aws:s3/bucket:Bucket`. */
export function shortType(type: string): string {
  return type.split(':').at(-1) ?? type;
}

function text(value: Json | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
function capital(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}
function lower(word: string): string {
  return word.slice(0, 1).toLowerCase() + word.slice(1);
}
