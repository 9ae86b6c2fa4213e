import type { JsonObject } from '../core/index.ts';
import type { Environment, LoadedCalendar, LoadedEnvironment, Repository } from '../runbook/index.ts';

/** What a change is held back by, from where the change itself cannot reach it. */
export interface Gates {
  /** Absolute path of the folder with the policies. */
  readonly policyDir: string;
  readonly environments: ReadonlyMap<string, LoadedEnvironment>;
  readonly calendars: ReadonlyMap<string, LoadedCalendar>;
}

/** Members of an environment that hold changes back; the others are what a change is about. */
const GATE_KEYS = ['approval', 'window', 'apply', 'production', 'zones', 'costCeiling'] as const satisfies readonly (keyof Environment)[];

/**
 * A repository whose environments have the gates of others, and whose calendars are the others'. An environment or calendar that only the repository
 * has stays as it is: whoever lets something happen has to ask whether it is known.
 */
export function withGates(repository: Repository, { environments, calendars }: Gates): Repository {
  const gated = new Map(repository.environments);
  for (const [name, trusted] of environments) {
    const own = gated.get(name);
    gated.set(name, own ? gatedBy(own, trusted) : trusted);
  }
  return { ...repository, environments: gated, calendars: new Map([...repository.calendars, ...calendars]) };
}

function gatedBy(own: LoadedEnvironment, trusted: LoadedEnvironment): LoadedEnvironment {
  return { ...own, source: merged(own.source, trusted.source), environment: merged(own.environment, trusted.environment) };
}

/** Without a gate of its own the other takes ours away: it says that there is none. */
function merged<T extends JsonObject | Environment>(own: T, trusted: T): T {
  const rest = Object.entries(own).filter(([key]) => !isGate(key));
  const gates = Object.entries(trusted).filter(([key]) => isGate(key));
  return Object.fromEntries<unknown>([...rest, ...gates]) as T; // the same members, from two of the same shape
}

function isGate(key: string): boolean {
  return GATE_KEYS.some((gate) => gate === key);
}
