import { messageOf, SlipwayError } from '../../core/index.ts';
import type { AnyKind, HostContext, HostOutcome, HostProbe, StepContext } from '../../steps/index.ts';
import type { HostResult } from '../events.ts';
import { verdictOf } from '../looks.ts';
import type { ExecutorOptions, TaskControl, TaskRun } from './executor.ts';
import { hostOptions, judged } from './on-hosts.ts';

/** Looks are short and change nothing; more at once would only be a storm of connections. */
const MOST_AT_ONCE = 50;

export interface ProbeHosts {
  readonly task: TaskRun;
  readonly context: StepContext;
  readonly control: TaskControl;
  readonly options: ExecutorOptions;
  readonly probeHost: (context: HostContext) => Promise<HostProbe>;
}
/** What a look at one host found; a host that was done has its result. */
export type HostVerdict =
  { readonly verdict: 'done'; readonly result: HostResult } | { readonly verdict: 'notDone' } | { readonly verdict: 'unknown'; readonly reason: string };

/**
 * Look at every host whose attempt was in flight when the process died. Each verdict is recorded by itself: a host that was done is not
 * touched again, one that was not may start again, and as long as one is unknown a person decides.
 */
export async function probeHosts(look: ProbeHosts): Promise<ReturnType<typeof verdictOf>> {
  const { task, control } = look;
  const waiting = Object.entries(task.ledger).flatMap(([host, state]) => (state === 'inDoubt' ? [host] : []));
  const unknown: string[] = [];
  const worker = async (): Promise<void> => {
    for (let host = waiting.shift(); host !== undefined; host = waiting.shift()) {
      control.signal.throwIfAborted();
      const verdict = await probeOne(host, look);
      control.signal.throwIfAborted();
      await control.hostProbed(host, verdict);
      if (verdict.verdict === 'unknown') unknown.push(`${host}: ${verdict.reason}`);
    }
  };
  await Promise.all(Array.from({ length: MOST_AT_ONCE }, worker));
  return verdictOf(unknown);
}

async function probeOne(host: string, { task, context, control, options, probeHost }: ProbeHosts): Promise<HostVerdict> {
  const began = options.clock.monotonic();
  const rule = task.hosts;
  if (!rule) return { verdict: 'unknown', reason: 'the step has no hosts' };
  try {
    const log: HostContext['log'] = (text, stream = 'stdout') => control.log({ text, stream, host });
    const found = await probeHost({ ...context, host: options.host(host), options: await hostOptions(rule, task, options), log });
    if (found.verdict === 'unknown') return { verdict: 'unknown', reason: options.masker.mask(found.reason) };
    if (found.verdict === 'notDone') return found;
    const result = await judged(found.outcome, rule, { host, options, inputs: task.with });
    return { verdict: 'done', result: { ...result, durationMs: Math.round(options.clock.monotonic() - began) } };
  } catch (cause) {
    // A host that cannot be reached cannot tell either.
    return { verdict: 'unknown', reason: options.masker.mask(messageOf(cause)) };
  }
}

/**
 * A kind's effect on a host which, when the connection breaks after it began, looks whether it took effect. Only for steps whose
 * idempotency is `probe`.
 *
 * @throws {SlipwayError} `SSH_NOT_DONE` when nothing took effect, so that it may be tried again; else what the effect throws.
 */
export function lookingWhenLost(kind: AnyKind & { readonly target: 'hosts' }, input: never, task: TaskRun): (context: HostContext) => Promise<HostOutcome> {
  const { probeHost } = kind;
  if (task.probes !== true || !probeHost) return (context) => kind.executeHost(input, context);
  return async (context) => {
    try {
      return await kind.executeHost(input, context);
    } catch (cause) {
      if (!(cause instanceof SlipwayError) || cause.code !== 'SSH_LOST' || context.signal.aborted) throw cause;
      // A look that fails tells nothing: the first failure stands.
      const found = await probeHost(input, context).catch((): HostProbe => ({ verdict: 'unknown', reason: '' }));
      if (found.verdict === 'done') return found.outcome;
      if (found.verdict === 'unknown') throw cause;
      throw new SlipwayError('SSH_NOT_DONE', `${cause.message}; a look afterwards found that it had no effect`, { retry: 'afterBackoff', cause });
    }
  };
}
