import type * as Library from '@aws-sdk/client-cloudwatch';
import { messageOf } from '../../core/index.ts';
import type { MetricPart, MetricsControl, Parts, QueryOf, Reading, Slots } from '../../steps/index.ts';
import { denied, down, sdkMissing, shortened, wrong } from './errors.ts';
import { onSlots } from './newest.ts';

const TIMEOUT_MS = 10_000;
/** Pages of one answer; each holds up to 100,800 numbers. */
const MOST_PAGES = 20;
const CREDENTIALS = /Credential|Token|AccessDenied|UnrecognizedClient|SignatureDoesNotMatch|NotAuthorized|OptIn/;

type Query = QueryOf<'cloudWatch'>;
export interface CloudWatchParts {
  /** The SDK, loaded when it is needed. */
  readonly load: () => Promise<typeof Library>;
  /** How the SDK reaches and signs in to a region; what is left out it finds out as AWS documents. */
  readonly settings: (region: string) => Library.CloudWatchClientConfig;
  /** Clients by region. */
  readonly clients: Map<string, Library.CloudWatchClient>;
}

/** GetMetricData of every part at once; the slot is the period. */
export async function cloudWatchHistory(query: Query, slots: Slots, parts: CloudWatchParts, { signal }: MetricsControl): Promise<Parts<readonly Reading[]>> {
  const { name, timeout } = query.source;
  const library = await parts.load().catch((cause: unknown) => {
    throw sdkMissing(name, ['@aws-sdk/client-cloudwatch'], cause);
  });
  const client = clientFor(query.source.region, parts, library);
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeout ?? TIMEOUT_MS)]);
  try {
    const samples = await pagesOf(query, slots, (input) => client.send(new library.GetMetricDataCommand(input), { abortSignal: limit }));
    return Object.fromEntries(Object.keys(query.parts).map((part) => [part, onSlots(samples.get(part) ?? [], slots)]));
  } catch (thrown) {
    throw failureFor(name, thrown, signal);
  }
}

function clientFor(region: string, { clients, settings }: CloudWatchParts, library: typeof Library): Library.CloudWatchClient {
  const client = clients.get(region) ?? new library.CloudWatchClient({ maxAttempts: 2, ...settings(region), region });
  clients.set(region, client);
  return client;
}

type Send = (input: Library.GetMetricDataCommandInput) => Promise<Library.GetMetricDataCommandOutput>;
type Samples = ReadonlyMap<string, readonly (readonly [number, number])[]>;

async function pagesOf(query: Query, slots: Slots, send: Send): Promise<Samples> {
  const { fromMs, slotMs, count } = slots;
  const input = {
    MetricDataQueries: questionsOf(query, slotMs),
    StartTime: new Date(fromMs),
    EndTime: new Date(fromMs + slotMs * count),
    ScanBy: 'TimestampAscending',
  } as const;
  const samples = new Map<string, (readonly [number, number])[]>();
  let token: string | undefined;
  for (let page = 0; page < MOST_PAGES; page++) {
    const { MetricDataResults: results = [], NextToken, Messages = [] } = await send({ ...input, ...(token === undefined ? {} : { NextToken: token }) });
    if (Messages[0]) throw wrong(query.source.name, shortened(`${Messages[0].Code ?? ''}: ${Messages[0].Value ?? ''}`));
    for (const result of results) samples.set(result.Id ?? '', [...(samples.get(result.Id ?? '') ?? []), ...samplesIn(result, query.source.name)]);
    if (NextToken === undefined) return samples;
    token = NextToken;
  }
  throw wrong(query.source.name, `the answer has more than ${MOST_PAGES} pages`);
}

/** The ids of questions must begin in lower case, as the names of parts do. */
function questionsOf({ namespace, dimensions, parts }: Query, slotMs: number): Library.MetricDataQuery[] {
  const entries = Object.entries(parts) as readonly (readonly [MetricPart, { readonly metric: string; readonly stat: string }])[]; // keys of that record
  return entries.map(([part, { metric, stat }]) => ({
    Id: part,
    MetricStat: {
      Metric: { Namespace: namespace, MetricName: metric, Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })) },
      Period: slotMs / 1_000,
      Stat: stat,
    },
  }));
}

function samplesIn(
  { StatusCode, Timestamps = [], Values = [], Messages = [] }: Library.MetricDataResult,
  name: string,
): readonly (readonly [number, number])[] {
  const said = Messages[0] ? `: ${shortened(Messages[0].Value ?? '')}` : '';
  if (StatusCode === 'Forbidden') throw denied(name, `Forbidden${said}`);
  if (StatusCode === 'InternalError') throw down(name, `InternalError${said}`);
  return Timestamps.flatMap((at, index) => {
    const value = Values[index];
    return value === undefined ? [] : [[at.getTime(), value] as const];
  });
}

/** @returns the error to throw. */
function failureFor(source: string, thrown: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  if (!(thrown instanceof Error) || thrown.name === 'SlipwayError') return thrown;
  const status = '$metadata' in thrown ? (thrown.$metadata as { readonly httpStatusCode?: number } | undefined)?.httpStatusCode : undefined; // every error of the SDK has it
  const why = shortened(`${thrown.name}: ${messageOf(thrown)}`);
  if (CREDENTIALS.test(thrown.name) || status === 401 || status === 403) return denied(source, why, thrown);
  if (status !== undefined && status >= 400 && status < 500 && status !== 429 && !/Throttl|Limit/.test(thrown.name)) return wrong(source, why, thrown);
  return down(source, why, thrown);
}
