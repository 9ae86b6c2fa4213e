import type { Secret } from '../core/index.ts';
import type { Delivery } from './event.ts';

/**
 * One Git host. Repositories are named as the host names them: `owner/name`, on GitLab `group/subgroup/name`, on Bitbucket `PROJECT/slug`, and for bare
 * repositories as the configuration says. Names, numbers and texts are checked before they are sent; what comes back is untrusted text of bounded length.
 *
 * Every call may throw {@link HostError}: `HOST_NAME` (an argument), `HOST_NOT_FOUND`, `HOST_DENIED`, `HOST_RATE_LIMITED`, `HOST_UNREACHABLE`, `HOST_FAILED`,
 * `HOST_ANSWER` (it does not say what it must), `HOST_UNSUPPORTED`. Reads, and writes that may be repeated, have been tried again when a second try could help; a write that
 * may not be repeated is sent once, and `uncertain` says that nobody knows whether it arrived.
 */
export interface GitHost {
  /** As configured. */
  readonly name: string;
  readonly kind: HostKind;
  readonly can: Capabilities;
  readonly limits: HostLimits;
  /**
   * Verify the signature over the raw bytes, then parse. No I/O.
   *
   * @throws {SlipwayError} `SIGNATURE_MISSING`, `SIGNATURE_INVALID`, `SIGNATURE_STALE`, `DELIVERY_MALFORMED`.
   */
  receive(request: HostRequest): Delivery;
  /** The account that Slipway acts as. Asked once. */
  self(call?: Call): Promise<HostUser>;
  pull(repo: string, number: number, call?: Call): Promise<PullRequest>;
  /** Every file that the pull request changes. @throws {HostError} `PULL_TOO_LARGE` when the host does not list them all: ask the mirror instead. */
  changedFiles(repo: string, number: number, call?: Call): Promise<readonly ChangedPath[]>;
  /** Everybody who wrote or committed something in it. @throws {HostError} `PULL_TOO_LARGE` rather than leave somebody out. */
  committers(repo: string, number: number, call?: Call): Promise<readonly Committer[]>;
  /** The last opinion of everybody who has one. */
  approvals(repo: string, number: number, call?: Call): Promise<readonly Approval[]>;
  readonly comments: Comments;
  /** The last status of every context of a commit. */
  statuses(repo: string, sha: string, call?: Call): Promise<readonly CommitStatus[]>;
  /** Idempotent: nothing is sent when the host says the same already. Texts are cut to what the host takes. */
  setStatus(repo: string, sha: string, status: CommitStatus, call?: Call): Promise<void>;
  /** What this account may do now; `none` when the account of that id has another name by now, or none. */
  permission(repo: string, user: AccountRef, call?: Call): Promise<Permission>;
  /** Is the account in a group of the host (`org/team`, a GitLab group, a Bitbucket group) now? */
  isMember(group: string, user: AccountRef, call?: Call): Promise<boolean>;
  /**
   * Merge exactly this head. When it is merged already with this head, says how.
   *
   * @throws {HostError} `PULL_HEAD_MOVED`, `PULL_NOT_MERGEABLE`.
   */
  merge(repo: string, number: number, request: MergeRequest, call?: Call): Promise<Merged>;
  /** Idempotent: an open pull request from the same head into the same base is taken as it is. */
  openPullRequest(request: NewPullRequest, call?: Call): Promise<{ readonly number: number; readonly url: string; readonly created: boolean }>;
  /** Bytes of a file; undefined when the commit has none there. @throws {HostError} `FILE_TOO_LARGE` over 1 MiB. */
  fileAt(repo: string, ref: string, path: string, call?: Call): Promise<Uint8Array | undefined>;
  /** How git reads (or, asked for, writes) the repository. Short-lived: ask again for every fetch. */
  clone(repo: string, options?: { readonly write?: boolean }, call?: Call): Promise<CloneAccess>;
}

