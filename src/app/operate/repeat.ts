import { messageOf } from '../../core/index.ts';
import type { Operating } from './operating.ts';

/** Something that is done again and again. */
export interface Repeated {
  /** For people: `schedules`. */
  readonly what: string;
  readonly everyMs: number;
  readonly act: () => Promise<void>;
}
const TOLD_AGAIN_MS = 10 * 60_000;

/** Do it until told to stop. A failure is told and does not end it: what cannot be done now is done the next time. */
export async function repeat({ clock, stop, notice }: Pick<Operating, 'clock' | 'stop' | 'notice'>, { what, everyMs, act }: Repeated): Promise<void> {
  const told = new Map<string, number>();
  while (!stop.aborted) {
    try {
      await act();
    } catch (cause) {
      const words = `${what}: ${messageOf(cause)}`;
      const isNews = clock.now() - (told.get(words) ?? -Infinity) > TOLD_AGAIN_MS;
      if (isNews && !stop.aborted) notice(words);
      if (isNews) told.set(words, clock.now());
    }
    await clock.sleep(everyMs, stop).catch(() => undefined);
  }
}
