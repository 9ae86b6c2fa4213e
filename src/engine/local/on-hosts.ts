import { SlipwayError } from '../../core/index.ts';
import type { HostRule } from '../../plan/index.ts';
import type { HostResult, StepResult } from '../events.ts';
import { type FanOutDecision, isBad, type Spread, startSpread } from '../fan-out.ts';
import { LEFT_IN_DOUBT, readLedger, resultOfHosts, resultOfSome } from '../spread.ts';
import type { ChainSpread } from './chain.ts';
import type { TaskControl } from './executor.ts';
import { attemptOn, type OnHosts } from './on-host.ts';

export { hostOptions, judged } from './on-host.ts';

/**
 * Spread a step over its hosts by its rule. A host with a result in the ledger is not touched again; one whose end nobody saw only when the step may
 * be repeated.
 */
export async function runOnHosts(spread: OnHosts): Promise<StepResult> {
  const { task, control } = spread;
  const rule = task.hosts;
  if (!rule || rule.names.length === 0) throw new SlipwayError('NO_HOSTS', `${task.path} has no hosts`, { hint: 'its pattern selects none of the inventory' });
  const { results, doubts } = readLedger(task.ledger);
  if (!task.repeatable) for (const host of doubts) results.set(host, await leaveInDoubt(host, control));
  if (task.only) return onSome(spread, { rule, results, only: new Set(task.only) });
  const fan: Spread & Partial<ChainSpread> = control.chain ? control.chain(rule, results) : startSpread(rule, results);
  await send(spread, rule, fan);
  const isDrained = control.drain?.aborted === true && fan.next().type !== 'over';
  const result = isDrained ? undefined : resultOfHosts(rule, fan);
  if (result && ('error' in result || fan.isLeft?.() !== true)) return result;
  throw new SlipwayError('HANDED_OVER', `${task.path} was left where it stands`, { hint: 'it goes on when its hosts can' });
}

interface Some {
  readonly rule: HostRule;
  readonly results: ReadonlyMap<string, HostResult>;
  readonly only: ReadonlySet<string>;
}

/**
 * A person wants some hosts tried and no other: by the rules of the step, as if there were no others. When these end well and others are left that did
 * not, or were never reached, the step is a person's again.
 */
async function onSome(spread: OnHosts, { rule, results, only }: Some): Promise<StepResult> {
  const fan = startSpread({ ...rule, names: rule.names.filter((name) => only.has(name)) }, results);
  await send(spread, rule, fan);
  return resultOfSome(rule, { results: new Map([...results, ...fan.results]), tried: fan.results });
}

/** Send a step to the hosts of a spread until it is over, or nobody may begin any more and all who had begun have ended. */
async function send(spread: OnHosts, rule: HostRule, fan: Spread & Partial<ChainSpread>): Promise<void> {
  const { context, control } = spread;
  const crew = createCrew();
  const stops = new AbortController();
  fan.onChange?.(crew.wake);
  context.signal.addEventListener('abort', crew.wake, { signal: stops.signal });
  control.drain?.addEventListener('abort', crew.wake, { signal: stops.signal });
  try {
    for (let next = nextOf(fan, spread, crew); next.type !== 'over'; next = nextOf(fan, spread, crew)) {
      if (next.type === 'wait') await crew.something();
      else for (const host of next.hosts) crew.take(one(host, spread, rule).then((result) => fan.ended(host, result)));
    }
  } finally {
    stops.abort();
  }
  context.signal.throwIfAborted();
}

/** Nobody else begins when the step is stopped, or the run handed over; those at work end first. */
function nextOf(fan: Spread, { context, control }: OnHosts, crew: Crew): FanOutDecision {
  if (!context.signal.aborted && control.drain?.aborted !== true) return fan.next();
  return { type: crew.isEmpty() ? 'over' : 'wait' };
}

interface Crew {
  readonly take: (work: Promise<void>) => void;
  readonly isEmpty: () => boolean;
  readonly wake: () => void;
  /** Resolves when somebody has finished, or when woken. @throws what somebody failed with, when all have finished. */
  readonly something: () => Promise<void>;
}

/** Those at work. A failure that is not a host's own stops everything, once nobody is at work any more. */
function createCrew(): Crew {
  let atWork = 0;
  let failed: { readonly cause: unknown } | undefined;
  let news = Promise.withResolvers<void>();
  const wake = (): void => news.resolve();
  const finish = async (work: Promise<void>): Promise<void> => {
    try {
      await work;
    } catch (cause) {
      failed ??= { cause };
    }
    atWork--;
    wake();
  };
  return {
    take: (work) => {
      atWork++;
      void finish(work);
    },
    isEmpty: () => atWork === 0,
    wake,
    something: async () => {
      do {
        await news.promise;
        news = Promise.withResolvers<void>();
      } while (failed && atWork > 0);
      if (failed) throw failed.cause;
    },
  };
}

/** Whether its command took effect is not known, and repeating it may do harm: the host is a person's. */
async function leaveInDoubt(host: string, { hostFinished }: TaskControl): Promise<HostResult> {
  await hostFinished(host, LEFT_IN_DOUBT);
  return LEFT_IN_DOUBT;
}

async function one(host: string, spread: OnHosts, rule: HostRule): Promise<HostResult> {
  const { context, control, options } = spread;
  const began = options.clock.monotonic();
  const result = await attemptOn(host, spread, rule);
  const whole = { ...result, durationMs: Math.round(options.clock.monotonic() - began) };
  // An aborted host has no result: whether its command took effect is not known, and the ledger keeps saying so.
  if (!context.signal.aborted || !isBad(whole)) await control.hostFinished(host, whole);
  return whole;
}
