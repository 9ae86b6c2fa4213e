import type { JsonObject } from '../../../core/index.ts';
import { at, cidrs, flag, isGiven, isHidden, list, number, switchOf, text } from './read.ts';
import { global, type IngressRule, part, plain, type Spec, yes } from './spec.ts';

const given = (key: string) => (inputs: JsonObject) => isGiven(inputs, key);
const on =
  (key: string, fallback = false) =>
  (inputs: JsonObject) =>
    flag(inputs, key, fallback);
const word =
  (...path: readonly (string | number)[]) =>
  (inputs: JsonObject) =>
    text(inputs, ...path);
const amount =
  (...path: readonly (string | number)[]) =>
  (inputs: JsonObject) =>
    number(inputs, ...path);

const bucket: Spec = {
  ...plain,
  data: true,
  encrypted: yes, // every new bucket is, since January 2023
  acl: word('acl'),
};
const database: Spec = {
  ...plain,
  data: true,
  encrypted: on('storageEncrypted'),
  kmsKey: given('kmsKeyId'),
  deleteProtected: on('deletionProtection'),
  size: word('instanceClass'),
};
const machine: Spec = {
  ...plain,
  publicAccess: (inputs) => (isGiven(inputs, 'associatePublicIpAddress') ? flag(inputs, 'associatePublicIpAddress', false) : undefined),
  encrypted: (inputs) => disksEncrypted([at(inputs, 'rootBlockDevice'), ...list(at(inputs, 'ebsBlockDevices'))]),
  size: word('instanceType'),
};

/** Types of the AWS provider; anything else has no facts. */
export const AWS: Readonly<Record<string, Spec>> = {
  'aws:s3/bucket:Bucket': bucket,
  'aws:s3/bucketV2:BucketV2': bucket,
  'aws:s3/bucketAcl:BucketAcl': { ...part, acl: word('acl') },
  'aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock': { ...part, publicAccess: publicUnlessBlocked },
  'aws:s3/bucketPolicy:BucketPolicy': part,
  'aws:s3/bucketVersioning:BucketVersioning': part,
  'aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration': part,
  'aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration': part,
  'aws:kms/key:Key': { ...plain, data: true },
  'aws:kms/alias:Alias': part,
  'aws:ec2/vpc:Vpc': plain,
  'aws:ec2/subnet:Subnet': plain,
  'aws:ec2/securityGroup:SecurityGroup': { ...plain, ingress: (inputs) => groupIngress(inputs) },
  'aws:ec2/securityGroupRule:SecurityGroupRule': { ...part, ingress: (inputs) => (inputs['type'] === 'ingress' ? ruleOf(inputs) : []) },
  'aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule': { ...plain, ingress: (inputs) => singleRule(inputs) },
  'aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule': plain,
  'aws:ec2/internetGateway:InternetGateway': plain,
  'aws:ec2/natGateway:NatGateway': plain,
  'aws:ec2/eip:Eip': plain,
  'aws:ec2/routeTable:RouteTable': plain,
  'aws:ec2/routeTableAssociation:RouteTableAssociation': part,
  'aws:ec2/vpcEndpoint:VpcEndpoint': plain,
  'aws:ec2/flowLog:FlowLog': plain,
  'aws:ec2/instance:Instance': machine,
  'aws:ec2/launchTemplate:LaunchTemplate': {
    ...plain,
    size: word('instanceType'),
    encrypted: (inputs) => disksEncrypted(list(at(inputs, 'blockDeviceMappings')).map((mapping) => mapping['ebs'])),
    publicAccess: (inputs) => switchOf(list(at(inputs, 'networkInterfaces'))[0]?.['associatePublicIpAddress'], false),
  },
  'aws:ebs/volume:Volume': { ...plain, data: true, encrypted: on('encrypted'), kmsKey: given('kmsKeyId') },
  'aws:autoscaling/group:Group': { region: true, tags: listedTags, count: amount('desiredCapacity') },
  'aws:rds/instance:Instance': {
    ...database,
    publicAccess: on('publiclyAccessible'),
    backupDays: (inputs) => number(inputs, 'backupRetentionPeriod') ?? unlessHidden(inputs, 'backupRetentionPeriod', 0),
  },
  'aws:rds/cluster:Cluster': {
    ...database,
    backupDays: (inputs) => number(inputs, 'backupRetentionPeriod') ?? unlessHidden(inputs, 'backupRetentionPeriod', 1),
  },
  'aws:dynamodb/table:Table': {
    ...plain,
    data: true,
    encrypted: yes,
    kmsKey: (inputs) => at(inputs, 'serverSideEncryption', 'kmsKeyArn') !== undefined,
    deleteProtected: on('deletionProtectionEnabled'),
  },
  'aws:efs/fileSystem:FileSystem': { ...plain, data: true, encrypted: on('encrypted'), kmsKey: given('kmsKeyId') },
  'aws:redshift/cluster:Cluster': {
    ...plain,
    data: true,
    encrypted: on('encrypted'),
    kmsKey: given('kmsKeyId'),
    publicAccess: on('publiclyAccessible'),
    size: word('nodeType'),
    count: amount('numberOfNodes'),
  },
  'aws:opensearch/domain:Domain': {
    ...plain,
    data: true,
    encrypted: (inputs) => switchOf(at(inputs, 'encryptAtRest', 'enabled'), false),
    tlsOnly: (inputs) => switchOf(at(inputs, 'domainEndpointOptions', 'enforceHttps'), false),
    size: word('clusterConfig', 'instanceType'),
    count: amount('clusterConfig', 'instanceCount'),
  },
  'aws:elasticache/replicationGroup:ReplicationGroup': {
    ...plain,
    encrypted: on('atRestEncryptionEnabled'),
    kmsKey: given('kmsKeyId'),
    tlsOnly: on('transitEncryptionEnabled'),
    size: word('nodeType'),
    count: amount('numCacheClusters'),
  },
  'aws:sqs/queue:Queue': {
    ...plain,
    data: true,
    encrypted: (inputs) => isGiven(inputs, 'kmsMasterKeyId') || flag(inputs, 'sqsManagedSseEnabled', true),
    kmsKey: given('kmsMasterKeyId'),
  },
  'aws:sns/topic:Topic': { ...plain, encrypted: given('kmsMasterKeyId'), kmsKey: given('kmsMasterKeyId') },
  'aws:secretsmanager/secret:Secret': { ...plain, data: true, encrypted: yes, kmsKey: given('kmsKeyId') },
  'aws:cloudwatch/logGroup:LogGroup': { ...plain, encrypted: yes, kmsKey: given('kmsKeyId') },
  'aws:lb/loadBalancer:LoadBalancer': plain,
  'aws:lb/targetGroup:TargetGroup': plain,
  'aws:lb/listener:Listener': {
    ...plain,
    tlsOnly: (inputs) => (text(inputs, 'protocol') === undefined ? undefined : ['HTTPS', 'TLS'].includes(text(inputs, 'protocol') ?? '')),
  },
  'aws:ecs/cluster:Cluster': plain,
  'aws:ecs/service:Service': { ...plain, count: amount('desiredCount') },
  'aws:ecs/taskDefinition:TaskDefinition': plain,
  'aws:eks/cluster:Cluster': { ...plain, publicAccess: (inputs) => switchOf(at(inputs, 'vpcConfig', 'endpointPublicAccess'), true) },
  'aws:eks/nodeGroup:NodeGroup': { ...plain, size: word('instanceTypes', 0), count: amount('scalingConfig', 'desiredSize') },
  'aws:lambda/function:Function': plain,
  'aws:iam/role:Role': global,
  'aws:iam/rolePolicy:RolePolicy': {},
  'aws:iam/rolePolicyAttachment:RolePolicyAttachment': {},
  'aws:iam/instanceProfile:InstanceProfile': global,
  'aws:route53/zone:Zone': global,
  'aws:route53/record:Record': {},
  'aws:route53/healthCheck:HealthCheck': global,
  'aws:acm/certificate:Certificate': plain,
  'aws:cloudfront/distribution:Distribution': global,
};

