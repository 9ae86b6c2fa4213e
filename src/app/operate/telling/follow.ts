import { z } from 'zod';
import type { Store } from '../../../store/index.ts';
import { ignoringConflicts } from '../documents.ts';

export const TOLD = 'told';
/** How far a run has been told. */
export const Told = z.object({ seq: z.number() });
export type Told = z.output<typeof Told>;

/** From now on everything that happens in a run is told, from its first event on, whoever drives it and whatever is killed. */
export async function followRun({ documents }: Store, runId: string): Promise<void> {
  if (await documents.get(TOLD, runId)) return;
  await ignoringConflicts(() => documents.put(TOLD, runId, { seq: 0 }, { ifVersion: 0 }));
}
