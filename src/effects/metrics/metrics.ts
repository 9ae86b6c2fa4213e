import type { CloudWatchClientConfig } from '@aws-sdk/client-cloudwatch';
import { type Secret, SlipwayError } from '../../core/index.ts';
import type { Host, HttpPort, MetricQuery, MetricsControl, MetricsPort, SshPort } from '../../steps/index.ts';
import { azureMonitorHistory, type AzureMonitorParts, type AzureOverride } from './azure-monitor.ts';
import { cloudWatchHistory, type CloudWatchParts } from './cloud-watch.ts';
import { azureCredential, type CloudVariables, cloudWatchCredentials } from './clouds.ts';
import { commandLatest } from './command.ts';
import { httpLatest } from './http-json.ts';
import { newestOf, recentSlots } from './newest.ts';
import { prometheusHistory, type PrometheusParts } from './prometheus.ts';
import type { Web } from './web.ts';

export interface MetricsOptions {
  /** Connections that trust these authorities, as PEM, or those of the machine. */
  readonly http: (caPem: string | undefined) => HttpPort;
  readonly ssh: SshPort;
  readonly host: (name: string) => Host;
  /** What a reference such as `env:SLIPWAY_METRICS_SHOP` stands for. @throws {SlipwayError} `METRIC_CREDENTIAL_MISSING`. */
  readonly credential: (reference: string) => Secret;
  /** Variables of our environment for clouds (`AWS_*`, `ARM_*` …). */
  readonly clouds: CloudVariables;
  readonly now: () => number;
  /** In a rehearsal nothing plays a cloud's monitoring, and nothing real is asked. */
  readonly rehearsal?: boolean;
  /** Other endpoints of clouds, for tests. */
  readonly override?: { readonly cloudWatch?: CloudWatchClientConfig; readonly azureMonitor?: AzureOverride };
}
export type MetricsEffect = MetricsPort & Disposable;

interface Adapters {
  readonly web: Web;
  readonly prometheus: PrometheusParts;
  readonly cloudWatch: CloudWatchParts;
  readonly azureMonitor: AzureMonitorParts;
  readonly options: MetricsOptions;
}

/** Systems that measure others. Dispose to close the connections of clouds. */
export function createMetrics(options: MetricsOptions): MetricsEffect {
  const adapters = adaptersOf(options);
  return {
    latest: (query, windowMs, control) => latest(query, windowMs, { adapters, control }),
    history: async (query, slots, control) => {
      if (query.type === 'prometheus') return prometheusHistory(query, slots, adapters.prometheus, control);
      refuseCloudInRehearsal(query, options);
      if (query.type === 'cloudWatch') return cloudWatchHistory(query, slots, adapters.cloudWatch, control);
      if (query.type === 'azureMonitor') return azureMonitorHistory(query, slots, adapters.azureMonitor, control);
      throw new TypeError(`a ${query.type} source knows only what is now`);
    },
    [Symbol.dispose]: () => {
      for (const client of adapters.cloudWatch.clients.values()) client.destroy();
    },
  };
}

async function latest(query: MetricQuery, windowMs: number, { adapters, control }: { readonly adapters: Adapters; readonly control: MetricsControl }) {
  const { options, web } = adapters;
  refuseCloudInRehearsal(query, options);
  switch (query.type) {
    case 'http':
      return httpLatest(query, windowMs, web, control);
    case 'command':
      return commandLatest(query, windowMs, options, control);
    case 'prometheus':
      return newestOf(await prometheusHistory(query, { fromMs: options.now() - windowMs, slotMs: windowMs, count: 1 }, adapters.prometheus, control));
    case 'cloudWatch':
      return newestOf(await cloudWatchHistory(query, recentSlots(windowMs, options.now()), adapters.cloudWatch, control));
    case 'azureMonitor':
      return newestOf(await azureMonitorHistory(query, recentSlots(windowMs, options.now()), adapters.azureMonitor, control));
  }
}

function adaptersOf(options: MetricsOptions): Adapters {
  const { clouds, override = {} } = options;
  const web: Web = { http: options.http, credential: options.credential, now: options.now };
  return {
    web,
    options,
    prometheus: { web, skews: new Map() },
    cloudWatch: {
      load: () => import('@aws-sdk/client-cloudwatch'),
      settings: () => ({ ...cloudWatchCredentials(clouds), ...override.cloudWatch }),
      clients: new Map(),
    },
    azureMonitor: {
      load: async () => {
        const [metrics, identity] = await Promise.all([import('@azure/monitor-query-metrics'), import('@azure/identity')]);
        return { metrics, identity };
      },
      credential: (identity) => azureCredential(clouds, identity),
      ...(override.azureMonitor === undefined ? {} : { override: override.azureMonitor }),
      clients: new Map(),
    },
  };
}

function refuseCloudInRehearsal(query: MetricQuery, { rehearsal }: MetricsOptions): void {
  if (rehearsal !== true || (query.type !== 'cloudWatch' && query.type !== 'azureMonitor')) return;
  const what = query.type === 'cloudWatch' ? 'Amazon CloudWatch' : 'Azure Monitor';
  throw new SlipwayError(
    'METRIC_NOT_REHEARSED',
    `no stand-in plays ${what}, which the metric source ${query.source.name} asks, and a rehearsal reaches nothing real`,
    {
      hint: 'rehearse with an environment whose source of that name is of type prometheus or http and is played by a host; docs/metrics.md shows how',
    },
  );
}
