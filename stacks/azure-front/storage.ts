import { StorageAccount } from '@pulumi/azure-native/storage/storageAccount.js';
import type { Output } from '@pulumi/pulumi';

/** Storage nobody reads without an identity: TLS 1.2, no public blobs, no shared keys, closed to the internet. */
export function createStorage(resourceGroupName: Output<string>, tags: { readonly [name: string]: string }): StorageAccount {
  return new StorageAccount('front', {
    resourceGroupName,
    kind: 'StorageV2',
    sku: { name: 'Standard_ZRS' },
    enableHttpsTrafficOnly: true,
    minimumTlsVersion: 'TLS1_2',
    allowBlobPublicAccess: false,
    allowSharedKeyAccess: false,
    publicNetworkAccess: 'Disabled',
    networkRuleSet: { defaultAction: 'Deny', bypass: 'AzureServices' },
    encryption: { keySource: 'Microsoft.Storage', requireInfrastructureEncryption: true, services: { blob: { enabled: true }, file: { enabled: true } } },
    tags,
  });
}
