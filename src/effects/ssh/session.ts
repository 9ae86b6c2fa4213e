import type { Clock } from '../../core/index.ts';
import { type Capture, createCapture } from './capture.ts';
import type { Exit, Started } from './channel.ts';
import { createGreeting, type Greeting } from './greeting.ts';
import { startTimer } from './timer.ts';

/** After the command's own end, how long its children may still keep the output silent and open. */
const LINGER_MS = 3_000;

/** `lost`: the channel closed without telling how the command ended. */
export type End = Exit | { readonly type: 'lost' };

/** One running command, from the shell's first word to its end. */
export interface Session {
  readonly stdout: Capture;
  readonly stderr: Capture;
  readonly end: Promise<End>;
  /** Resolves when the far side has said where to send signals. */
  readonly ready: Promise<void>;
  readonly greeting: Pick<Greeting, 'target' | 'wantsLongWay' | 'chatter' | 'passwordsAsked'>;
}

export interface SessionOptions {
  readonly clock: Clock;
  readonly maxOutputBytes: number;
  /** A shell of the other user reads its input now. */
  readonly onStands: () => void;
  readonly onReady: () => void;
  readonly onPassword: () => void;
  readonly onOutput: (stream: 'stdout' | 'stderr', bytes: Buffer) => void;
}

/** Follow a command from the moment its shell was started. */
export function followCommand(started: Started, options: SessionOptions): Session {
  const stdout = createCapture(options.maxOutputBytes);
  const stderr = createCapture(options.maxOutputBytes);
  const begun = Promise.withResolvers<void>();
  let lastOutput = 0;
  const keep = (stream: 'stdout' | 'stderr', bytes: Buffer): void => {
    if (bytes.length === 0) return;
    lastOutput = options.clock.monotonic();
    (stream === 'stdout' ? stdout : stderr).add(bytes);
    options.onOutput(stream, bytes);
  };
  const greeting = createGreeting({
    onStands: options.onStands,
    onPassword: options.onPassword,
    onReady: () => {
      begun.resolve();
      options.onReady();
    },
  });
  started.channel.on('data', (bytes: Buffer) => {
    const own = greeting.isOver() ? bytes : greeting.addStdout(bytes);
    if (own) keep('stdout', own);
  });
  started.channel.stderr.on('data', (bytes: Buffer) => (greeting.isOver() ? keep('stderr', bytes) : greeting.addStderr(bytes)));
  return { stdout, stderr, end: endOf(started, options.clock, () => lastOutput), ready: begun.promise, greeting };
}

async function endOf({ channel, exited, closed }: Started, clock: Clock, lastOutput: () => number): Promise<End> {
  const first = await Promise.race([exited, closed]);
  if (!first) return { type: 'lost' };
  // A child left behind in the background may hold the output open for ever; the command itself has ended.
  for (let silentSince = clock.monotonic(); clock.monotonic() - silentSince < LINGER_MS; silentSince = Math.max(silentSince, lastOutput())) {
    if (await isWithin(closed, LINGER_MS, clock)) return first;
  }
  channel.close();
  return first;
}

/** Does the promise resolve within so many milliseconds? Leaves no timer behind. */
export async function isWithin(promise: Promise<unknown>, ms: number, clock: Clock): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<boolean>();
  const stop = startTimer(clock, ms, () => resolve(false));
  promise.then(
    () => resolve(true),
    () => resolve(true),
  );
  try {
    return await late;
  } finally {
    stop();
  }
}
