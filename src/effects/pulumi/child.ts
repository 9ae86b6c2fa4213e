import { Worker } from 'node:worker_threads';
import { extname } from 'node:path';
import { createMasker, isObject, type Json, type Masker, SlipwayError } from '../../core/index.ts';
import { CommandFailed, createCommand } from './command.ts';
import { type Collector, createCollector } from './events.ts';
import { failureOf } from './errors.ts';
import type { ProviderDefaults } from './facts/index.ts';
import { signWorkDir } from './intents.ts';
import { perform } from './perform.ts';
import { configText } from './program.ts';
import type { Failure, FromChild, Request, ToChild } from './protocol.ts';

// The process of one stack operation. It is told what to do over its channel, does it, tells the end, and exits. When
// the channel closes, the parent is gone: the operation is interrupted, and nothing stays behind.

const stop = new AbortController();
process.on('message', (message: ToChild) => {
  if (message.type === 'abort') stop.abort(new Error('cancelled'));
  else void work(message.request);
});
process.once('disconnect', () => stop.abort(new Error('the parent is gone')));
// A terminal sends ^C to the whole group; the parent decides what it means.
process.on('SIGINT', () => undefined);

async function work(request: Request): Promise<void> {
  watchParent(request.graceMs);
  signWorkDir(request.workDir);
  const masker = maskerOf(request);
  const collector = createCollector((line) => tell({ type: 'line', line: masker.mask(line) }), defaultsOf(request));
  const program: { error: unknown } = { error: undefined };
  const guard = async <T>(inner: () => Promise<T>): Promise<T> => {
    try {
      return await inner();
    } catch (cause) {
      program.error = cause;
      throw cause;
    }
  };
  const run = createCommand({ cli: request.cli, env: { ...process.env, ...request.cliEnv }, signal: stop.signal, graceMs: request.graceMs });
  try {
    finish({ type: 'done', result: await perform({ request, run, collector, signal: stop.signal, guard }) });
  } catch (thrown) {
    const failure = failureFrom(thrown, { request, collector, programError: program.error });
    finish({ type: 'failed', failure: { ...failure, message: masker.mask(failure.message) } });
  }
}

function failureFrom(thrown: unknown, { request, collector, programError }: { request: Request; collector: Collector; programError: unknown }): Failure {
  if (thrown instanceof SlipwayError && !stop.signal.aborted) {
    const { code, message, hint, retry } = thrown;
    return { code, message, retry, ...(hint === undefined ? {} : { hint }) };
  }
  return failureOf({
    thrown,
    output: thrown instanceof CommandFailed ? thrown.output : undefined,
    programError,
    resourceErrors: collector.resourceErrors(),
    messages: collector.messages(),
    isAborted: stop.signal.aborted,
    checkout: request.checkout,
  });
}

/** What the provider adds by itself, so that facts tell the final tags and regions. */
function defaultsOf({ config }: Request): ProviderDefaults {
  const known = (key: string): Json | undefined => (config[key]?.secret === false ? config[key].value : undefined);
  const region = known('aws:region') ?? process.env['AWS_REGION'];
  const location = known('azure-native:location');
  const tags = isObject(known('aws:defaultTags')) ? (known('aws:defaultTags') as { readonly tags?: Json }).tags : undefined; // an object, as just checked
  return {
    ...(typeof region === 'string' ? { awsRegion: region } : {}),
    ...(typeof location === 'string' ? { azureLocation: location } : {}),
    tags: isObject(tags) ? Object.fromEntries(Object.entries(tags).map(([key, value]) => [key, configText(value)])) : {},
  };
}

function maskerOf({ config }: Request): Masker {
  const masker = createMasker();
  for (const { value, secret } of Object.values(config)) if (secret) masker.add(configText(value));
  return masker;
}

function watchParent(graceMs: number): void {
  const file = new URL(`./watchdog${extname(import.meta.url)}`, import.meta.url);
  const allowanceMs = 6_000; // Pulumi has its grace, and five seconds more before it is killed
  new Worker(file, { workerData: { parent: process.ppid, graceMs: graceMs + allowanceMs } }).unref();
}

function tell(message: FromChild): void {
  if (process.connected) process.send?.(message);
}

function finish(message: FromChild): void {
  const exit = () => process.exit(0); // sockets to the engine may be open; nothing is left to do
  if (process.connected) process.send?.(message, undefined, {}, exit);
  else exit();
}
