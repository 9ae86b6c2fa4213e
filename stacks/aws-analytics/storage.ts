import { Key } from '@pulumi/aws/kms/key.js';
import { getCallerIdentityOutput } from '@pulumi/aws/getCallerIdentity.js';
import { getRegionOutput } from '@pulumi/aws/getRegion.js';
import { Bucket } from '@pulumi/aws/s3/bucket.js';
import { BucketLifecycleConfiguration } from '@pulumi/aws/s3/bucketLifecycleConfiguration.js';
import { BucketPolicy } from '@pulumi/aws/s3/bucketPolicy.js';
import { BucketPublicAccessBlock } from '@pulumi/aws/s3/bucketPublicAccessBlock.js';
import { BucketServerSideEncryptionConfiguration } from '@pulumi/aws/s3/bucketServerSideEncryptionConfiguration.js';
import { BucketVersioning } from '@pulumi/aws/s3/bucketVersioning.js';
import { all } from '@pulumi/pulumi';

type Tags = { readonly [name: string]: string };

/** The stack's own key: rotated every year, usable by this account and its logs only. */
export function createKey(tags: Tags): Key {
  const policy = all([getCallerIdentityOutput().accountId, getRegionOutput().region]).apply(([account, region]) =>
    JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        { Sid: 'account', Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${account}:root` }, Action: 'kms:*', Resource: '*' },
        {
          Sid: 'logs',
          Effect: 'Allow',
          Principal: { Service: `logs.${region}.amazonaws.com` },
          Action: ['kms:Encrypt*', 'kms:Decrypt*', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:Describe*'],
          Resource: '*',
          Condition: { ArnLike: { 'kms:EncryptionContext:aws:logs:arn': `arn:aws:logs:${region}:${account}:*` } },
        },
      ],
    }),
  );
  return new Key('analytics', { description: 'analytics data at rest', enableKeyRotation: true, deletionWindowInDays: 30, policy, tags });
}

/** A bucket nobody outside can read: encrypted, versioned, closed to the public, TLS only; old versions expire. */
export function createBucket(name: string, key: Key, { tags, retentionDays }: { readonly tags: Tags; readonly retentionDays: number }): Bucket {
  const bucket = new Bucket(name, { tags });
  const blocked = new BucketPublicAccessBlock(name, {
    bucket: bucket.id,
    blockPublicAcls: true,
    blockPublicPolicy: true,
    ignorePublicAcls: true,
    restrictPublicBuckets: true,
  });
  const encryption = { applyServerSideEncryptionByDefault: { sseAlgorithm: 'aws:kms', kmsMasterKeyId: key.arn }, bucketKeyEnabled: true };
  new BucketServerSideEncryptionConfiguration(name, { bucket: bucket.id, rules: [encryption] });
  new BucketVersioning(name, { bucket: bucket.id, versioningConfiguration: { status: 'Enabled' } });
  new BucketLifecycleConfiguration(name, {
    bucket: bucket.id,
    rules: [
      {
        id: 'expire-old-versions',
        status: 'Enabled',
        filter: {},
        noncurrentVersionExpiration: { noncurrentDays: retentionDays },
        abortIncompleteMultipartUpload: { daysAfterInitiation: 7 },
      },
    ],
  });
  const policy = bucket.arn.apply(tlsOnly);
  new BucketPolicy(name, { bucket: bucket.id, policy }, { dependsOn: [blocked] });
  return bucket;
}

/** Text of a policy that refuses every request without TLS. */
function tlsOnly(arn: string): string {
  const Condition = { Bool: { 'aws:SecureTransport': 'false' } };
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Sid: 'tlsOnly', Effect: 'Deny', Principal: '*', Action: 's3:*', Resource: [arn, `${arn}/*`], Condition }],
  });
}
