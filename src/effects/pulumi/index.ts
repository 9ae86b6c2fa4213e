import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { EXIT, type Json, PATTERN, Secret, SlipwayError } from '../../core/index.ts';
import type { ImportItem, PulumiPort, StackControl, StackPreview, StackResult, StackState, StackTarget } from '../../steps/index.ts';
import { findPulumi, type PulumiCli } from './cli.ts';
import { childEnvironment, cliEnvironment } from './environment.ts';
import { openIntents, type Intents } from './intents.ts';
import { type Ending, runChild } from './process.ts';
import type { Carried, ChildResult, ChildState, Failure, Operation, Request } from './protocol.ts';

export { findPulumi, type PulumiCli } from './cli.ts';

export interface PulumiOptions {
  /** Absolute path; holds the default backend, the generated passphrase and records of running operations. */
  readonly stateDir: string;
  /** Environment of the orchestrator; only cloud credentials and the like are passed on. */
  readonly env: { readonly [name: string]: string | undefined };
  /** Absolute path of the Node executable that runs the children. */
  readonly node: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Any backend the CLI knows: `file://…`, `s3://…`, `azblob://…`, `gs://…`, `postgres://…`, `https://…`; a folder in stateDir unless told. */
  readonly backendUrl?: string;
  /** `passphrase` unless told; or `awskms://…`, `azurekeyvault://…`, `gcpkms://…`, `hashivault://…`. */
  readonly secretsProvider?: string;
  /** Found by findPulumi unless told. */
  readonly cli?: PulumiCli;
  /** Folder for plugins and credentials of Pulumi; `~/.pulumi` or PULUMI_HOME unless told. */
  readonly pulumiHome?: string;
  /** Folders of provider plugins, first on PATH. With any, Pulumi downloads nothing: this is how a rehearsal brings its stand-ins. */
  readonly pluginPath?: readonly string[];
  /** Added to the environment of the children. */
  readonly extraEnv?: { readonly [name: string]: string };
  /** Time Pulumi has to end after an interrupt, in milliseconds; 30 seconds unless told. */
  readonly graceMs?: number;
}

const GRACE_MS = 30_000;
/** After its grace, the watchdog of a child kills its session within this time. */
const DEAD_SESSION_MS = 8_000;

/**
 * Pulumi behind the port of the steps: every call is a short-lived child process.
 *
 * Calls throw {SlipwayError} `PULUMI_CLI_MISSING`, `PULUMI_LOCKED`, `PULUMI_PENDING`, `PULUMI_CONFIG`, `PULUMI_PROGRAM`, `PULUMI_NO_PROGRAM`,
 * `PULUMI_PROVIDER`, `PULUMI_PLUGIN`, `PULUMI_CREDENTIALS`, `PULUMI_PASSPHRASE`, `PULUMI_STATE`, `PULUMI_CANCELLED`, `PULUMI_CRASHED`, `PULUMI_FAILED`.
 */
export function createPulumi(options: PulumiOptions): PulumiPort {
  const context: Context = { options, intents: openIntents(join(options.stateDir, 'pulumi-intents')), cli: lazily(() => findPulumi(options.env)) };
  const result = async (operation: Operation, target: StackTarget, control: StackControl, items: readonly ImportItem[] = []) =>
    stackResult(await operate(context, { operation, target, control, items }));
  return {
    state: async (target, control) => stackState((await operate(context, { operation: 'state', target, control, items: [] })).state),
    preview: async (target, operation, control) => previewOf(await operate(context, { operation: PREVIEWS[operation], target, control, items: [] })),
    up: (target, control) => result('up', target, control),
    refresh: (target, control) => result('refresh', target, control),
    destroy: (target, control) => result('destroy', target, control),
    import: (target, items, control) => result('import', target, control, items),
  };
}

const PREVIEWS = { up: 'previewUp', destroy: 'previewDestroy', refresh: 'previewRefresh' } as const;

