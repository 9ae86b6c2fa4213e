import type { Clock, Digest, Json, Secret } from '../core/index.ts';
import type { Host } from './host.ts';
import type { MetricsPort } from './metrics/port.ts';

/** The outside world as step kinds see it. Adapters are in src/effects (real) and src/rehearsal (stand-ins at the provider boundary only). */
export interface Ports {
  readonly clock: Clock;
  readonly http: HttpPort;
  readonly tcp: TcpPort;
  readonly ssh: SshPort;
  readonly pulumi: PulumiPort;
  readonly notify: NotifyPort;
  readonly evidence: EvidencePort;
  readonly policy: PolicyPort;
  readonly metrics: MetricsPort;
}

export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers?: { readonly [name: string]: string | Secret };
  readonly body?: string | Uint8Array;
  readonly timeoutMs: number;
  /** Bytes of body to keep; the rest is counted and dropped. */
  readonly maxBodyBytes: number;
  readonly followRedirects: boolean;
}
export interface HttpResponse {
  readonly status: number;
  readonly headers: { readonly [name: string]: string };
  readonly body: Uint8Array;
  readonly bodyBytes: number;
  /** From the request being handed to the network until the last byte, in milliseconds. */
  readonly totalMs: number;
}
export interface HttpPort {
  /** @throws {SlipwayError} `HTTP_UNREACHABLE`, `HTTP_TIMEOUT`, `HTTP_TLS`. */
  request(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse>;
}
export interface TcpPort {
  /** Connect and close. @throws {SlipwayError} `TCP_UNREACHABLE`, `TCP_TIMEOUT`. */
  connect(target: { readonly host: string; readonly port: number; readonly timeoutMs: number }, signal: AbortSignal): Promise<{ readonly connectMs: number }>;
}

export interface Become {
  readonly user: string;
  readonly method: 'sudo' | 'su' | 'doas';
  readonly password?: Secret;
}
export interface ExecRequest {
  /** Shell text; it never contains a value from data: those travel in `env`. */
  readonly script: string;
  readonly env: { readonly [name: string]: string | Secret };
  readonly shell?: string;
  readonly cwd?: string;
  readonly stdin?: Uint8Array;
  readonly become?: Become;
  /** After this the remote process group is killed. */
  readonly timeoutMs: number;
  /** Most bytes kept of each stream. */
  readonly maxOutputBytes: number;
}
export interface ExecResult {
  /** null when a signal ended it. */
  readonly exitCode: number | null;
  readonly signal?: string;
  readonly stdout: string;
  readonly stderr: string;
  readonly truncated: boolean;
  readonly durationMs: number;
}
export interface SshControl {
  /** Connections are pooled under this run and closed with it. */
  readonly runId: string;
  readonly signal: AbortSignal;
  readonly onOutput?: (stream: 'stdout' | 'stderr', text: string) => void;
  /** Whom `read` and `write` act as; `exec` says it in its request. */
  readonly become?: Become;
  /** Whose drafts `write` makes and removes; without it nobody finds one that a crash leaves. */
  readonly draft?: Draft;
}
/** What a write that was cut off leaves beside the file is found and removed by later attempts of the same work. */
export interface Draft {
  /** The same for all attempts of one task on one host, which writes one file at a time. Letters and digits. */
  readonly mark: string;
  /** From 1. */
  readonly attempt: number;
}
export interface RemoteFile {
  readonly path: string;
  readonly content: Uint8Array;
  /** Permission bits, for example 0o644. */
  readonly mode: number;
  readonly owner?: string;
  readonly group?: string;
}
/** A program, or the login shell, on a terminal. */
export interface TerminalRequest {
  /** Shell text without any value; the login shell when absent. */
  readonly command?: string;
  readonly columns: number;
  readonly rows: number;
}
export interface Terminal {
  /** What has come since the last call; waits for something. undefined: no more comes. */
  read(): Promise<string | undefined>;
  send(text: string | Secret): void;
  /** Rejects with `SSH_LOST` when the connection broke. */
  readonly ended: Promise<{ readonly exitCode: number | null }>;
  close(): void;
}
export interface SshPort {
  /**
   * Run shell text on a host.
   *
   * @throws {SlipwayError} `SSH_UNREACHABLE` (nothing was started), `SSH_HOST_KEY` (nothing was started),
   * `SSH_AUTH` (nothing was started), `SSH_TIMEOUT` (killed), `SSH_LOST` (started, end not seen: in doubt).
   */
  exec(host: Host, request: ExecRequest, control: SshControl): Promise<ExecResult>;
  /**
   * Open a terminal on a host.
   *
   * @throws {SlipwayError} `SSH_UNREACHABLE`, `SSH_HOST_KEY`, `SSH_AUTH`: nothing was started.
   */
  terminal(host: Host, request: TerminalRequest, control: SshControl): Promise<Terminal>;
  /** The file as it is there now, or undefined; content only up to `maxBytes`. */
  read(
    host: Host,
    path: string,
    maxBytes: number,
    control: SshControl,
  ): Promise<{ readonly content: Uint8Array; readonly mode: number; readonly digest: Digest } | undefined>;
  /** Write beside, check, rename: the file is whole or unchanged. */
  write(host: Host, file: RemoteFile, control: SshControl): Promise<void>;
  /** Close the connections of a run. */
  release(runId: string): Promise<void>;
}

export interface StackTarget {
  /** Folder under stacks/ of the checkout. */
  readonly program: string;
  /** Pulumi stack name. */
  readonly name: string;
  /** Absolute path of the checkout that holds stacks/. */
  readonly checkout: string;
  /** `key` or `namespace:key` to value; a Secret is stored encrypted by Pulumi. */
  readonly config: { readonly [key: string]: Json | Secret };
  readonly runId: string;
  readonly options?: StackOptions;
}
/** Finer wishes for one operation. */
export interface StackOptions {
  /** Kept in the history of the stack. */
  readonly message?: string;
  /** URNs; only these resources are touched. */
  readonly targets?: readonly string[];
  /** For refresh: forget creates that were interrupted, after somebody looked in the cloud. */
  readonly clearPendingCreates?: boolean;
}
export type StackOp = 'create' | 'update' | 'replace' | 'delete' | 'same' | 'import' | 'refresh' | 'read';
export interface StackChange {
  readonly op: StackOp;
  readonly type: string;
  readonly name: string;
  readonly urn: string;
  /** Names of the properties that change; never values, except through the allowlist. */
  readonly properties: readonly string[];
  /** Values of allow-listed properties (tags, region, encryption and exposure settings) that policies judge; never secret. */
  readonly facts: { readonly [name: string]: Json };
}
export interface StackPreview {
  readonly changes: readonly StackChange[];
  readonly counts: { readonly [op in StackOp]?: number };
  readonly warnings: readonly string[];
  /** True when inputs were not yet known, so that the real change may differ. */
  readonly approximate: boolean;
}
export interface PendingOperation {
  readonly urn: string;
  readonly operation: string;
}
export interface StackState {
  readonly exists: boolean;
  /** Digest of `deployment.resources`; of `[]` when the stack does not exist. */
  readonly digest: Digest;
  readonly resources: number;
  readonly outputs: { readonly [name: string]: Json | Secret };
  readonly pending: readonly PendingOperation[];
}
export interface StackResult {
  readonly counts: { readonly [op in StackOp]?: number };
  readonly outputs: { readonly [name: string]: Json | Secret };
  readonly stateDigest: Digest;
}
export interface StackControl {
  readonly signal: AbortSignal;
  /** One line of progress for people, already without values. */
  readonly onProgress?: (line: string) => void;
}
export interface ImportItem {
  readonly type: string;
  readonly name: string;
  readonly id: string;
}
/** Each operation runs in a child process of its own. @throws {SlipwayError} `PULUMI_*`; see src/effects/pulumi. */
export interface PulumiPort {
  state(target: StackTarget, control: StackControl): Promise<StackState>;
  preview(target: StackTarget, operation: 'up' | 'destroy' | 'refresh', control: StackControl): Promise<StackPreview>;
  up(target: StackTarget, control: StackControl): Promise<StackResult>;
  refresh(target: StackTarget, control: StackControl): Promise<StackResult>;
  destroy(target: StackTarget, control: StackControl): Promise<StackResult>;
  import(target: StackTarget, items: readonly ImportItem[], control: StackControl): Promise<StackResult>;
}

export interface NotifyPort {
  send(message: { readonly channel: string; readonly title: string; readonly text: string; readonly runId: string }, signal: AbortSignal): Promise<void>;
}
/** Large results (histograms, full outputs), addressed by content. */
export interface EvidencePort {
  put(bytes: Uint8Array): Promise<Digest>;
  /** @throws {SlipwayError} `EVIDENCE_MISSING`, `EVIDENCE_TAMPERED`. */
  get(digest: Digest): Promise<Uint8Array>;
}
export interface PolicyPort {
  /** Evaluate the named policy packages over an input document; fails closed. */
  evaluate(
    packages: readonly string[],
    input: Json,
    signal: AbortSignal,
  ): Promise<{ readonly findings: readonly { readonly rule: string; readonly level: 'deny' | 'soft' | 'warn'; readonly msg: string }[] }>;
}
