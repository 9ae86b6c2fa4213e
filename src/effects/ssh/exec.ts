import { StringDecoder } from 'node:string_decoder';
import { type Clock, SlipwayError } from '../../core/index.ts';
import type { ExecRequest, SshControl } from '../../steps/index.ts';
import { commandLine, type Way } from './bootstrap.ts';
import { type Started, startCommand, type Waiting } from './channel.ts';
import type { Link } from './link.ts';
import { payloadText } from './payload.ts';
import { type End, followCommand, isWithin, type Session } from './session.ts';
import { STOP_MS, STOP_SCRIPT } from './stop.ts';
import { startTimer } from './timer.ts';
import { nameOf } from './trust.ts';

/** The result with bytes as they came. */
export interface RawResult {
  readonly exitCode: number | null;
  readonly signal?: string;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  readonly truncated: boolean;
  readonly durationMs: number;
}
export type RunControl = Pick<SshControl, 'signal' | 'onOutput'> & Pick<Waiting, 'isUrgent'>;
const READY_MS = 10_000;
/** So many bytes a server takes at once on a new channel; OpenSSH two million. */
const WITHIN_WINDOW = 16_384;

/**
 * Run shell text over a connection.
 *
 * @throws {SlipwayError} `SSH_UNREACHABLE`, `SSH_AUTH` (may not become the user), `SSH_VALUE`, `SSH_TIMEOUT`, `SSH_LOST`; or the
 * signal's reason, once the remote process group has ended.
 */
export async function runScript(link: Link, request: ExecRequest, control: RunControl, clock: Clock): Promise<RawResult> {
  const leave = await link.slots.take(control.signal);
  try {
    return await runInSlot(link, request, control, clock);
  } finally {
    leave();
  }
}

/** The same without waiting for a place: for what must go on while all places are taken. */
export async function runInSlot(link: Link, request: ExecRequest, control: RunControl, clock: Clock): Promise<RawResult> {
  for (;;) {
    const way = request.become ? 'long' : link.way;
    const result = await runOnce(way, link, { request, control, clock });
    if (result !== 'again') return result;
    // Its commands lead no process group of their own, and nothing was run.
    link.way = 'long';
  }
}

async function runOnce(way: Way, link: Link, { request, control, clock }: Omit<Run, 'link'>): Promise<RawResult | 'again'> {
  const started = clock.monotonic();
  const payload = payloadText({ ...request, hasInput: request.stdin !== undefined, isLast: way === 'long' });
  const command = await shellFor(way, link, { request, control, clock });
  const { session, sent } = converse(command, payload, { request, control, clock });
  link.noteCommand();
  const cut = Promise.withResolvers<End | 'timeout' | 'aborted'>();
  const stopTimer = startTimer(clock, request.timeoutMs, () => cut.resolve('timeout'));
  const forget = link.whenClosed(() => cut.resolve({ type: 'lost' }));
  const onAbort = (): void => cut.resolve('aborted');
  control.signal.addEventListener('abort', onAbort);
  if (control.signal.aborted) onAbort();
  void session.end.then(cut.resolve);
  try {
    const first = await cut.promise;
    if (first === 'timeout' || first === 'aborted') return await cutOff(first, session, sent(), { link, request, control, clock });
    if (session.greeting.wantsLongWay() && way === 'short') return 'again';
    return resultOf(first, session, { link, request, sent: sent() }, clock.monotonic() - started);
  } finally {
    forget();
    control.signal.removeEventListener('abort', onAbort);
    stopTimer();
    command.channel.close();
  }
}

/** A shell that reads our payload: one that waits already, or a new one. */
async function shellFor(way: Way, link: Link, { request, control, clock }: Omit<Run, 'link'>): Promise<Started> {
  const waiting = way === 'short' ? link.idle.takeShell() : undefined;
  return waiting ?? startCommand(link, commandLine(way, request.become), { ...control, clock });
}

interface Run {
  readonly link: Link;
  readonly request: ExecRequest;
  readonly control: RunControl;
  readonly clock: Clock;
}

/** Send what the far side waits for: the password when it asks, the payload when nobody can mistake it for a password, the input when it is read by the script only. */
function converse(command: Started, payload: string, { request, control, clock }: Omit<Run, 'link'>): { session: Session; sent: () => boolean } {
  const { channel } = command;
  const { stdin } = request;
  let sent = false;
  const send = (): void => {
    if (sent) return;
    sent = true;
    if (stdin !== undefined) channel.write(payload);
    else if (payload.length > WITHIN_WINDOW) channel.end(payload);
    else {
      // The same as `end`, but without the error that the library makes and drops when it ends the stream once more.
      channel.write(payload);
      channel.eof();
    }
  };
  const password = request.become?.password;
  const text = asText(control.onOutput);
  const session = followCommand(command, {
    clock,
    maxOutputBytes: request.maxOutputBytes,
    onStands: send,
    onReady: () => {
      if (stdin !== undefined) channel.end(stdin);
    },
    onPassword: () => {
      if (password && session.greeting.passwordsAsked() === 1) channel.write(`${password.reveal()}\n`);
      else channel.close();
    },
    onOutput: text.add,
  });
  void session.end.then(text.end);
  if (!request.become) send();
  return { session, sent: () => sent };
}

