import type { Json, JsonObject, RetryAdvice } from '../../core/index.ts';
import type { ImportItem, PendingOperation, StackOp, StackPreview } from '../../steps/index.ts';

/** What a child can be asked to do. One child does one of these and ends. */
export type Operation = 'state' | 'previewUp' | 'previewDestroy' | 'previewRefresh' | 'up' | 'refresh' | 'destroy' | 'import' | 'unlock';

/** A value that may be secret; it exists in this form only inside the channel between parent and child. */
export interface Carried {
  readonly value: Json;
  readonly secret: boolean;
}
/** The one message a child gets before it starts. */
export interface Request {
  readonly operation: Operation;
  readonly project: string;
  readonly stack: string;
  /** Absolute path of the checkout. */
  readonly checkout: string;
  /** Absolute path of a folder that only this child uses; removed by the parent. */
  readonly workDir: string;
  readonly cli: string;
  readonly cliVersion: string;
  /** Environment of the Pulumi command beside the child's own: backend, passphrase. */
  readonly cliEnv: { readonly [name: string]: string };
  readonly secretsProvider?: string;
  /** `key` or `namespace:key`. */
  readonly config: { readonly [key: string]: Carried };
  readonly items: readonly ImportItem[];
  readonly options: OperationOptions;
  /** How long Pulumi may take to end after it was interrupted, in milliseconds; after this it is told to stop at once, and then killed. */
  readonly graceMs: number;
}
export interface OperationOptions {
  readonly message?: string;
  readonly targets?: readonly string[];
  readonly clearPendingCreates?: boolean;
}
export interface ChildState {
  readonly exists: boolean;
  /** Canonical SHA-256 over `deployment.resources`. */
  readonly digest: `sha256:${string}`;
  readonly resources: number;
  readonly outputs: { readonly [name: string]: Carried };
  readonly pending: readonly PendingOperation[];
}
export interface ChildResult {
  readonly state: ChildState;
  readonly counts: { readonly [op in StackOp]?: number };
  readonly preview?: StackPreview;
}
/** An error on its way to become a SlipwayError. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly retry: RetryAdvice;
  /** For `PULUMI_LOCKED`. */
  readonly holders?: readonly LockHolder[];
}
/** Who holds a lock of the backend, as the CLI tells it. */
export interface LockHolder {
  readonly user: string;
  readonly host: string;
  readonly pid: number;
  readonly at: string;
}
export type FromChild =
  | { readonly type: 'line'; readonly line: string }
  | { readonly type: 'done'; readonly result: ChildResult }
  | { readonly type: 'failed'; readonly failure: Failure };
export type ToChild = { readonly type: 'start'; readonly request: Request } | { readonly type: 'abort' };

/** Exported state as the CLI prints it; only what is read here. */
export interface Deployment {
  readonly resources: readonly JsonObject[];
  readonly pending: readonly PendingOperation[];
  readonly secretsProviders: { readonly type: string; readonly state: JsonObject } | undefined;
}
