import type * as Identity from '@azure/identity';
import type * as Library from '@azure/monitor-query-metrics';
import { messageOf } from '../../core/index.ts';
import { allParts, type AzurePart, mapParts, type MetricsControl, type Opened, type Parts, type QueryOf, type Reading, type Slots } from '../../steps/index.ts';
import { denied, down, sdkMissing, shortened, wrong } from './errors.ts';
import { onSlots } from './newest.ts';

const TIMEOUT_MS = 10_000;
/** The lengths of time that Azure Monitor counts by. */
const GRAINS: ReadonlyMap<number, string> = new Map([
  [60_000, 'PT1M'],
  [300_000, 'PT5M'],
  [900_000, 'PT15M'],
  [1_800_000, 'PT30M'],
  [3_600_000, 'PT1H'],
]);
const CLOUDS = {
  public: { domain: 'azure.com', audience: 'https://management.azure.com/.default' },
  usGovernment: { domain: 'azure.us', audience: 'https://management.usgovcloudapi.net/.default' },
  china: { domain: 'azure.cn', audience: 'https://management.chinacloudapi.cn/.default' },
} as const;

type Query = QueryOf<'azureMonitor'>;
type Source = Opened<'azureMonitor'>;
export interface AzureLibraries {
  readonly metrics: typeof Library;
  readonly identity: typeof Identity;
}
/** What a test or a proxy changes of a client. */
export interface AzureOverride {
  readonly endpoint: string;
  readonly credential: Identity.TokenCredential;
  readonly options: Library.MetricsClientOptions;
}
export interface AzureMonitorParts {
  /** The SDK, loaded when it is needed. */
  readonly load: () => Promise<AzureLibraries>;
  readonly credential: (identity: typeof Identity) => Identity.TokenCredential;
  readonly override?: AzureOverride;
  /** Clients by cloud and region. */
  readonly clients: Map<string, Library.MetricsClient>;
}

/** One question for each part: parts may filter by other dimensions. */
export async function azureMonitorHistory(
  query: Query,
  slots: Slots,
  parts: AzureMonitorParts,
  { signal }: MetricsControl,
): Promise<Parts<readonly Reading[]>> {
  const { name, timeout } = query.source;
  const interval = GRAINS.get(slots.slotMs);
  if (interval === undefined) throw wrong(name, `Azure Monitor has no numbers for every ${slots.slotMs / 1_000} s; use 1m, 5m, 15m, 30m or 1h`);
  const libraries = await parts.load().catch((cause: unknown) => {
    throw sdkMissing(name, ['@azure/monitor-query-metrics', '@azure/identity'], cause);
  });
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeout ?? TIMEOUT_MS)]);
  try {
    const client = clientFor(query.source, parts, libraries);
    return await allParts(mapParts(query.parts, (part) => rangeOf(client, query, part, { slots, interval, limit })));
  } catch (thrown) {
    throw failureFor(name, thrown, signal);
  }
}

function clientFor({ cloud = 'public', region }: Source, { clients, credential, override }: AzureMonitorParts, { metrics, identity }: AzureLibraries) {
  const key = `${cloud}/${region}`;
  const { domain, audience } = CLOUDS[cloud];
  const endpoint = override?.endpoint ?? `https://${region}.metrics.monitor.${domain}`;
  const options = { audience, retryOptions: { maxRetries: 1 }, ...override?.options };
  const client = clients.get(key) ?? new metrics.MetricsClient(endpoint, override?.credential ?? credential(identity), options);
  clients.set(key, client);
  return client;
}

interface Range {
  readonly slots: Slots;
  readonly interval: string;
  readonly limit: AbortSignal;
}

async function rangeOf(client: Library.MetricsClient, { source, resource, namespace }: Query, part: AzurePart, range: Range): Promise<readonly Reading[]> {
  const { fromMs, slotMs, count } = range.slots;
  const { metric, aggregation, dimensions } = part;
  const options = {
    ...{ aggregation, interval: range.interval, startTime: new Date(fromMs), endTime: new Date(fromMs + slotMs * count) },
    ...filterOf(dimensions),
    abortSignal: range.limit, // the client hands it on, though its type does not say so
  };
  const [result] = await client.queryResources([resource], [metric], namespace, options);
  const found = result?.metrics[0];
  if (found?.errorCode !== undefined && found.errorCode !== 'Success') {
    const isPassing = /Throttl|Timeout|Internal|Unavailable/i.test(found.errorCode);
    throw (isPassing ? down : wrong)(source.name, shortened(`${found.errorCode}: ${found.errorMessage ?? ''}`));
  }
  const samples = (found?.timeseries ?? []).flatMap(({ data = [] }) => data.map((point) => [point.timeStamp.getTime(), point[aggregation]] as const));
  return onSlots(samples, range.slots);
}

/** OData: a quote in a text is written twice. */
function filterOf(dimensions: AzurePart['dimensions']): { readonly filter?: string } {
  const terms = Object.entries(dimensions).map(([name, value]) => `${name} eq '${value.replaceAll("'", "''")}'`);
  return terms.length === 0 ? {} : { filter: terms.join(' and ') };
}

/** @returns the error to throw. */
function failureFor(source: string, thrown: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  if (!(thrown instanceof Error) || thrown.name === 'SlipwayError') return thrown;
  const status = 'statusCode' in thrown ? Number(thrown.statusCode) : undefined;
  const why = shortened(`${thrown.name}: ${messageOf(thrown)}`);
  if (/Authentication|Credential/.test(thrown.name) || status === 401 || status === 403) return denied(source, why, thrown);
  if (status !== undefined && status >= 400 && status < 500 && status !== 408 && status !== 429) return wrong(source, why, thrown);
  return down(source, why, thrown);
}
