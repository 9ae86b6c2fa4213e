import { z } from 'zod';
import type { Gate } from '../../access/index.ts';
import type { Clock } from '../../core/index.ts';
import type { GitHost } from '../../githost/index.ts';
import { ApplyRules } from '../../runbook/index.ts';
import type { Store } from '../../store/index.ts';
import type { Heads } from '../serve/heads.ts';
import type { Keeper } from '../serve/keeper.ts';
import type { Log } from '../serve/log.ts';
import type { App, Session } from '../types.ts';
import type { Wiring } from '../wiring.ts';

/** A repository whose pull requests are looked after. */
export interface PulledRepository {
  /** As the server calls it. */
  readonly name: string;
  readonly branch: string;
  readonly host: GitHost;
  /** As the host calls it. */
  readonly repo: string;
}
/** What the loop is built from. */
export interface PullsOptions {
  readonly app: App;
  readonly wiring: Wiring;
  readonly heads: Heads;
  readonly gate: Gate;
  readonly keeper: Keeper;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly repositories: readonly PulledRepository[];
  readonly session: Omit<Session, 'masker' | 'notice' | 'actor' | 'teams' | 'root'>;
  readonly settings: PullSettings;
  /** Something was put into this queue. */
  readonly wake: (queue: string) => void;
  /** Where people see a run. */
  readonly runUrl: (runId: string) => string | undefined;
  /** Most runs that this process drives at once. */
  readonly mostRuns: number;
}
/** How a server looks after pull requests. */
export const PullSettings = z.strictObject({
  /** For environments that say nothing themselves, and for phases without one. */
  apply: ApplyRules.optional(),
  /** Most runbooks that are planned unasked for one head; more are planned when somebody says so. */
  plans: z.int().min(0).max(1_000).default(20),
});
export type PullSettings = z.output<typeof PullSettings>;
/** Which pull request. */
export interface PullRef {
  /** As the settings call the host. */
  readonly host: string;
  readonly repo: string;
  readonly number: number;
}

/** Deliveries of Git hosts, verified and parsed; the intake puts them here. */
export const DELIVERIES = 'deliveries';
/** Pull requests that have to be brought up to date. */
export const PULLS = 'pulls';
/** Runs of pull requests that are looked at until they are over. */
export const FOLLOWS = 'pull-runs';

/** Name of a pull request where it is a key: things about one are done in order. */
export function keyOf({ host, repo, number }: PullRef): string {
  return `${host} ${repo}#${number}`;
}