interface AsText {
  readonly add: (stream: 'stdout' | 'stderr', bytes: Buffer) => void;
  readonly end: () => void;
}

/** Pass output on as text: whole characters, and what is none as a replacement character. */
function asText(emit: RunControl['onOutput']): AsText {
  const decoders = { stdout: new StringDecoder('utf8'), stderr: new StringDecoder('utf8') };
  const pass = (stream: 'stdout' | 'stderr', text: string): void => {
    if (text !== '') emit?.(stream, text);
  };
  return {
    add: (stream, bytes) => pass(stream, decoders[stream].write(bytes)),
    end: () => {
      for (const stream of ['stdout', 'stderr'] as const) pass(stream, decoders[stream].end());
    },
  };
}

function resultOf(end: End, session: Session, run: { link: Link; request: ExecRequest; sent: boolean }, durationMs: number): RawResult {
  if (session.greeting.target() === undefined) throw notBegun(end, session, run);
  if (end.type === 'lost') throw lost(run.link, 'the connection ended before the command did');
  const { stdout, stderr } = session;
  return {
    exitCode: end.exitCode,
    ...(end.signal === undefined ? {} : { signal: end.signal }),
    stdout: stdout.bytes(),
    stderr: stderr.bytes(),
    truncated: stdout.truncated || stderr.truncated,
    durationMs,
  };
}

/** The bootstrap never spoke: the shell or the change of user refused, or the connection broke too early to know. */
function notBegun(end: End, session: Session, { link, request, sent }: { link: Link; request: ExecRequest; sent: boolean }): SlipwayError {
  const said = session.greeting.chatter().trim().slice(-500);
  if (end.type === 'lost' && sent && session.greeting.passwordsAsked() === 0) return lost(link, 'the connection ended before the command did');
  const { become } = request;
  if (become && (end.type === 'exit' || session.greeting.passwordsAsked() > 0)) {
    return new SlipwayError(
      'SSH_AUTH',
      `${nameOf(link.host)} does not let ${link.host.user} become ${become.user} by ${become.method}: ${said || 'wrong password'}`,
      {
        hint: 'check become in the runbook, its password, and the rules of sudo on the machine',
      },
    );
  }
  return new SlipwayError('SSH_UNREACHABLE', `${nameOf(link.host)} started no shell: ${said || 'it said nothing'}`, {
    retry: 'afterBackoff',
    hint: 'the account needs a login shell and /bin/sh, and no forced command',
  });
}

/** The command was started, and nobody saw its end. */
export function lost(link: Link, why: string): SlipwayError {
  return new SlipwayError('SSH_LOST', `lost ${nameOf(link.host)} while a command ran there: ${why}`, {
    retry: 'pauseForHuman',
    hint: 'the command may have run, or may still run: look at the machine, or declare idempotency, creates or unless, so that it can be run again',
  });
}

async function cutOff(why: 'timeout' | 'aborted', session: Session, sent: boolean, run: Run): Promise<never> {
  const { link, request, control, clock } = run;
  // A command cut off in its first moment still has to say which process it is.
  if (sent) await isWithin(Promise.race([session.ready, session.end, link.closed]), READY_MS, clock);
  const target = session.greeting.target();
  if (target === undefined && sent) throw lost(link, 'it did not say which process to end');
  if (target !== undefined && !(await isStopped(target, session, run))) throw lost(link, 'it could not be ended');
  if (why === 'aborted') throw control.signal.reason;
  await isWithin(session.end, 1_000, clock);
  throw new SlipwayError('SSH_TIMEOUT', `a command on ${nameOf(link.host)} took longer than ${request.timeoutMs} ms and was ended`, {
    hint: 'raise timeout in the runbook, or find out what it waits for',
  });
}

async function isStopped(target: string, session: Session, run: Run): Promise<boolean> {
  const { become } = run.request;
  const request: ExecRequest = {
    script: STOP_SCRIPT,
    env: { SLIPWAY_TARGET: target },
    timeoutMs: STOP_MS,
    maxOutputBytes: 4_096,
    ...(become ? { become } : {}),
  };
  try {
    const { exitCode } = await runBeside(run.link, request, { clock: run.clock, signal: AbortSignal.timeout(STOP_MS + 5_000) });
    return exitCode === 0;
  } catch {
    const end = await Promise.race([session.end, run.clock.sleep(0)]);
    return end !== undefined && end.type === 'exit';
  }
}

/**
 * Run shell text for somebody who holds a channel meanwhile. Not in a slot: all of them may be held by commands that must be ended. Nor need the server
 * grant one more channel: then it takes a connection of its own.
 */
export async function runBeside(link: Link, request: ExecRequest, { clock, signal }: Pick<Waiting, 'clock' | 'signal'>): Promise<RawResult> {
  const control = { signal, isUrgent: true };
  try {
    return await runInSlot(link, request, control, clock);
  } catch (thrown) {
    if (!link.isOpen() || !(thrown instanceof SlipwayError) || thrown.code !== 'SSH_UNREACHABLE') throw thrown;
    const twin = await link.twin(signal);
    try {
      return await runInSlot(twin, request, control, clock);
    } finally {
      twin.close();
    }
  }
}
