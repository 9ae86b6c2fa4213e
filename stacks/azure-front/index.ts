import { ContainerApp } from '@pulumi/azure-native/app/containerApp.js';
import { ManagedEnvironment } from '@pulumi/azure-native/app/managedEnvironment.js';
import { ResourceGroup } from '@pulumi/azure-native/resources/resourceGroup.js';
import { interpolate } from '@pulumi/pulumi';
import { readConfig, tagsFor } from '../shared/index.ts';
import { createNetwork } from './network.ts';
import { Settings } from './settings.ts';
import { createStorage } from './storage.ts';

/** Public front on Azure: a container app behind HTTPS in its own network, and closed storage. */
export async function program() {
  const settings = readConfig(Settings);
  const tags = tagsFor(settings);
  const group = new ResourceGroup('front', { tags });
  const subnet = createNetwork(group.name, settings.networkCidr, tags);
  const storage = createStorage(group.name, tags);
  const environment = new ManagedEnvironment('front', {
    resourceGroupName: group.name,
    vnetConfiguration: { infrastructureSubnetId: subnet.id, internal: false },
    zoneRedundant: true,
    tags,
  });
  const app = new ContainerApp('front', {
    resourceGroupName: group.name,
    managedEnvironmentId: environment.id,
    identity: { type: 'SystemAssigned' },
    configuration: { activeRevisionsMode: 'Single', ingress: { external: true, targetPort: settings.port, allowInsecure: false, transport: 'auto' } },
    template: {
      containers: [{ name: 'front', image: settings.image, resources: { cpu: 0.5, memory: '1Gi' } }],
      scale: { minReplicas: settings.minReplicas, maxReplicas: Math.max(settings.minReplicas, settings.maxReplicas) },
    },
    tags,
  });
  return {
    resourceGroup: group.name,
    storageAccount: storage.name,
    url: interpolate`https://${app.name}.${environment.defaultDomain}`,
  };
}
