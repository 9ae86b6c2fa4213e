import { EXIT, messageOf, SlipwayError } from '../../core/index.ts';
import type { Preview, PreviewContext, ProbeResult, StepContext, StepOutcome } from '../kind.ts';
import type { StackControl, StackPreview, StackResult, StackTarget } from '../ports.ts';
import type { StackInput } from './shape.ts';

type Counts = StackResult['counts'];
const BEAT_MS = 5_000;
const WORDS: readonly (readonly [keyof Counts, string])[] = [
  ['create', 'created'],
  ['update', 'updated'],
  ['replace', 'replaced'],
  ['delete', 'deleted'],
  ['import', 'imported'],
];

/** The stack a step is about, as the port wants it. */
export function targetOf(
  { stack, config, message, targets }: StackInput,
  { checkout, runId, path }: { readonly checkout: string; readonly runId: string; readonly path: string },
): StackTarget {
  const [program = '', name = ''] = stack.split('/');
  return { program, name, checkout, runId, config, options: { message: message ?? `${runId} ${path}`, ...(targets === undefined ? {} : { targets }) } };
}

/** Run one stack operation with progress and heartbeats, and tell its outcome. */
export async function operate(
  input: StackInput,
  context: StepContext,
  operation: (target: StackTarget, control: StackControl) => Promise<StackResult>,
): Promise<StepOutcome> {
  const result = await whileBeating(context, (control) => operation(targetOf(input, context), control));
  return outcomeOf(input.stack, result);
}

/** Do something long: progress is logged, and a heartbeat is given also when a cloud says nothing for minutes. */
export async function whileBeating<T>({ signal, heartbeat, log, ports }: StepContext, work: (control: StackControl) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const beating = beat(() => ports.clock.sleep(BEAT_MS, stop.signal), heartbeat);
  try {
    return await work({ signal, onProgress: (line) => log(line) });
  } finally {
    stop.abort(new Error('the operation has ended'));
    await beating;
  }
}

async function beat(pause: () => Promise<void>, heartbeat: () => void): Promise<void> {
  try {
    for (;;) {
      heartbeat();
      await pause();
    }
  } catch {
    // ended with the operation
  }
}

/**
 * After a crash: finish what Pulumi has on record as unfinished, by looking at the cloud. A stack operation converges, so it
 * is then simply run again; only a create that nobody can look up needs a person.
 */
export async function probe(input: StackInput, context: StepContext): Promise<ProbeResult> {
  const target = targetOf(input, context);
  const { pulumi } = context.ports;
  const state = await whileBeating(context, (control) => pulumi.state(target, control));
  if (state.pending.length === 0) return { verdict: 'notDone' };
  await whileBeating(context, (control) => pulumi.refresh(target, control));
  const { pending } = await whileBeating(context, (control) => pulumi.state(target, control));
  if (pending.length === 0) return { verdict: 'notDone' };
  const names = pending.map(({ urn, operation }) => `${operation} ${urn.split('::').at(-1) ?? urn}`).join(', ');
  return {
    verdict: 'unknown',
    reason: `${input.stack} was interrupted while ${names}; look in the cloud, then run pulumi.refresh with clearPendingCreates: true, or import what is there`,
  };
}

/** What a plan shows of a stack step. */
export async function previewOf(
  input: StackInput,
  operation: 'up' | 'destroy' | 'refresh',
  { ports, checkout, signal, approximate }: PreviewContext,
): Promise<Preview> {
  const target = targetOf(input, { checkout, runId: 'plan', path: operation });
  try {
    const { digest } = await ports.pulumi.state(target, { signal });
    const preview = await ports.pulumi.preview(target, operation, { signal });
    return { type: 'stack', stack: input.stack, operation, stateDigest: digest, preview: approximate ? { ...preview, approximate: true } : preview };
  } catch (cause) {
    // A place holder for what only the run knows need not be a valid value for the program.
    if (!approximate || !isAboutInput(cause)) throw cause;
    return { type: 'note', text: `${input.stack} cannot be previewed before earlier steps have run: ${messageOf(cause)}` };
  }
}

/** @throws {SlipwayError} `PULUMI_UNEXPECTED_CHANGES` when the preview has any change. */
export function refuseChanges(stack: string, { changes }: StackPreview): void {
  const real = changes.filter(({ op }) => op !== 'same' && op !== 'read');
  if (real.length === 0) return;
  const some = real.slice(0, 3).map(({ op, name, type }) => `${op} ${name} (${type})`);
  throw new SlipwayError(
    'PULUMI_UNEXPECTED_CHANGES',
    `${stack} should not change, but would: ${some.join(', ')}${real.length > 3 ? ` and ${real.length - 3} more` : ''}`,
    {
      exitCode: EXIT.unexpectedChanges,
      hint: 'somebody changed the cloud or the program; look at the preview before going on',
    },
  );
}

/** `2 created, 1 updated`, or `no changes`. */
export function wordsFor(counts: Counts): string {
  const parts = WORDS.flatMap(([op, word]) => (counts[op] === undefined || counts[op] === 0 ? [] : [`${counts[op]} ${word}`]));
  return parts.length === 0 ? 'no changes' : parts.join(', ');
}

export function hasChanges(counts: Counts): boolean {
  return WORDS.some(([op]) => (counts[op] ?? 0) > 0);
}

function outcomeOf(stack: string, { counts, outputs, stateDigest }: StackResult): StepOutcome {
  return { status: hasChanges(counts) ? 'changed' : 'ok', outputs: { stack, outputs, counts: { ...counts }, stateDigest }, summary: wordsFor(counts) };
}

function isAboutInput(cause: unknown): boolean {
  return cause instanceof SlipwayError && ['PULUMI_CONFIG', 'PULUMI_PROGRAM'].includes(cause.code);
}