interface Context {
  readonly options: PulumiOptions;
  readonly intents: Intents;
  readonly cli: () => Promise<PulumiCli>;
}
interface Call {
  readonly operation: Operation;
  readonly target: StackTarget;
  readonly control: StackControl;
  readonly items: readonly ImportItem[];
}

async function operate(context: Context, call: Call): Promise<ChildResult> {
  const { target, control } = call;
  control.signal.throwIfAborted();
  checkTarget(target);
  const where = { backendUrl: backendOf(context.options), stack: `${target.program}/${target.name}`, host: hostname() };
  await outliveDead(context, call, where);
  const first = await once(context, call);
  if (first.type === 'done') {
    // We had the lock ourselves, so nothing of the dead is left to protect or to release.
    if (changesState(call.operation)) context.intents.forget(where);
    return first.result;
  }
  const { failure } = first;
  // A lock that a dead operation of ours left behind protects nothing any more.
  if (failure.code !== 'PULUMI_LOCKED' || !context.intents.areOurDead(failure.holders ?? [], where)) throw errorOf(failure);
  control.onProgress?.(`releasing the lock of ${where.stack} that a dead run left behind`);
  const released = await once(context, { ...call, operation: 'unlock' });
  if (released.type === 'failed') throw errorOf(released.failure);
  context.intents.forget(where);
  const second = await once(context, call);
  if (second.type === 'failed') throw errorOf(second.failure);
  return second.result;
}

const LOOK_MS = 200;

/**
 * Children of an orchestrator that died interrupt themselves. Until they have ended they hold the lock, and the state shows
 * what they are doing as unfinished; a run that was resumed quickly would take that for the truth.
 */
async function outliveDead({ options, intents }: Context, { control }: Call, where: Parameters<Intents['leftBehind']>[0]): Promise<void> {
  const until = performance.now() + (options.graceMs ?? GRACE_MS) + DEAD_SESSION_MS;
  if (intents.leftBehind(where).length === 0) return;
  control.onProgress?.(`waiting for an operation on ${where.stack} that a dead run left behind`);
  while (intents.leftBehind(where).length > 0 && performance.now() < until) await delay(LOOK_MS, undefined, { signal: control.signal });
}

async function once(context: Context, call: Call): Promise<Ending> {
  const { options, intents } = context;
  const { target, control, operation } = call;
  const cli = options.cli ?? (await context.cli());
  const backendUrl = backendOf(options);
  const workDir = makeWorkDir(options.stateDir);
  const stack = `${target.program}/${target.name}`;
  const end = changesState(operation)
    ? intents.begin({ backendUrl, stack, runId: target.runId, host: hostname(), pid: process.pid, workDir, startedAt: options.now() })
    : () => undefined;
  try {
    const request = requestFor(options, call, { cli, backendUrl, workDir });
    return await runChild(request, {
      node: options.node,
      env: environmentFor(options, call, cli),
      signal: control.signal,
      onLine: (line) => control.onProgress?.(line),
    });
  } finally {
    end();
    rmSync(workDir, { recursive: true, force: true });
  }
}

function changesState(operation: Operation): boolean {
  return operation === 'up' || operation === 'refresh' || operation === 'destroy' || operation === 'import';
}

function requestFor(
  options: PulumiOptions,
  { operation, target, items }: Call,
  { cli, backendUrl, workDir }: { cli: PulumiCli; backendUrl: string; workDir: string },
): Request {
  const secretsProvider = options.secretsProvider === 'passphrase' ? undefined : options.secretsProvider;
  const keyFile = join(options.stateDir, 'pulumi-passphrase.key');
  return {
    operation,
    project: target.program,
    stack: target.name,
    checkout: target.checkout,
    workDir,
    cli: cli.path,
    cliVersion: cli.version,
    cliEnv: cliEnvironment(options.env, { backendUrl, keyFile, needsPassphrase: secretsProvider === undefined }),
    ...(secretsProvider === undefined ? {} : { secretsProvider }),
    config: Object.fromEntries(Object.entries(target.config).map(([key, value]) => [key.includes(':') ? key : `${target.program}:${key}`, carried(value)])),
    items,
    options: target.options ?? {},
    graceMs: options.graceMs ?? GRACE_MS,
  };
}

