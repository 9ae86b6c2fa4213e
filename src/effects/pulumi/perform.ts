import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { digestOf, isObject, type Json, SlipwayError } from '../../core/index.ts';
import type { RunPulumi } from './command.ts';
import { countResources, digestOfState, hasSecret, recordedOutputs, textOf } from './deployment.ts';
import { runDirect } from './direct.ts';
import type { Collector } from './events.ts';
import { exportStack } from './export.ts';
import { loadProgram } from './program.ts';
import { prepareStack, writeProject } from './settings.ts';
import type { Carried, ChildResult, ChildState, Deployment, Request } from './protocol.ts';

/** What an operation works with. */
export interface Bench {
  readonly request: Request;
  readonly run: RunPulumi;
  readonly collector: Collector;
  readonly signal: AbortSignal;
  /** Run code of the checkout and remember what it threw, because Pulumi only tells that it did. */
  readonly guard: <T>(work: () => Promise<T>) => Promise<T>;
}

const NOTHING: ChildState = { exists: false, digest: digestOf([]), resources: 0, outputs: {}, pending: [] };

/** Do the operation of the request. @throws whatever Pulumi throws; child.ts turns it into words. */
export async function perform(bench: Bench): Promise<ChildResult> {
  writeProject(bench.request);
  switch (bench.request.operation) {
    case 'state':
      return { state: await stateNow(bench), counts: {} };
    case 'unlock':
      await bench.run(['cancel', '--yes', '--non-interactive', '--stack', bench.request.stack], { cwd: bench.request.workDir });
      return { state: NOTHING, counts: {} };
    case 'previewUp':
      return previewUp(bench);
    case 'up':
      return up(bench);
    case 'previewDestroy':
    case 'previewRefresh':
    case 'refresh':
    case 'destroy':
    case 'import':
      return onExisting(bench);
    default:
      throw new SlipwayError('PULUMI_FAILED', `unknown operation ${String(bench.request.operation)}`);
  }
}

async function up(bench: Bench): Promise<ChildResult> {
  const { before, program, openStack } = await everything(bench);
  refusePendingCreates(before);
  await prepareStack(bench.run, bench.request, before);
  const stack = await openStack(bench.run, bench.request, program);
  // Anything unfinished but creates is settled by looking at the cloud first.
  const refresh = (before?.pending.length ?? 0) > 0;
  await stack.up({ ...common(bench), refresh, onEvent: bench.collector.onEvent });
  return { state: await stateNow(bench), counts: bench.collector.counts() };
}

async function previewUp(bench: Bench): Promise<ChildResult> {
  const { before, program, openStack } = await everything(bench);
  const where = before ? bench : throwAway(bench);
  await prepareStack(where.run, where.request, before);
  const stack = await openStack(where.run, where.request, program);
  await stack.preview({ ...common(bench), onEvent: bench.collector.onEvent });
  return { state: before ? await stateOf(bench, before) : NOTHING, counts: bench.collector.counts(), preview: bench.collector.preview() };
}

/** Operations that need no program, and have nothing to do when there is no stack. */
async function onExisting(bench: Bench): Promise<ChildResult> {
  const { run, request, collector } = bench;
  const { operation } = request;
  const before = await exportStack(run, request);
  if (!before && operation !== 'import') return { state: NOTHING, counts: {}, preview: collector.preview() };
  if (operation === 'destroy' || operation === 'import') refusePendingCreates(before);
  const wanted = operation === 'import' ? { ...request, items: missing(request, before) } : request;
  if (operation !== 'import' || wanted.items.length > 0) {
    await prepareStack(run, request, before);
    await runDirect({ run, request: wanted, collector }, { settlePending: (before?.pending.length ?? 0) > 0 });
  }
  return { state: await stateNow(bench), counts: collector.counts(), preview: collector.preview() };
}

/** What an interrupted import has done already is not done again. */
function missing({ items }: Request, before: Deployment | undefined): Request['items'] {
  const there = new Set(before?.resources.map((resource) => `${textOf(resource['urn']).split('::').slice(2).join('::')} ${textOf(resource['id'])}`));
  return items.filter(({ type, name, id }) => !there.has(`${type}::${name} ${id}`));
}

function common({ request: { options }, signal }: Bench) {
  return {
    signal,
    suppressOutputs: true,
    suppressProgress: true,
    ...(options.message === undefined ? {} : { message: options.message }),
    ...(options.targets === undefined ? {} : { target: [...options.targets] }),
  };
}

/** A pending create may have happened: doing it again could make the thing twice, so somebody must look. */
function refusePendingCreates(before: Deployment | undefined): void {
  const creates = before?.pending.filter((pending) => pending.operation === 'creating') ?? [];
  if (creates.length === 0) return;
  const names = creates.map((pending) => pending.urn.split('::').at(-1) ?? pending.urn);
  throw new SlipwayError('PULUMI_PENDING', `an interrupted run may or may not have created ${names.join(', ')}`, {
    hint: 'look in the cloud: when it is not there, run pulumi.refresh with clearPendingCreates: true; when it is there, clear it and then import it with pulumi.import',
    retry: 'pauseForHuman',
  });
}

/** State, program and SDK come from different places, so they are fetched together. */
async function everything(bench: Bench) {
  const { request, run } = bench;
  const loading = bench.guard(() => loadProgram(request.checkout, request.project));
  const sdk = import('./workspace.ts'); // loaded only here: it is what takes longest
  const [before, program, { openStack }] = await Promise.all([exportStack(run, request), loading, sdk]);
  return { before, program: () => bench.guard(program), openStack };
}

/** A stack that does not exist is previewed against an empty backend of its own, so that a preview changes nothing. */
function throwAway(bench: Bench): Bench {
  const backend = join(bench.request.workDir, 'backend');
  mkdirSync(backend, { mode: 0o700 });
  const env = { PULUMI_BACKEND_URL: pathToFileURL(backend).href, PULUMI_CONFIG_PASSPHRASE: randomBytes(16).toString('hex'), PULUMI_CONFIG_PASSPHRASE_FILE: '' };
  const { secretsProvider: _, ...rest } = bench.request;
  return {
    ...bench,
    request: { ...rest, cliEnv: { ...rest.cliEnv, ...env } },
    run: (args, options) => bench.run(args, { ...options, env: { ...options.env, ...env } }),
  };
}

async function stateNow(bench: Bench): Promise<ChildState> {
  const now = await exportStack(bench.run, bench.request);
  return now ? stateOf(bench, now) : NOTHING;
}

async function stateOf(bench: Bench, { resources, pending }: Deployment): Promise<ChildState> {
  const recorded = recordedOutputs(resources);
  const shown = hasSecret(recorded) ? await decryptedOutputs(bench) : recorded;
  const outputs: [string, Carried][] = Object.entries(recorded).map(([name, value]) => [name, { value: shown[name] ?? null, secret: hasSecret(value) }]);
  return { exists: true, digest: digestOfState(resources), resources: countResources(resources), outputs: Object.fromEntries(outputs), pending };
}

async function decryptedOutputs({ run, request }: Bench): Promise<{ readonly [name: string]: Json }> {
  const { stdout } = await run(['stack', 'output', '--json', '--show-secrets', '--non-interactive', '--stack', request.stack], { cwd: request.workDir });
  const outputs: unknown = JSON.parse(stdout);
  return isObject(outputs) ? outputs : {};
}
