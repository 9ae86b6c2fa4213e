import { formatDuration, messageOf, SlipwayError } from '../../core/index.ts';
import type { StepContext } from '../kind.ts';
import { controlOf } from './follow.ts';
import type { Slots } from './port.ts';
import { readingsAt, type Track } from './track.ts';
import type { TurnsOf } from './turns.ts';

/** Slots in one question; every source we know answers that many. */
const CHUNK = 500;
const ATTEMPTS = 3;
const NAP_MS = 5_000;

export interface Late extends Slots {
  /** How long samples may still arrive. */
  readonly settleMs: number;
  readonly context: StepContext;
  readonly turnsOf: TurnsOf;
}

/** Ask once more about the whole time, when late samples have arrived. What cannot be asked again stays as it was seen. */
export async function settleLate(tracks: readonly Track[], options: Late): Promise<void> {
  const { context, settleMs, fromMs, slotMs, count } = options;
  if (tracks.length === 0) return;
  const { clock } = context.ports;
  const until = fromMs + slotMs * count + settleMs;
  if (until > clock.now()) context.log(`waiting ${formatDuration(until - clock.now())} for late samples`);
  for (let left = until - clock.now(); left > 0; left = until - clock.now()) {
    await clock.sleep(Math.min(left, NAP_MS), context.signal);
    context.heartbeat();
  }
  await Promise.all(tracks.map((track) => options.turnsOf(track.query)(() => askAgain(track, options))));
}

async function askAgain(track: Track, { context, fromMs, slotMs, count }: Late): Promise<void> {
  const { metrics, clock } = context.ports;
  for (let first = 0; first < count; first += CHUNK) {
    const slots = { fromMs: fromMs + first * slotMs, slotMs, count: Math.min(CHUNK, count - first) };
    for (let attempt = 1; ; attempt++) {
      try {
        const history = await metrics.history(track.query, slots, controlOf(context, context.signal));
        for (let at = 0; at < slots.count; at++) track.keep(first + at, readingsAt(history, at));
        break;
      } catch (thrown) {
        if (context.signal.aborted || !(thrown instanceof SlipwayError)) throw thrown;
        if (attempt >= ATTEMPTS || thrown.retry === 'never') {
          context.log(`${track.name} of the ${track.side} could not be asked again: ${messageOf(thrown)}`, 'stderr');
          return;
        }
        await clock.sleep(1_000 * 2 ** attempt, context.signal);
      }
    }
    context.heartbeat();
  }
}