function environmentFor(
  { env, stateDir, pluginPath = [], pulumiHome, extraEnv = {} }: PulumiOptions,
  { target }: Call,
  cli: PulumiCli,
): { [name: string]: string } {
  const home = pulumiHome ?? env['PULUMI_HOME'] ?? join(env['HOME'] ?? '', '.pulumi');
  return {
    ...childEnvironment(env, { cli: cli.path, pluginPath, home }),
    // Loading the SDKs is most of what an operation costs beside the clouds; compiled once, it takes a third.
    NODE_COMPILE_CACHE: join(stateDir, 'pulumi-compiled'),
    ...(pluginPath.length > 0 ? { PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: 'true' } : {}),
    ...extraEnv,
    ...(pluginPath.length > 0 ? standInRegions(target) : {}),
  };
}

/** Stand-ins are not told the configuration of their provider, so they read where they are from here. */
function standInRegions({ config }: StackTarget): { [name: string]: string } {
  const regions = { AWS_REGION: config['aws:region'], SLIPWAY_AZURE_LOCATION: config['azure-native:location'] };
  return Object.fromEntries(Object.entries(regions).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

/** Names reach paths and arguments; the runbook's schema checks them as well, this is the last door. */
function checkTarget({ program, name }: StackTarget): void {
  if (PATTERN.stack.test(`${program}/${name}`)) return;
  throw new SlipwayError('PULUMI_CONFIG', `"${program}/${name}" is not a stack`, { hint: 'write <folder under stacks>/<stack name>', exitCode: EXIT.usage });
}

function backendOf({ backendUrl, stateDir }: PulumiOptions): string {
  if (backendUrl !== undefined) return backendUrl;
  const folder = join(stateDir, 'pulumi');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return pathToFileURL(folder).href;
}

function makeWorkDir(stateDir: string): string {
  const parent = join(stateDir, 'pulumi-work');
  mkdirSync(parent, { recursive: true, mode: 0o700 });
  return mkdtempSync(join(parent, 'op-'));
}

const EXIT_CODES: Readonly<Record<string, SlipwayError['exitCode']>> = {
  PULUMI_LOCKED: EXIT.locked,
  PULUMI_CANCELLED: EXIT.cancelled,
  PULUMI_CONFIG: EXIT.usage,
  PULUMI_NO_PROGRAM: EXIT.notFound,
};
function errorOf({ code, message, hint, retry }: Failure): SlipwayError {
  return new SlipwayError(code, message, { retry, exitCode: EXIT_CODES[code] ?? EXIT.error, ...(hint === undefined ? {} : { hint }) });
}

function carried(value: Json | Secret): Carried {
  return value instanceof Secret ? { value: value.reveal(), secret: true } : { value, secret: false };
}
function opened({ value, secret }: Carried): Json | Secret {
  if (!secret) return value;
  return new Secret(typeof value === 'string' ? value : JSON.stringify(value));
}
function openedAll(outputs: ChildState['outputs']): { readonly [name: string]: Json | Secret } {
  return Object.fromEntries(Object.entries(outputs).map(([name, output]) => [name, opened(output)]));
}
function stackState({ outputs, ...state }: ChildState): StackState {
  return { ...state, outputs: openedAll(outputs) };
}
function stackResult({ counts, state }: ChildResult): StackResult {
  return { counts, outputs: openedAll(state.outputs), stateDigest: state.digest };
}
function previewOf({ preview }: ChildResult): StackPreview {
  return preview ?? { changes: [], counts: {}, warnings: [], approximate: false };
}
function lazily<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}
