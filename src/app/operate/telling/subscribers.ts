import type { PlannedSubscription } from '../../../plan/index.ts';
import type { Notice } from '../../../runbook/index.ts';

/** Something that people may want to know, and where it is. */
export interface Topic {
  readonly notice: Notice;
  /** Of the phase it is about; absent for what is about the whole runbook, which everybody is told. */
  readonly environment?: string | undefined;
}

/** Channels that are told, each once, in the order in which they are named. */
export function channelsOf(subscriptions: readonly PlannedSubscription[], { notice, environment }: Topic): readonly string[] {
  const told = subscriptions.filter(
    (each) => each.on.includes(notice) && (each.environment === undefined || environment === undefined || each.environment === environment),
  );
  return [...new Set(told.flatMap(({ to }) => to))];
}
