import { canonicalJson, type Json, type JsonObject } from '../../core/index.ts';
import { namingInput } from './identity.ts';
import { isUnknown, plain } from './wrapped.ts';

/** Properties that no cloud can change in place, whatever the type. */
const REPLACES_ALWAYS = new Set([
  'availabilityZone',
  'vpcId',
  'location',
  'resourceGroupName',
  'accountName',
  'vaultName',
  'virtualNetworkName',
  'environmentName',
]);
/** And those of some types only. */
const REPLACES: Readonly<Record<string, readonly string[]>> = {
  'aws:ec2/vpc:Vpc': ['cidrBlock', 'instanceTenancy'],
  'aws:ec2/subnet:Subnet': ['cidrBlock'],
  'aws:ec2/securityGroup:SecurityGroup': ['name', 'description'],
  'aws:ec2/instance:Instance': ['ami', 'subnetId'],
  'aws:ebs/volume:Volume': ['encrypted', 'kmsKeyId'],
  'aws:route53/record:Record': ['zoneId', 'setIdentifier'],
  'azure-native:network:Subnet': ['subnetName'],
};

/** What a change of inputs means for a resource. */
export interface Difference {
  readonly changed: readonly string[];
  readonly replaces: readonly string[];
}

/**
 * Compare what is wanted with what Pulumi knows is there.
 *
 * @param olds the recorded properties. @param news the wanted inputs. @param before the inputs of the last change, to find those that were dropped.
 */
export function difference(type: string, olds: JsonObject, { news, before }: { readonly news: JsonObject; readonly before: JsonObject }): Difference {
  const dropped = Object.keys(before).filter((key) => !(key in news) && !key.startsWith('__'));
  const differing = Object.entries(news).flatMap(([key, value]) => (isSame(value, olds[key]) ? [] : [key]));
  const changed = [...new Set([...differing, ...dropped])].sort();
  return { changed, replaces: changed.filter((key) => mustReplace(type, key)) };
}

function isSame(wanted: Json, there: Json | undefined): boolean {
  if (there === undefined || isUnknown(wanted)) return false;
  return canonicalJson(plain(wanted)) === canonicalJson(plain(there));
}

function mustReplace(type: string, property: string): boolean {
  if (property === namingInput(type) || REPLACES[type]?.includes(property)) return true;
  return REPLACES_ALWAYS.has(property);
}
