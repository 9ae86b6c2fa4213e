import type { Output } from '@pulumi/pulumi';
import { LogGroup } from '@pulumi/aws/cloudwatch/logGroup.js';
import { FlowLog } from '@pulumi/aws/ec2/flowLog.js';
import { SecurityGroup } from '@pulumi/aws/ec2/securityGroup.js';
import { Subnet } from '@pulumi/aws/ec2/subnet.js';
import { Vpc } from '@pulumi/aws/ec2/vpc.js';
import { VpcEndpoint } from '@pulumi/aws/ec2/vpcEndpoint.js';
import { getAvailabilityZonesOutput } from '@pulumi/aws/getAvailabilityZones.js';
import { getRegionOutput } from '@pulumi/aws/getRegion.js';
import { Role } from '@pulumi/aws/iam/role.js';
import { RolePolicy } from '@pulumi/aws/iam/rolePolicy.js';
import type { Settings } from './settings.ts';

type Tags = { readonly [name: string]: string };
/** A network without a way in or out to the internet. */
export interface Network {
  readonly vpc: Vpc;
  readonly subnets: readonly Subnet[];
  readonly closed: SecurityGroup;
}

/** A VPC with one private subnet per zone, flow logs, and a security group that lets nothing in. */
export function createNetwork(settings: Settings, tags: Tags, logKeyArn: Output<string>): Network {
  const vpc = new Vpc('analytics', { cidrBlock: settings.vpcCidr, enableDnsHostnames: true, enableDnsSupport: true, tags });
  const zones = getAvailabilityZonesOutput({ state: 'available' });
  const subnets = Array.from({ length: settings.zones }, (_, index) => {
    const availabilityZone = zones.names.apply((names) => names[index] ?? names[0] ?? '');
    return new Subnet(`private-${index + 1}`, {
      vpcId: vpc.id,
      cidrBlock: subnetCidr(settings.vpcCidr, index),
      availabilityZone,
      mapPublicIpOnLaunch: false,
      tags,
    });
  });
  const closed = new SecurityGroup('analytics', {
    vpcId: vpc.id,
    description: 'analytics nodes: nothing comes in, HTTPS to endpoints in the network goes out',
    ingress: [],
    egress: [{ protocol: 'tcp', fromPort: 443, toPort: 443, cidrBlocks: [settings.vpcCidr], description: 'HTTPS inside the network' }],
    tags,
  });
  logTraffic(vpc, tags, { logKeyArn, days: settings.retentionDays });
  new VpcEndpoint('s3', {
    vpcId: vpc.id,
    vpcEndpointType: 'Gateway',
    serviceName: getRegionOutput().region.apply((region) => `com.amazonaws.${region}.s3`),
    tags,
  });
  return { vpc, subnets, closed };
}

/** The `index`th of eight equal parts of a range. */
export function subnetCidr(cidr: string, index: number): string {
  const [address = '', prefix = '16'] = cidr.split('/');
  const base = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  const start = base + index * 2 ** (32 - Number(prefix) - 3);
  return `${[24, 16, 8, 0].map((shift) => Math.floor(start / 2 ** shift) % 256).join('.')}/${Number(prefix) + 3}`;
}

function logTraffic(vpc: Vpc, tags: Tags, { logKeyArn, days }: { readonly logKeyArn: Output<string>; readonly days: number }): void {
  const group = new LogGroup('flow-logs', { kmsKeyId: logKeyArn, retentionInDays: nearestRetention(days), tags });
  const assumeRolePolicy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'vpc-flow-logs.amazonaws.com' } }],
  });
  const role = new Role('flow-logs', { assumeRolePolicy, tags });
  const policy = group.arn.apply((arn) =>
    JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: ['logs:CreateLogStream', 'logs:PutLogEvents', 'logs:DescribeLogStreams'], Resource: `${arn}:*` }],
    }),
  );
  new RolePolicy('flow-logs', { role: role.id, policy });
  new FlowLog('flow-logs', { vpcId: vpc.id, trafficType: 'ALL', logDestination: group.arn, iamRoleArn: role.arn, tags });
}

/** CloudWatch takes only these; the next longer one keeps the promise. */
function nearestRetention(days: number): number {
  return [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653].find((allowed) => allowed >= days) ?? 3653;
}
