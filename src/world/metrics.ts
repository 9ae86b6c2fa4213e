import { Secret, SlipwayError, systemClock } from '../core/index.ts';
import { createHttp, createMetrics, type HttpEffect, type MetricsEffect, type Resolve } from '../effects/index.ts';
import type { Host, SshPort } from '../steps/index.ts';
import type { Building } from './build.ts';

/** The masker cannot hide what is shorter. */
const LEAST_LENGTH = 6;

export interface MetricsSurroundings {
  readonly http: HttpEffect;
  readonly ssh: SshPort;
  readonly host: (name: string) => Host;
  readonly resolve?: Resolve;
  readonly rehearsal: boolean;
}

/** Metric sources, with connections of their own for those that trust their own authorities. Dispose to close them. */
export function metricsOf(building: Building, { http, ssh, host, resolve, rehearsal }: MetricsSurroundings): MetricsEffect {
  const trusting = new Map<string, HttpEffect>();
  const httpTrusting = (ca: string): HttpEffect => {
    const made = trusting.get(ca) ?? createHttp({ ca, ...(resolve ? { resolve } : {}) });
    trusting.set(ca, made);
    return made;
  };
  const metrics = createMetrics({
    http: (caPem) => (caPem === undefined ? http : httpTrusting(caPem)),
    ssh,
    host,
    // Stand-ins let everybody in, and a rehearsal must not need what only production has.
    credential: (reference) => (rehearsal ? new Secret('rehearsal') : credentialOf(building, reference)),
    clouds: building.config.children.clouds,
    now: () => systemClock.now(),
    rehearsal,
  });
  return {
    ...metrics,
    [Symbol.dispose]: () => {
      metrics[Symbol.dispose]();
      for (const each of trusting.values()) each[Symbol.dispose]();
    },
  };
}

/** @throws {SlipwayError} `METRIC_CREDENTIAL_MISSING`. */
function credentialOf({ config, request }: Building, reference: string): Secret {
  const variable = reference.replace(/^env:/, '');
  const secret = config.secretNamed(variable);
  if (secret && secret.reveal().length >= LEAST_LENGTH) {
    request.masker.add(secret);
    return secret;
  }
  const why = secret ? `is shorter than ${LEAST_LENGTH} characters and could not be masked` : 'is not set';
  throw new SlipwayError('METRIC_CREDENTIAL_MISSING', `the credential of a metric source is in the variable ${variable}, which ${why}`, {
    hint: `export ${variable}, or change metricSources in the environment`,
  });
}