export type HostKind = 'github' | 'gitlab' | 'gitea' | 'bitbucket' | 'bare';
/** Every effect can be cancelled. */
export interface Call {
  readonly signal?: AbortSignal;
}
export interface Capabilities {
  /** Pull requests, comments, statuses, permissions: everything but `receive`, `fileAt` and `clone`. */
  readonly pulls: boolean;
  /** `exact`: the host says which commit was approved. `byTime`: Slipway works it out from when the head was pushed and when it was approved. */
  readonly approvals: 'exact' | 'byTime' | 'none';
  /** A reply stands below the comment it answers; else it is a comment like any other. */
  readonly threads: boolean;
  readonly groups: boolean;
}
export interface HostLimits {
  /** UTF-16 code units. */
  readonly commentChars: number;
  readonly statusContextChars: number;
  readonly statusDescriptionChars: number;
}
export interface HostRequest {
  /** In any case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array;
}

/** An account of the host. Names can be given to somebody else; ids cannot. */
export interface HostUser {
  readonly id: string;
  readonly login: string;
}
/** `id` makes sure that the name still belongs to the same account. */
export interface AccountRef {
  readonly login: string;
  readonly id?: string;
}
export type Permission = 'none' | 'read' | 'write' | 'admin';

export interface PullRequest {
  readonly number: number;
  readonly title: string;
  readonly url: string;
  readonly state: 'open' | 'closed' | 'merged';
  readonly draft: boolean;
  readonly author: HostUser;
  /** `repo` is absent when the fork is gone. */
  readonly head: { readonly repo?: string; readonly branch: string; readonly sha: string };
  /** `sha` is where the branch stands now. */
  readonly base: { readonly branch: string; readonly sha: string };
  /** True unless the head is known to be in the same repository. */
  readonly isFork: boolean;
  /** `unknown` while the host has not worked it out; whoever gates on it asks again. */
  readonly mergeable: 'yes' | 'no' | 'unknown';
  /** Commits of the base that the head has not; undefined when the host does not say, which counts as diverged. */
  readonly behindBy: number | undefined;
  readonly labels: readonly string[];
  /** The commit that brought it into the base. */
  readonly mergedAs?: string;
}
export interface ChangedPath {
  readonly path: string;
  readonly change: 'added' | 'modified' | 'deleted' | 'renamed';
  /** Of a renamed file: the name it had. */
  readonly previousPath?: string;
}
export interface Committer {
  readonly name: string;
  readonly email: string;
  /** When the host knows whose address it is. */
  readonly account?: HostUser;
}
export interface Approval {
  readonly user: HostUser;
  readonly state: 'approved' | 'changesRequested';
  /** The commit that was looked at; undefined when the host does not say, which counts for no commit. */
  readonly sha: string | undefined;
}
export interface Comments {
  /** Of the conversation, oldest first; remarks on lines of code are left out. */
  list(repo: string, number: number, call?: Call): Promise<readonly Comment[]>;
  /** Not idempotent: see `placeComment`. */
  create(repo: string, number: number, body: string, call?: Call): Promise<Comment>;
  /** @throws {HostError} `COMMENT_NOT_OURS`: no comment of somebody else is ever changed. `HOST_NOT_FOUND` when it is gone. */
  edit(comment: CommentRef, body: string, call?: Call): Promise<Comment>;
  /** Idempotent. */
  react(comment: CommentRef, reaction: Reaction, call?: Call): Promise<void>;
  /** Not idempotent: see `placeComment`. */
  reply(comment: CommentRef, body: string, call?: Call): Promise<Comment>;
}
export interface CommentRef {
  readonly repo: string;
  readonly number: number;
  readonly id: string;
}
export interface Comment {
  readonly id: string;
  readonly author: HostUser;
  readonly body: string;
  readonly url: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly edited: boolean;
}
/** What Slipway says with a reaction: it has seen a command, has done it, or will not. */
export type Reaction = 'seen' | 'done' | 'refused';
export interface CommitStatus {
  /** `slipway/plan: erp-to-cloud`. */
  readonly context: string;
  readonly state: 'pending' | 'success' | 'failure' | 'error';
  readonly description: string;
  readonly url?: string;
}
export interface MergeRequest {
  readonly sha: string;
  readonly method?: 'merge' | 'squash' | 'rebase';
  readonly title?: string;
}
export interface Merged {
  /** The commit in the base branch; undefined while the host has not written it. */
  readonly sha: string | undefined;
}
export interface NewPullRequest {
  readonly repo: string;
  /** Branches of that repository. */
  readonly head: string;
  readonly base: string;
  readonly title: string;
  readonly body: string;
}
export interface CloneAccess {
  /** Without credentials. */
  readonly url: string;
  /** Value of the `Authorization` header. */
  readonly authorization?: Secret;
  /** File of certificate authorities to trust instead of the machine's. */
  readonly caFile?: string;
  /** Under which ref the host keeps the head of a pull request, forks included; undefined where there are none. */
  readonly pullRef: (number: number) => string | undefined;
}
