import { messageOf, SlipwayError } from '../../core/index.ts';
import type { StepContext } from '../kind.ts';
import { type MetricsControl, remembers, type Slots } from './port.ts';
import { readingsAt, type Track } from './track.ts';
import type { TurnsOf } from './turns.ts';

/** Slots that are asked for again, because samples arrive late. */
const OVERLAP = 5;
/** Longest sleep in one go: the wall clock may be set meanwhile. */
const NAP_MS = 5_000;

export interface Follow extends Slots {
  readonly context: StepContext;
  readonly signal: AbortSignal;
  readonly turnsOf: TurnsOf;
  /** Called when a slot is over and was asked for. */
  readonly onSlot?: (slot: number) => void;
}

/** Ask a track's question at the end of every slot. */
export async function follow(track: Track, options: Follow): Promise<void> {
  const { fromMs, slotMs, count, context, signal, onSlot } = options;
  const { clock } = context.ports;
  const outage = createOutage(track, context);
  for (let slot = 0; slot < count; slot++) {
    await sleepUntil(fromMs + (slot + 1) * slotMs, options);
    // A source that was slow, or a clock that was set, must not make up slots: go on with the one that has just ended.
    const current = Math.min(count - 1, Math.floor((clock.now() - fromMs) / slotMs) - 1);
    slot = Math.max(slot, current);
    try {
      await options.turnsOf(track.query)(() => askAt(track, slot, options));
      outage.over();
    } catch (thrown) {
      if (signal.aborted || !(thrown instanceof SlipwayError)) throw thrown;
      outage.failed(thrown);
    }
    onSlot?.(slot);
  }
}

async function askAt(track: Track, slot: number, { fromMs, slotMs, context, signal }: Follow): Promise<void> {
  const { metrics } = context.ports;
  const control = controlOf(context, signal);
  if (!remembers(track.query)) {
    const readings = await metrics.latest(track.query, slotMs, control);
    // An answer that took longer than a slot says nothing about this one.
    const isLate = context.ports.clock.now() >= fromMs + (slot + 2) * slotMs;
    track.keep(slot, isLate ? { value: { none: 'stale' } } : readings);
    return;
  }
  const first = Math.max(0, slot - OVERLAP + 1);
  const history = await metrics.history(track.query, { fromMs: fromMs + first * slotMs, slotMs, count: slot - first + 1 }, control);
  for (let each = first; each <= slot; each++) track.keep(each, readingsAt(history, each - first));
}

export function controlOf({ runId, log }: StepContext, signal: AbortSignal): MetricsControl {
  return { runId, signal, notice: log };
}

/** Tells an outage once, and its end; what no retry mends is thrown while the source has never answered. */
function createOutage({ name, side }: Track, { log }: StepContext): { readonly failed: (thrown: SlipwayError) => void; readonly over: () => void } {
  let [hasAnswered, isDown] = [false, false];
  return {
    failed: (thrown) => {
      if (thrown.retry === 'never' && !hasAnswered) throw thrown;
      if (!isDown) log(`${name} of the ${side} has no data: ${messageOf(thrown)}`, 'stderr');
      isDown = true;
    },
    over: () => {
      if (isDown) log(`${name} of the ${side} has data again`);
      [hasAnswered, isDown] = [true, false];
    },
  };
}

async function sleepUntil(at: number, { context, signal }: Follow): Promise<void> {
  const { clock } = context.ports;
  for (let left = at - clock.now(); left > 0; left = at - clock.now()) {
    await clock.sleep(Math.min(left, NAP_MS), signal);
    context.heartbeat();
  }
}
