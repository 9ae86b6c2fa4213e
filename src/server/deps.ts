import type { App, Desk, Heads, Keeper, Log, Tokens } from '../app/index.ts';
import type { Gate } from '../access/index.ts';
import type { Clock } from '../core/index.ts';
import type { GitHost } from '../githost/index.ts';
import type { Store } from '../store/index.ts';
import type { ReadySettings } from './settings/index.ts';

/** What a server is built from. */
export interface ServerDeps {
  readonly settings: ReadySettings;
  readonly app: App;
  readonly desk: Desk;
  readonly heads: Heads;
  readonly gate: Gate;
  readonly tokens: Tokens;
  readonly store: Store;
  readonly keeper: Keeper;
  readonly clock: Clock;
  readonly log: Log;
  readonly version: string;
  readonly stateDir: string;
  /** Aborts when everything has to end. */
  readonly signal: AbortSignal;
  /** Aborts when nothing new may begin. */
  readonly drain: AbortSignal;
  /** Git hosts by name, as far as they take webhooks. */
  readonly receivers: ReadonlyMap<string, Pick<GitHost, 'receive'>>;
  /** A plan that was made here. @throws {SlipwayError} `PLAN_NOT_FOUND`. */
  readonly bundle: (digest: string) => ReturnType<App['readPlan']>;
  /** Id of the newest order that made this plan. */
  readonly planWith: (digest: string) => Promise<string | undefined>;
  /** Something was put into this queue. */
  readonly wake: (queue: string) => void;
}
