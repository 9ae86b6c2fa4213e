import { readConfig, tagsFor } from '../shared/index.ts';
import { createCompute } from './compute.ts';
import { createNetwork } from './network.ts';
import { Settings } from './settings.ts';
import { createBucket, createKey } from './storage.ts';

/** Private analytics platform on AWS: network, encrypted storage, nodes. */
export async function program() {
  const settings = readConfig(Settings);
  const tags = tagsFor(settings);
  const key = createKey(tags);
  const network = createNetwork(settings, tags, key.arn);
  const data = createBucket('data', key, { tags, retentionDays: settings.retentionDays });
  const nodes = createCompute(settings, network, { bucket: data, key, tags });
  return {
    vpcId: network.vpc.id,
    subnetIds: network.subnets.map((subnet) => subnet.id),
    securityGroupId: network.closed.id,
    bucketName: data.bucket,
    keyArn: key.arn,
    groupName: nodes.name,
  };
}
