const MOST_NAMED = 5;

/**
 * What looks at hosts come to, once every host in doubt has its own verdict on record: with one that nobody knows about, a person decides.
 *
 * @param unknown hosts about which a look told nothing, each with the reason.
 */
export function verdictOf(unknown: readonly string[]): { readonly verdict: 'notDone' } | { readonly verdict: 'unknown'; readonly reason: string } {
  if (unknown.length === 0) return { verdict: 'notDone' };
  const rest = unknown.length > MOST_NAMED ? `; and ${unknown.length - MOST_NAMED} more` : '';
  return { verdict: 'unknown', reason: unknown.slice(0, MOST_NAMED).join('; ') + rest };
}
