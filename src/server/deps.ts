import type { App, Desk, Heads, Keeper, Log, Session, Tokens } from '../app/index.ts';
import type { Gate } from '../access/index.ts';
import type { Clock, JsonObject } from '../core/index.ts';
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
  readonly receivers: ReadonlyMap<string, WebhookReceiver>;
  /** A plan that was made here. @throws {SlipwayError} `PLAN_NOT_FOUND`. */
  readonly bundle: (digest: string) => ReturnType<App['readPlan']>;
  /** Id of the newest order that made this plan. */
  readonly planWith: (digest: string) => Promise<string | undefined>;
  /** Something was put into this queue. */
  readonly wake: (queue: string) => void;
}

/** The part of a Git host that takes webhooks: verify, then say what came. No I/O. */
export interface WebhookReceiver {
  /** @throws {SlipwayError} `SIGNATURE_MISSING`, `SIGNATURE_INVALID`, `SIGNATURE_STALE`, `DELIVERY_MALFORMED`. */
  receive(request: { readonly headers: { readonly [name: string]: string | undefined }; readonly body: Uint8Array }): {
    readonly id: string;
    /** As it goes into the queue. */
    readonly payload: JsonObject;
    /** Deliveries about the same thing are worked on one after the other. */
    readonly orderKey?: string;
  };
}

/** A session of the use cases, for whoever calls. */
export type SessionParts = Pick<Session, 'actor' | 'teams' | 'root'> & Partial<Pick<Session, 'commit'>>;
