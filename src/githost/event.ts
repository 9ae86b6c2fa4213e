import type { HostUser } from './port.ts';

/** What a host told us, signed. An event is a hint, never the truth: whoever handles it asks the host how things stand now. */
export interface Delivery {
  /** Name of the configured host. */
  readonly host: string;
  /** The host's own id of the delivery. Most hosts do not sign it, so that a replay may carry another one: see `cause`. */
  readonly id: string;
  /** Of the signed bytes: what happened, the same for every copy of it. Whoever acts derives idempotency keys from this. */
  readonly cause: string;
  /** The repository it is about, when it is about one. */
  readonly repo: string | undefined;
  readonly event: HostEvent;
  /** Which of the configured secrets signed it, counted from 0; others than the first are being rotated out. */
  readonly secretIndex: number;
}

export type HostEvent =
  PullRequestEvent | CommentEvent | ReviewEvent | PushEvent | { readonly type: 'ping' } | { readonly type: 'ignored'; readonly why: string };

export interface PullRequestEvent {
  readonly type: 'pullRequest';
  /** `updated`: other commits, another base, no draft any more. `edited`: words and labels. */
  readonly action: 'opened' | 'updated' | 'edited' | 'reopened' | 'closed' | 'merged';
  readonly repo: string;
  readonly number: number;
  readonly head: string;
  readonly sender: HostUser;
}
export interface CommentEvent {
  readonly type: 'comment';
  readonly action: 'created' | 'edited' | 'deleted';
  readonly repo: string;
  readonly number: number;
  readonly comment: { readonly id: string; readonly author: HostUser; readonly body: string };
  /** Whoever did this; not the author when somebody edits the comment of another. */
  readonly sender: HostUser;
}
export interface ReviewEvent {
  readonly type: 'review';
  readonly action: 'approved' | 'changesRequested' | 'commented' | 'dismissed';
  readonly repo: string;
  readonly number: number;
  readonly sender: HostUser;
}
export interface PushEvent {
  readonly type: 'push';
  readonly repo: string;
  /** One delivery of some hosts tells of several. */
  readonly changes: readonly RefChange[];
  /** Absent where the host does not know, as for bare repositories. */
  readonly sender?: HostUser;
}
export interface RefChange {
  /** `refs/heads/main`. */
  readonly ref: string;
  /** Undefined when the ref is new. */
  readonly before: string | undefined;
  /** Undefined when the ref was deleted. */
  readonly after: string | undefined;
}
