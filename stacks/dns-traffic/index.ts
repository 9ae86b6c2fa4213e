import { HealthCheck } from '@pulumi/aws/route53/healthCheck.js';
import { Record } from '@pulumi/aws/route53/record.js';
import { z } from 'zod';
import { configError, Ownership, readConfig, tagsFor, wholeNumber } from '../shared/index.ts';

const HostName = z
  .string()
  .regex(/^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,}$/, { error: 'is not a host name; write for example erp.example.com' });

/** Configuration of the traffic stack. A weight is a share, not a percentage: 90 and 10 send one request in ten to the candidate. */
export const Settings = z.strictObject({
  ...Ownership,
  zoneId: z.string().regex(/^Z[A-Z0-9]{8,32}$/, { error: 'is not a Route 53 zone id; write for example Z0123456789ABCDEFGHIJ' }),
  recordName: HostName,
  baselineHost: HostName,
  candidateHost: HostName,
  baselineWeight: wholeNumber(0, 255).default(100),
  candidateWeight: wholeNumber(0, 255).default(0),
  ttlSeconds: wholeNumber(1, 3_600).default(30),
  healthPath: z.string().startsWith('/', { error: 'is not a path; write for example /health' }).default('/'),
});

/** Weighted DNS between the old side and the new one. Both at 0 would mean "equal shares" to Route 53, so it is refused. */
export async function program() {
  const settings = readConfig(Settings);
  if (settings.baselineWeight + settings.candidateWeight === 0)
    throw configError('baselineWeight and candidateWeight are both 0; Route 53 would then use both equally');
  const tags = tagsFor(settings);
  const sides = [
    { side: 'baseline', host: settings.baselineHost, weight: settings.baselineWeight },
    { side: 'candidate', host: settings.candidateHost, weight: settings.candidateWeight },
  ] as const;
  for (const { side, host, weight } of sides) {
    const health = new HealthCheck(side, {
      type: 'HTTPS',
      fqdn: host,
      port: 443,
      resourcePath: settings.healthPath,
      requestInterval: 10,
      failureThreshold: 3,
      tags,
    });
    new Record(side, {
      zoneId: settings.zoneId,
      name: settings.recordName,
      type: 'CNAME',
      ttl: settings.ttlSeconds,
      records: [host],
      setIdentifier: side,
      weightedRoutingPolicies: [{ weight }],
      healthCheckId: health.id,
    });
  }
  return { name: settings.recordName, baselineWeight: settings.baselineWeight, candidateWeight: settings.candidateWeight };
}