function publicUnlessBlocked(inputs: JsonObject): boolean | undefined {
  const blocks = ['blockPublicAcls', 'blockPublicPolicy', 'ignorePublicAcls', 'restrictPublicBuckets'].map((key) => flag(inputs, key, false));
  return blocks.includes(undefined) ? undefined : !blocks.every((block) => block === true);
}

function disksEncrypted(disks: readonly unknown[]): boolean | undefined {
  const told = disks.filter((disk): disk is JsonObject => typeof disk === 'object' && disk !== null).map((disk) => switchOf(disk['encrypted'], false));
  // No disk in the program: the image and the account's default decide.
  if (told.length === 0 || told.includes(undefined)) return undefined;
  return told.every((encrypted) => encrypted === true);
}

function unlessHidden(inputs: JsonObject, key: string, fallback: number): number | undefined {
  return isHidden(inputs[key]) ? undefined : fallback;
}

function listedTags(inputs: JsonObject) {
  return Object.fromEntries(list(at(inputs, 'tags')).map((tag) => [String(text(tag, 'key')), tag['value'] ?? '']));
}

function groupIngress(inputs: JsonObject): readonly IngressRule[] | undefined {
  return inputs['ingress'] !== undefined && at(inputs, 'ingress') === undefined ? undefined : list(at(inputs, 'ingress')).flatMap(ruleOf);
}

/** Ports and protocols that cannot be told are all of them. */
function ruleOf(rule: JsonObject): readonly IngressRule[] {
  const all = ['-1', 'all'].includes(text(rule, 'protocol') ?? 'all');
  const ports = { fromPort: all ? 0 : (number(rule, 'fromPort') ?? 0), toPort: all ? 65_535 : (number(rule, 'toPort') ?? 65_535) };
  const protocol = all ? 'all' : (text(rule, 'protocol') ?? 'all').toLowerCase();
  return [...cidrs(rule['cidrBlocks']), ...cidrs(rule['ipv6CidrBlocks'])].map((cidr) => ({ cidr, ...ports, protocol }));
}

function singleRule({ ipProtocol, fromPort = 0, toPort = 65_535, cidrIpv4, cidrIpv6 }: JsonObject): readonly IngressRule[] {
  return ruleOf({ protocol: ipProtocol ?? 'all', fromPort, toPort, cidrBlocks: [...cidrs(cidrIpv4), ...cidrs(cidrIpv6)] });
}
