import type { Stack } from '@pulumi/pulumi/automation/index.js'; // types only: what needs the SDK is loaded when it is needed
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { digestOf, isObject, type Json, SlipwayError } from '../../core/index.ts';
import type { RunPulumi } from './command.ts';
import { countResources, digestOfState, hasSecret, recordedOutputs, textOf } from './deployment.ts';
import type { Collector } from './events.ts';
import { importResources } from './import.ts';
import { loadProgram, type StackProgram } from './program.ts';
import type { Carried, ChildResult, ChildState, Deployment, Request } from './protocol.ts';
import { exportStack, writeProject } from './export.ts';

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
const noProgram: StackProgram = async () => ({});

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
  const [before, program] = await bothOf(bench);
  refusePendingCreates(before);
  const stack = await open(bench, { before, program });
  // Anything unfinished but creates is settled by looking at the cloud first.
  const refresh = (before?.pending.length ?? 0) > 0;
  await stack.up({ ...common(bench), refresh, onEvent: bench.collector.onEvent });
  return { state: await stateNow(bench), counts: bench.collector.counts() };
}

async function previewUp(bench: Bench): Promise<ChildResult> {
  const [before, program] = await bothOf(bench);
  const where = before ? bench : throwAway(bench);
  const stack = await open(where, { before, program });
  await stack.preview({ ...common(bench), onEvent: bench.collector.onEvent });
  return { state: before ? await stateOf(bench, before) : NOTHING, counts: bench.collector.counts(), preview: bench.collector.preview() };
}

/** Operations that need no program, and have nothing to do when there is no stack. */
async function onExisting(bench: Bench): Promise<ChildResult> {
  const before = await exportStack(bench.run, bench.request);
  const { operation } = bench.request;
  if (!before && operation !== 'import') return { state: NOTHING, counts: {}, preview: bench.collector.preview() };
  if (operation === 'destroy' || operation === 'import') refusePendingCreates(before);
  const stack = await open(bench, { before, program: noProgram });
  await runOn(stack, bench, before);
  if (operation === 'previewDestroy' || operation === 'previewRefresh') {
    return { state: await stateNow(bench), counts: bench.collector.counts(), preview: bench.collector.preview() };
  }
  return { state: await stateNow(bench), counts: bench.collector.counts() };
}

async function runOn(stack: Stack, bench: Bench, before: Deployment | undefined): Promise<void> {
  const options = { ...common(bench), onEvent: bench.collector.onEvent };
  const { operation } = bench.request;
  const hasPending = (before?.pending.length ?? 0) > 0;
  if (operation === 'previewDestroy') await stack.previewDestroy(options);
  else if (operation === 'previewRefresh') await stack.previewRefresh(options);
  else if (operation === 'destroy') await stack.destroy({ ...options, refresh: hasPending });
  else if (operation === 'import') await importMissing(bench, before);
  else await stack.refresh({ ...options, clearPendingCreates: bench.request.options.clearPendingCreates === true });
}

/** What an interrupted import has done already is not done again. */
async function importMissing(bench: Bench, before: Deployment | undefined): Promise<void> {
  const there = new Set(before?.resources.map((resource) => `${textOf(resource['urn']).split('::').slice(2).join('::')} ${textOf(resource['id'])}`));
  const items = bench.request.items.filter(({ type, name, id }) => !there.has(`${type}::${name} ${id}`));
  if (items.length > 0) await importResources({ ...bench, request: { ...bench.request, items } });
}

async function open({ run, request }: Bench, how: { readonly before: Deployment | undefined; readonly program: StackProgram }): Promise<Stack> {
  const { openStack } = await import('./workspace.ts');
  return openStack(run, request, how);
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

/** Reading the state and loading the program need different things, so they overlap. */
async function bothOf(bench: Bench): Promise<[Deployment | undefined, StackProgram]> {
  const { request } = bench;
  const loading = bench.guard(() => loadProgram(request.checkout, request.project));
  loading.catch(() => undefined); // awaited below; until then a failure must not end the process
  const before = await exportStack(bench.run, request);
  const program = await loading;
  return [before, () => bench.guard(program)];
}

/** A stack that does not exist is previewed against an empty backend of its own, so that a preview changes nothing. */
function throwAway(bench: Bench): Bench {
  const backend = join(bench.request.workDir, 'backend');
  mkdirSync(backend, { mode: 0o700 });
  const env = { PULUMI_BACKEND_URL: pathToFileURL(backend).href, PULUMI_CONFIG_PASSPHRASE: randomBytes(16).toString('hex'), PULUMI_CONFIG_PASSPHRASE_FILE: '' };
  const { secretsProvider: _, ...request } = bench.request;
  return { ...bench, request, run: (args, options) => bench.run(args, { ...options, env: { ...options.env, ...env } }) };
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
