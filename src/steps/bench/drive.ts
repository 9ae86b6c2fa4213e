import type { Clock } from '../../core/index.ts';

const TICK_MS = 1_000;
/** Pairs sent in one go when the schedule is behind, before other work gets a turn. */
const BURST = 32;

export interface Drive {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Starts a second; each start is due at its own time, whatever became of the ones before (open loop). */
  readonly rate: number;
  readonly durationMs: number;
  /** `dueAt` in monotonic milliseconds. Must not reject unless the signal aborts. */
  readonly start: (index: number, dueAt: number, offsetMs: number) => Promise<void>;
  /** Called about once a second; may throw to stop early. */
  readonly tick: (elapsedMs: number) => void;
}

/** Start everything on schedule and wait until all of it has ended. */
export async function drive({ clock, signal, rate, durationMs, start, tick }: Drive): Promise<void> {
  const startedAt = clock.monotonic();
  const total = Math.max(1, Math.floor((durationMs * rate) / 1_000 + 1e-9));
  const underWay = new Set<Promise<void>>();
  const broken: unknown[] = [];
  let nextTick = startedAt + TICK_MS;
  let burst = 0;
  const pass = async (until: number) => {
    for (let now = clock.monotonic(); now < until; now = clock.monotonic()) {
      burst = 0;
      await clock.sleep(Math.min(until, nextTick) - now, signal);
      if (clock.monotonic() >= nextTick) {
        tick(clock.monotonic() - startedAt);
        nextTick = clock.monotonic() + TICK_MS;
      }
    }
  };
  for (let index = 0; index < total && broken.length === 0; index++) {
    const offsetMs = (index * 1_000) / rate;
    await pass(startedAt + offsetMs);
    if (++burst > BURST) {
      burst = 0;
      await clock.sleep(0, signal);
    }
    signal.throwIfAborted();
    const one = start(index, startedAt + offsetMs, offsetMs)
      .catch((thrown: unknown) => void broken.push(thrown))
      .finally(() => underWay.delete(one));
    underWay.add(one);
  }
  await Promise.all(underWay);
  if (broken.length > 0) throw broken[0];
}
