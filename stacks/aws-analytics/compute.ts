import { Group } from '@pulumi/aws/autoscaling/group.js';
import { getAmiOutput } from '@pulumi/aws/ec2/getAmi.js';
import { LaunchTemplate } from '@pulumi/aws/ec2/launchTemplate.js';
import { InstanceProfile } from '@pulumi/aws/iam/instanceProfile.js';
import { Role } from '@pulumi/aws/iam/role.js';
import { RolePolicy } from '@pulumi/aws/iam/rolePolicy.js';
import type { Key } from '@pulumi/aws/kms/key.js';
import type { Bucket } from '@pulumi/aws/s3/bucket.js';
import { all } from '@pulumi/pulumi';
import type { Network } from './network.ts';
import type { Settings } from './settings.ts';

type Tags = { readonly [name: string]: string };

/** Nodes that read and write one bucket: IMDSv2 only, encrypted disks, no public address, one role with one purpose. */
export function createCompute(
  settings: Settings,
  network: Network,
  { bucket, key, tags }: { readonly bucket: Bucket; readonly key: Key; readonly tags: Tags },
): Group {
  const template = new LaunchTemplate('nodes', {
    imageId: imageFor(settings.instanceType),
    instanceType: settings.instanceType,
    iamInstanceProfile: { arn: profileFor(bucket, key, tags).arn },
    metadataOptions: { httpEndpoint: 'enabled', httpTokens: 'required', httpPutResponseHopLimit: 1 },
    blockDeviceMappings: [
      {
        deviceName: '/dev/xvda',
        ebs: { encrypted: 'true', kmsKeyId: key.arn, volumeSize: settings.volumeGiB, volumeType: 'gp3', deleteOnTermination: 'true' },
      },
    ],
    networkInterfaces: [{ associatePublicIpAddress: 'false', securityGroups: [network.closed.id] }],
    monitoring: { enabled: true },
    tagSpecifications: ['instance', 'volume'].map((resourceType) => ({ resourceType, tags })),
    updateDefaultVersion: true,
    tags,
  });
  return new Group('nodes', {
    minSize: 1,
    desiredCapacity: settings.instances,
    maxSize: settings.instances * 2,
    vpcZoneIdentifiers: network.subnets.map((subnet) => subnet.id),
    launchTemplate: { id: template.id, version: template.latestVersion.apply(String) },
    healthCheckType: 'EC2',
    instanceRefresh: { strategy: 'Rolling', preferences: { minHealthyPercentage: 50 } },
    tags: Object.entries(tags).map(([name, value]) => ({ key: name, value, propagateAtLaunch: true })),
  });
}

function imageFor(instanceType: string) {
  // Families with a `g` after the generation are Arm: m7g, c7gn, r8gd.
  const architecture = /^[a-z]+\d+g/.test(instanceType) ? 'arm64' : 'x86_64';
  return getAmiOutput({ owners: ['amazon'], mostRecent: true, filters: [{ name: 'name', values: [`al2023-ami-2023.*-${architecture}`] }] }).id;
}

function profileFor(bucket: Bucket, key: Key, tags: Tags): InstanceProfile {
  const assumeRolePolicy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'ec2.amazonaws.com' } }],
  });
  const role = new Role('nodes', { assumeRolePolicy, tags });
  const policy = all([bucket.arn, key.arn]).apply(([bucketArn, keyArn]) =>
    JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Action: ['s3:GetObject', 's3:PutObject', 's3:ListBucket'], Resource: [bucketArn, `${bucketArn}/*`] },
        { Effect: 'Allow', Action: ['kms:Decrypt', 'kms:GenerateDataKey'], Resource: keyArn },
      ],
    }),
  );
  new RolePolicy('nodes', { role: role.id, policy });
  return new InstanceProfile('nodes', { role: role.name, tags });
}
