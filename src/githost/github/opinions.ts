import type { z } from 'zod';
import type { Approval } from '../port.ts';
import type { Review } from './shapes.ts';

/** The newest of everybody; remarks without an opinion change nothing, and a dismissed opinion is none. */
export function lastOpinions(reviews: readonly z.infer<typeof Review>[]): readonly Approval[] {
  const last = new Map<string, Approval>();
  for (const { user, state, commit_id: sha } of [...reviews].sort((a, b) => a.id - b.id)) {
    if (!user || !['APPROVED', 'CHANGES_REQUESTED', 'DISMISSED'].includes(state)) continue;
    last.delete(user.id);
    if (state !== 'DISMISSED') last.set(user.id, { user, state: state === 'APPROVED' ? 'approved' : 'changesRequested', sha: sha ?? undefined });
  }
  return [...last.values()];
}
