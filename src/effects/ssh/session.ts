import type { Clock } from '../../core/index.ts';
import { PASSWORD_PROMPT, READY } from './bootstrap.ts';
import { type Capture, createCapture } from './capture.ts';
import type { Exit, Started } from './channel.ts';

/** After the command's own end, how long its children may still keep the output silent and open. */
const LINGER_MS = 3_000;
const MOST_CHATTER = 65_536;
const READY_LINE = new RegExp(`^${READY} (\\d+) (\\d+)\\n`, 'm');
const PASSWORD_ASKED = new RegExp(`${PASSWORD_PROMPT}|[Pp]assword: ?$`);

/** `lost`: the channel closed without telling how the command ended. */
export type End = Exit | { readonly type: 'lost' };

/** One running command, from the shell's first word to its end. */
export interface Session {
  readonly stdout: Capture;
  readonly stderr: Capture;
  readonly end: Promise<End>;
  /** Resolves when the far side has said where to send signals. */
  readonly ready: Promise<void>;
  /** Where to send signals: a process group (negative) or a process; undefined until the far side said it. */
  target(): string | undefined;
  /** What came before the command could begin: a banner, or why it could not. */
  chatter(): string;
  /** Times a password was asked for. */
  passwordsAsked(): number;
}

export interface SessionOptions {
  readonly clock: Clock;
  readonly maxOutputBytes: number;
  readonly onReady: () => void;
  readonly onPassword: () => void;
  readonly onOutput: (stream: 'stdout' | 'stderr', bytes: Buffer) => void;
}

/** Follow a command that is the bootstrap. */
export function followCommand(started: Started, options: SessionOptions): Session {
  const stdout = createCapture(options.maxOutputBytes);
  const stderr = createCapture(options.maxOutputBytes);
  const before = { stdout: '', stderr: '', target: undefined as string | undefined, asked: 0 };
  const begun = Promise.withResolvers<void>();
  let lastOutput = 0;
  const keep = (stream: 'stdout' | 'stderr', bytes: Buffer): void => {
    if (bytes.length === 0) return;
    lastOutput = options.clock.monotonic();
    (stream === 'stdout' ? stdout : stderr).add(bytes);
    options.onOutput(stream, bytes);
  };
  const greet = (bytes: Buffer): void => {
    before.stdout = (before.stdout + bytes.toString('latin1')).slice(-MOST_CHATTER);
    const ready = READY_LINE.exec(before.stdout);
    if (!ready) return;
    before.target = ready[1] === '0' ? ready[2] : `-${ready[1]}`;
    begun.resolve();
    options.onReady();
    keep('stdout', Buffer.from(before.stdout.slice(ready.index + ready[0].length), 'latin1'));
  };
  started.channel.on('data', (bytes: Buffer) => (before.target === undefined ? greet(bytes) : keep('stdout', bytes)));
  started.channel.stderr.on('data', (bytes: Buffer) => {
    if (before.target !== undefined) return keep('stderr', bytes);
    before.stderr = (before.stderr + bytes.toString('utf8')).slice(-MOST_CHATTER);
    if (!PASSWORD_ASKED.test(before.stderr)) return;
    before.stderr = '';
    before.asked++;
    options.onPassword();
  });
  return {
    stdout,
    stderr,
    end: endOf(started, options.clock, () => lastOutput),
    ready: begun.promise,
    target: () => before.target,
    chatter: () => before.stderr + before.stdout,
    passwordsAsked: () => before.asked,
  };
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
  const timer = new AbortController();
  const late = clock.sleep(ms, timer.signal).then(
    () => false,
    () => true,
  );
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    timer.abort();
  }
}
