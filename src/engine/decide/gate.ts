import type { Gate } from '../../steps/index.ts';
import type { EventBody } from '../events.ts';

type Vote = Extract<EventBody, { type: 'voteCast' }>;
type Created = Extract<EventBody, { type: 'runCreated' }>;
export interface Tally {
  readonly approvers: readonly string[];
  readonly rejectedBy?: string;
  readonly isOpen: boolean;
}

/**
 * Count votes: one per person, the last one counts; only for this plan digest, only before the deadline (the journal's times),
 * only from somebody the gate names, never from an author, committer or the one who started the run when self-approval is
 * prevented. A single rejection closes the gate.
 */
export function tally(
  gate: Gate,
  votes: readonly Vote[],
  { created, planDigest }: { readonly created: Created | undefined; readonly planDigest: string },
): Tally {
  const counted = new Map<string, Vote>();
  for (const vote of votes) if (isEligible(vote, gate, { created, planDigest })) counted.set(vote.voter, vote);
  const rejected = [...counted.values()].find(({ decision }) => decision === 'reject');
  const approving = [...counted.values()].filter(({ decision }) => decision === 'approve');
  const isOpen =
    rejected === undefined && approving.length >= gate.required && gate.approvers.every((group) => countOf(group, approving) >= leastOf(group, gate));
  return { approvers: approving.map(({ voter }) => voter), isOpen, ...(rejected ? { rejectedBy: rejected.voter } : {}) };
}

/** May this vote count at all? */
export function isEligible(vote: Vote, gate: Gate, { created, planDigest }: { readonly created: Created | undefined; readonly planDigest: string }): boolean {
  if (vote.planDigest !== planDigest) return false;
  if (gate.preventSelfApproval && isSelf(vote, created)) return false;
  return gate.approvers.some((approver) => speaksFor(vote, approver));
}

function isSelf({ voter }: Vote, created: Created | undefined): boolean {
  const selves = created ? [created.actor, ...created.authors] : [];
  return selves.some((self) => isSamePerson(self.toLowerCase(), voter.toLowerCase()));
}

/** Git knows people by their address, as they typed it; people also call themselves by what is before the @. When in doubt it is the same person. */
function isSamePerson(one: string, other: string): boolean {
  return one === other || one.startsWith(`${other}@`) || other.startsWith(`${one}@`);
}

function speaksFor({ voter, teams }: Vote, approver: string): boolean {
  return approver.startsWith('team:') ? teams.includes(approver.slice('team:'.length)) : voter === approver;
}

function countOf(group: string, votes: readonly Vote[]): number {
  return votes.filter((vote) => speaksFor(vote, group)).length;
}

/** `perGroup` counts teams; a single person named beside them is not asked twice. */
function leastOf(group: string, { perGroup }: Gate): number {
  return group.startsWith('team:') ? perGroup : 0;
}
