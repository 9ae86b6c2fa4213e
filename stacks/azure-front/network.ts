import { NetworkSecurityGroup } from '@pulumi/azure-native/network/networkSecurityGroup.js';
import { Subnet } from '@pulumi/azure-native/network/subnet.js';
import { VirtualNetwork } from '@pulumi/azure-native/network/virtualNetwork.js';
import type { Output } from '@pulumi/pulumi';

type Tags = { readonly [name: string]: string };

/** A virtual network whose subnet takes HTTPS from the internet and nothing else. */
export function createNetwork(resourceGroupName: Output<string>, cidr: string, tags: Tags): Subnet {
  const guard = new NetworkSecurityGroup('front', {
    resourceGroupName,
    securityRules: [
      {
        name: 'https',
        priority: 100,
        direction: 'Inbound',
        access: 'Allow',
        protocol: 'Tcp',
        sourceAddressPrefix: 'Internet',
        sourcePortRange: '*',
        destinationAddressPrefix: '*',
        destinationPortRange: '443',
      },
      {
        name: 'nothing-else',
        priority: 4096,
        direction: 'Inbound',
        access: 'Deny',
        protocol: '*',
        sourceAddressPrefix: 'Internet',
        sourcePortRange: '*',
        destinationAddressPrefix: '*',
        destinationPortRange: '*',
      },
    ],
    tags,
  });
  const network = new VirtualNetwork('front', { resourceGroupName, addressSpace: { addressPrefixes: [cidr] }, tags });
  return new Subnet('apps', {
    resourceGroupName,
    virtualNetworkName: network.name,
    // Container Apps want a /27 or larger for themselves.
    addressPrefix: cidr.replace(/\/\d+$/, '/24'),
    networkSecurityGroup: { id: guard.id },
    delegations: [{ name: 'apps', serviceName: 'Microsoft.App/environments' }],
  });
}
