import type { JsonObject } from '../../../core/index.ts';
import { at, cidrs, flag, isGiven, list, number, switchOf, text, texts } from './read.ts';
import { type IngressRule, plain, type Spec, yes } from './spec.ts';

const MODERN_TLS = ['TLS1_2', 'TLS1_3', '1.2', '1.3'];
const word =
  (...path: readonly (string | number)[]) =>
  (inputs: JsonObject) =>
    text(inputs, ...path);
const amount =
  (...path: readonly (string | number)[]) =>
  (inputs: JsonObject) =>
    number(inputs, ...path);

/** Open unless it says otherwise, as Azure does. */
function isOpen(...path: readonly string[]) {
  return (inputs: JsonObject) => {
    const value = at(inputs, ...path);
    return value === undefined ? true : value !== 'Disabled' && value !== false;
  };
}

const flexibleServer: Spec = {
  ...plain,
  data: true,
  encrypted: yes,
  kmsKey: (inputs) => text(inputs, 'dataEncryption', 'type') === 'AzureKeyVault',
  publicAccess: isOpen('network', 'publicNetworkAccess'),
  backupDays: (inputs) => number(inputs, 'backup', 'backupRetentionDays') ?? 7,
  size: word('sku', 'name'),
};

/** Types of the Azure provider; versions in the module (`storage/v20240101`) are taken off before the lookup. */
export const AZURE: Readonly<Record<string, Spec>> = {
  'azure-native:resources:ResourceGroup': plain,
  'azure-native:storage:StorageAccount': {
    ...plain,
    data: true,
    encrypted: yes,
    kmsKey: (inputs) => text(inputs, 'encryption', 'keySource') === 'Microsoft.Keyvault',
    tlsOnly: (inputs) => flag(inputs, 'enableHttpsTrafficOnly', true) === true && MODERN_TLS.includes(text(inputs, 'minimumTlsVersion') ?? ''),
    publicAccess: (inputs) => isOpen('publicNetworkAccess')(inputs) && text(inputs, 'networkRuleSet', 'defaultAction') !== 'Deny',
  },
  'azure-native:storage:BlobContainer': {
    data: true,
    encrypted: yes,
    acl: (inputs) => ({ None: 'private', Blob: 'blob', Container: 'container' })[text(inputs, 'publicAccess') ?? 'None'],
    publicAccess: (inputs) => ['Blob', 'Container'].includes(text(inputs, 'publicAccess') ?? 'None'),
  },
  'azure-native:network:VirtualNetwork': plain,
  'azure-native:network:Subnet': {},
  'azure-native:network:NetworkSecurityGroup': { ...plain, ingress: groupIngress },
  'azure-native:network:SecurityRule': { ingress: ruleOf },
  'azure-native:network:PublicIPAddress': plain,
  'azure-native:network:LoadBalancer': plain,
  'azure-native:network:ApplicationGateway': plain,
  'azure-native:app:ManagedEnvironment': plain,
  'azure-native:app:ContainerApp': {
    ...plain,
    tlsOnly: (inputs) => negated(switchOf(at(inputs, 'configuration', 'ingress', 'allowInsecure'), false)),
    count: amount('template', 'scale', 'minReplicas'),
  },
  'azure-native:web:AppServicePlan': { ...plain, size: word('sku', 'name'), count: amount('sku', 'capacity') },
  'azure-native:web:WebApp': { ...plain, tlsOnly: (inputs) => flag(inputs, 'httpsOnly', false) },
  'azure-native:compute:VirtualMachine': { ...plain, encrypted: yes, size: word('hardwareProfile', 'vmSize') },
  'azure-native:compute:VirtualMachineScaleSet': { ...plain, encrypted: yes, size: word('sku', 'name'), count: amount('sku', 'capacity') },
  'azure-native:compute:Disk': {
    ...plain,
    data: true,
    encrypted: yes,
    kmsKey: (inputs) => at(inputs, 'encryption', 'diskEncryptionSetId') !== undefined,
    publicAccess: isOpen('publicNetworkAccess'),
  },
  'azure-native:dbforpostgresql:Server': flexibleServer,
  'azure-native:dbformysql:Server': flexibleServer,
  'azure-native:sql:Server': {
    ...plain,
    publicAccess: isOpen('publicNetworkAccess'),
    tlsOnly: (inputs) => MODERN_TLS.includes(text(inputs, 'minimalTlsVersion') ?? '1.2'),
  },
  'azure-native:sql:Database': { ...plain, data: true, encrypted: yes, size: word('sku', 'name') },
  'azure-native:cosmosdb:DatabaseAccount': { ...plain, data: true, encrypted: yes, publicAccess: isOpen('publicNetworkAccess') },
  'azure-native:keyvault:Vault': {
    ...plain,
    data: true,
    deleteProtected: (inputs) => switchOf(at(inputs, 'properties', 'enablePurgeProtection'), false),
    publicAccess: isOpen('properties', 'publicNetworkAccess'),
  },
  'azure-native:redis:Redis': {
    ...plain,
    tlsOnly: (inputs) => negated(flag(inputs, 'enableNonSslPort', false)),
    publicAccess: isOpen('publicNetworkAccess'),
    size: word('sku', 'name'),
  },
  'azure-native:containerservice:ManagedCluster': {
    ...plain,
    publicAccess: (inputs) => negated(switchOf(at(inputs, 'apiServerAccessProfile', 'enablePrivateCluster'), false)),
    size: word('agentPoolProfiles', 0, 'vmSize'),
    count: amount('agentPoolProfiles', 0, 'count'),
  },
};

function groupIngress(inputs: JsonObject): readonly IngressRule[] | undefined {
  const rules = at(inputs, 'securityRules');
  return isGiven(inputs, 'securityRules') && rules === undefined ? undefined : list(rules).flatMap(ruleOf);
}

/** What cannot be told about a rule is what lets most in. */
function ruleOf(rule: JsonObject): readonly IngressRule[] {
  if ((text(rule, 'direction') ?? 'Inbound') !== 'Inbound' || (text(rule, 'access') ?? 'Allow') !== 'Allow') return [];
  const protocol = text(rule, 'protocol') ?? '*';
  const sources = [...cidrs(rule['sourceAddressPrefixes']), ...cidrs(rule['sourceAddressPrefix'])];
  const ranges = [...texts(rule['destinationPortRanges']), text(rule, 'destinationPortRange') ?? '*'];
  const used = texts(rule['destinationPortRanges']).length > 0 && at(rule, 'destinationPortRange') === undefined ? ranges.slice(0, -1) : ranges;
  return sources.flatMap((source) =>
    used.map((range) => ({ cidr: cidrOf(source), ...portsOf(range), protocol: protocol === '*' ? 'all' : protocol.toLowerCase() })),
  );
}

function cidrOf(source: string): string {
  return ['*', 'Internet', 'Any'].includes(source) ? '0.0.0.0/0' : source;
}

function portsOf(range: string): { readonly fromPort: number; readonly toPort: number } {
  if (range === '*') return { fromPort: 0, toPort: 65_535 };
  const [from = 0, to = from] = range.split('-').map(Number);
  return { fromPort: from, toPort: to };
}

function negated(value: boolean | undefined): boolean | undefined {
  return value === undefined ? undefined : !value;
}
