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
  /** Called about once a second, with a time before which everything that was due has been started; may throw to stop early. `enough` ends it in good order: nothing more is started or waited for. */
  readonly tick: (elapsedMs: number) => 'enough' | undefined;
}

/** Start everything on schedule and wait until all of it has ended, or until a tick says that it is enough. */
export async function drive({ clock, signal, rate, durationMs, start, tick }: Drive): Promise<void> {
  const startedAt = clock.monotonic();
  const total = Math.max(1, Math.floor((durationMs * rate) / 1_000 + 1e-9));
  const underWay = new Set<Promise<void>>();
  const broken: unknown[] = [];
  let nextTick = startedAt + TICK_MS;
  let burst = 0;
  let isEnough = false;
  // Everything that was due before `until` has been started, whatever the time is by now.
  const look = (until: number) => {
    isEnough ||= tick(Math.min(clock.monotonic(), until) - startedAt) === 'enough';
    nextTick = clock.monotonic() + TICK_MS;
  };
  const pass = async (until: number) => {
    for (let now = clock.monotonic(); now < until && !isEnough; now = clock.monotonic()) {
      burst = 0;
      await clock.sleep(Math.min(until, nextTick) - now, signal);
      if (clock.monotonic() >= nextTick) look(until);
    }
  };
  for (let index = 0; index < total && broken.length === 0; index++) {
    const offsetMs = (index * 1_000) / rate;
    await pass(startedAt + offsetMs);
    if (isEnough) return;
    if (++burst > BURST) {
      burst = 0;
      await clock.sleep(0, signal);
      if (clock.monotonic() >= nextTick) look(startedAt + offsetMs);
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
