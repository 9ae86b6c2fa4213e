import { messageOf, SlipwayError } from '../../core/index.ts';
import { holds } from '../check/limit.ts';
import type { StepContext, StepOutcome } from '../kind.ts';
import { absentIsZero, openSources, questionOf } from './ask.ts';
import { type Burned, burnRates, burnWords } from './burn.ts';
import { limitOf, type MetricCheck, resolutionOf, slotsOf, WINDOW_MS } from './check-shape.ts';
import { controlOf } from './follow.ts';
import { placeOf } from './places.ts';
import type { MetricQuery, Parts, Reading } from './port.ts';
import { NO_NUMBER_WORDS, noNumberOf, numericSample, ratioSample } from './samples.ts';
import { readingsAt } from './track.ts';

const INTERVAL_MS = 15_000;
const CLOUD_DELAY_MS = 180_000;

/** What was found: a value or burn rates, what is wrong with it, and whether it is wrong because there is no data. */
interface Found {
  readonly value: number | null;
  readonly burn: readonly Burned[];
  readonly words: string;
  readonly miss?: 'noData' | 'limit';
}

/**
 * Ask until the answer passes.
 *
 * @throws {SlipwayError} `CHECK_FAILED` beyond the limit, `METRIC_NO_DATA` without a number; the codes of `MetricsPort`.
 */
export async function runMetricCheck(input: MetricCheck, context: StepContext): Promise<StepOutcome> {
  const query = questionOf(input.source, await openSources(input.sources, context.checkout));
  for (let attempt = 1; ; attempt++) {
    try {
      const found = await look(input, query, context);
      refuse(found, input);
      return outcomeOf(found, attempt);
    } catch (thrown) {
      if (context.signal.aborted || attempt >= input.attempts || (thrown instanceof SlipwayError && thrown.retry === 'never')) throw thrown;
      context.log(`attempt ${attempt} of ${input.attempts}: ${messageOf(thrown)}`);
      context.heartbeat();
      await context.ports.clock.sleep(input.interval ?? INTERVAL_MS, context.signal);
    }
  }
}

async function look(input: MetricCheck, query: MetricQuery, context: StepContext): Promise<Found> {
  try {
    return input.burn === undefined ? await lookNow(input, query, context) : await lookBack(input, query, context);
  } catch (thrown) {
    const isDown = thrown instanceof SlipwayError && thrown.code === 'METRIC_SOURCE_DOWN';
    if (!isDown || input.noData === 'fail' || context.signal.aborted) throw thrown;
    return { value: null, burn: [], miss: 'noData', words: messageOf(thrown) };
  }
}

async function lookNow(input: MetricCheck, query: MetricQuery, context: StepContext): Promise<Found> {
  const readings = await context.ports.metrics.latest(query, input.window ?? WINDOW_MS, controlOf(context, context.signal));
  const value = valueOf(input, readings);
  if (value === null) return { value, burn: [], miss: 'noData', words: NO_NUMBER_WORDS[noNumberOf(readings) ?? 'gap'] };
  const limit = limitOf(input.expect ?? '');
  const words = `${short(value, input.expect)}, must be ${input.expect ?? ''}`;
  return { value, burn: [], words, ...(limit !== undefined && holds(value, limit) ? {} : { miss: 'limit' as const }) };
}

/** A ratio without trials is no number. */
function valueOf({ source }: MetricCheck, readings: Parts<Reading>): number | null {
  if (!('events' in source)) return numericSample(readings)?.value ?? null;
  const sample = ratioSample(readings, { absentIsZero: absentIsZero(source) });
  return sample === null || sample.trials === 0 ? null : sample.events / sample.trials;
}

async function lookBack({ burn, source, delay }: MetricCheck, query: MetricQuery, context: StepContext): Promise<Found> {
  if (burn === undefined) throw new TypeError('there is no burn rate to look for');
  const [slotMs, count] = [resolutionOf(burn), slotsOf(burn)];
  const lag = delay ?? (query.type === 'prometheus' ? 0 : CLOUD_DELAY_MS);
  const end = Math.floor((context.ports.clock.now() - lag) / slotMs) * slotMs;
  const history = await context.ports.metrics.history(query, { fromMs: end - count * slotMs, slotMs, count }, controlOf(context, context.signal));
  const options = { absentIsZero: absentIsZero(source) };
  const samples = Array.from({ length: count }, (_, slot) => ratioSample(readingsAt(history, slot), options));
  const rates = burnRates(samples, burn);
  const breached = rates.filter(({ isBreached }) => isBreached);
  const unknown = rates.filter(({ shortBurn }) => shortBurn === null);
  const miss = breached.length > 0 ? ('limit' as const) : unknown.length > 0 ? ('noData' as const) : undefined;
  const shown = breached.length > 0 ? breached : unknown.length > 0 ? unknown : rates;
  const budget = `the error budget of ${Number((burn.objective * 100).toPrecision(6))}% burns `;
  return { value: null, burn: rates, words: budget + shown.map(burnWords).join('; '), ...(miss === undefined ? {} : { miss }) };
}

function refuse({ miss, words }: Found, { source, sources, noData }: MetricCheck): void {
  const place = placeOf(source, sources);
  if (miss === 'limit') {
    throw new SlipwayError('CHECK_FAILED', `${place}: ${words}`, { retry: 'afterBackoff', hint: 'look at the service, or change the limit in the runbook' });
  }
  if (miss === 'noData' && noData === 'fail') {
    throw new SlipwayError('METRIC_NO_DATA', `${place} has no data: ${words}`, {
      retry: 'afterBackoff',
      hint: 'try the query by hand; what cannot be measured counts as unhealthy unless the check says noData: ignore',
    });
  }
}

function outcomeOf({ value, burn, words, miss }: Found, attempts: number): StepOutcome {
  const burned = burn.map(({ short: shortMs, long: longMs, factor, shortBurn, longBurn }) => ({
    ...{ shortSeconds: shortMs / 1_000, longSeconds: longMs / 1_000, factor },
    ...{ short: shortBurn, long: longBurn },
  }));
  return { status: 'ok', outputs: { value, burn: burned, attempts }, summary: miss === 'noData' ? `ignored: no data: ${words}` : words };
}

function short(value: number, expect: string | undefined): string {
  return expect?.endsWith('%') ? `${Number((value * 100).toPrecision(4))}%` : String(Number(value.toPrecision(6)));
}
