import type { Notice } from '../../runbook/index.ts';
import type { Note } from '../../steps/index.ts';
import type { Store } from '../../store/index.ts';
import type { Head } from './heads.ts';
import { tellChannel } from './telling/queues.ts';
import { channelsOf } from './telling/subscribers.ts';

/** Something about a runbook that no run tells. */
export interface Told extends Omit<Note, 'id'> {
  readonly runbook: string;
  readonly notice: Notice;
  /** The same for the same thing, however often it is told. */
  readonly about: string;
}

/** Tell those whom the runbook names, and its environments, as the default branch has them now. */
export async function tellAbout(store: Store, { estate }: Head, { runbook: name, notice, ...told }: Told): Promise<void> {
  const loaded = estate.ok ? estate.value.repository.runbooks.get(name) : undefined;
  if (!estate.ok || !loaded) return;
  const { environments } = estate.value.repository;
  const names = new Set(loaded.runbook.phases.flatMap(({ environment }) => environment ?? []));
  const theirs = [...names].flatMap((environment) => environments.get(environment)?.environment.notifications ?? []);
  for (const channel of channelsOf([...(loaded.runbook.notifications ?? []), ...theirs], { notice }))
    await tellChannel(store, channel, { ...told, thread: name });
}
