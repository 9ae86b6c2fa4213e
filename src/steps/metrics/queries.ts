import { z } from 'zod';
import { PATTERN } from '../../core/index.ts';
import { parseJsonPath } from '../check/expect.ts';
import { Env } from '../fields.ts';

const from = z
  .string()
  .regex(PATTERN.id, { error: 'not the name of a metric source' })
  .meta({ description: "name among metricSources of the phase's environment", slipwayFixed: 'write the name itself; a plan must know whom a run asks' });
/** An instant selector gives what was scraped up to five minutes ago, so that a source which has stopped would seem to go on. */
const PromQl = z
  .string()
  .max(10_000)
  .refine((text) => text.includes('$window'), {
    error: 'not about $window, so it may give old numbers; write for example sum(increase(orders_total[$window])) or avg_over_time(load[$window])',
  })
  .meta({
    description: 'PromQL that gives one number; $labels and $window are filled in',
    slipwayFixed: 'pass the value with labels: {<name>: ${{ … }}}, and write $labels in the query',
  });
const LabelName = z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, { error: 'not a label name' });
const labels = z.record(LabelName, z.string()).optional().meta({ description: 'labels and their values, put where the query says $labels' });
const JsonPath = z
  .string()
  .refine((path) => parseJsonPath(path) !== undefined, { error: 'not a JSON path; write for example $.orders or $.items[0].count' })
  .meta({ description: 'where the number is: $.orders' });
const time = JsonPath.optional().meta({
  description: 'where the time of the number is (ISO 8601, or seconds or milliseconds since 1970); an old number is no number',
});
const dimensions = z.record(z.string().min(1).max(255), z.string().min(1).max(1_024)).optional();
const namespace = z.string().min(1).max(255);
const metric = z.string().min(1).max(255);
const Stat = z.string().regex(/^(Average|Sum|Minimum|Maximum|SampleCount|p\d{1,2}(\.\d+)?)$/, {
  error: 'not a statistic; use Average, Sum, Minimum, Maximum, SampleCount, or a percentile such as p95',
});
const Aggregation = z.enum(['average', 'total', 'minimum', 'maximum', 'count']);
const resource = z.string().regex(/^\/subscriptions\/[^/\s]+\/\S+$/, { error: 'not the id of an Azure resource; it begins with /subscriptions/' });
const absentEvents = z
  .enum(['noData', 'zero'])
  .optional()
  .meta({ description: 'zero: no events is what the source means when it has trials and says nothing of events; noData when absent' });

const command = {
  type: z.literal('command'),
  host: z
    .string()
    .regex(PATTERN.host, { error: 'not a host of the inventory' })
    .meta({ description: 'the one host it runs on', slipwayFixed: 'write the name itself; a plan must know whom a run asks' }),
  cmd: z.string().min(1).meta({ description: 'shell text that only looks and prints a number or JSON; values reach it through env only', slipwayShell: true }),
  env: Env.optional(),
  time,
};
const path = z.string().regex(/^\/[^\s?#]*$/, { error: 'not a path; it starts with a slash and is added to the address' });
const http = { type: z.literal('http'), from, path, params: z.record(z.string().min(1), z.string()).optional(), time };
const cloudWatch = { type: z.literal('cloudWatch'), from, namespace, dimensions };
const azureMonitor = { type: z.literal('azureMonitor'), from, resource, namespace, dimensions };
const AzureCount = z.strictObject({ metric, dimensions });

/** Labels without a place, or a place without labels, would compare both sides with the same numbers. */
function placesLabels(query: { readonly labels?: Readonly<Record<string, string>> | undefined } & { readonly [part: string]: unknown }): boolean {
  const texts = ['query', 'weight', 'events', 'trials'].flatMap((part) => (typeof query[part] === 'string' ? [query[part]] : []));
  const has = Object.keys(query.labels ?? {}).length > 0;
  return texts.every((text) => text.includes('$labels') === has);
}
const placed = { error: 'labels go where every query says $labels; give both or neither', path: ['labels'] };

/** A question whose answer is one number for each slot of time. */
export const NumericQuery = z.discriminatedUnion('type', [
  z
    .strictObject({
      type: z.literal('prometheus'),
      from,
      query: PromQl,
      weight: PromQl.optional().meta({ description: 'PromQL for the number of observations' }),
      labels,
    })
    .refine(placesLabels, placed),
  z.strictObject({ ...cloudWatch, metric, stat: Stat }),
  z.strictObject({ ...azureMonitor, metric, aggregation: Aggregation }),
  z.strictObject({ ...command, value: JsonPath.optional(), weight: JsonPath.optional() }),
  z.strictObject({ ...http, value: JsonPath, weight: JsonPath.optional() }),
]);
export type NumericQuery = z.output<typeof NumericQuery>;

/** A question whose answer is, for each slot of time, how many of how many. */
export const RatioQuery = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('prometheus'), from, events: PromQl, trials: PromQl, labels }).refine(placesLabels, placed),
  z.strictObject({ ...cloudWatch, events: metric, trials: metric, absentEvents }).meta({ description: 'sums of two metrics' }),
  z.strictObject({ ...azureMonitor, events: AzureCount, trials: AzureCount, absentEvents }),
  z.strictObject({ ...command, events: JsonPath, trials: JsonPath }),
  z.strictObject({ ...http, events: JsonPath, trials: JsonPath }),
]);
export type RatioQuery = z.output<typeof RatioQuery>;
export type SourceQuery = NumericQuery | RatioQuery;

const differ = ({ baseline, candidate }: { readonly baseline: unknown; readonly candidate: unknown }) => JSON.stringify(baseline) !== JSON.stringify(candidate);
const same = { error: 'the same question for both sides, which compares a side with itself' };

/** The same metric of both sides. They may come from different places: one side from the racks, the other from a cloud. */
export const NumericSides = z.strictObject({ baseline: NumericQuery, candidate: NumericQuery }).refine(differ, same);
export const RatioSides = z.strictObject({ baseline: RatioQuery, candidate: RatioQuery }).refine(differ, same);
