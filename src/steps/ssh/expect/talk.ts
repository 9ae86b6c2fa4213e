import { Secret, SlipwayError } from '../../../core/index.ts';
import type { HostContext } from '../../kind.ts';
import { matchEnds } from '../../pattern.ts';
import type { Terminal } from '../../ports.ts';
import { lastLines, plainText } from './clean.ts';

const MOST_KEPT = 256 << 10;
const MOST_LOOKED_AT = 64 << 10;
const SHOWN_LINES = 5;
/** What the Enter key of a terminal sends. */
const ENTER = '\r';

const LATE = Symbol('late');

/** One turn: wait for this, then type that. */
export interface Turn {
  readonly expect: string;
  readonly send?: string | Secret | undefined;
  readonly enter: boolean;
  /** Longest wait, in milliseconds. */
  readonly timeout: number;
}
export interface Talk {
  /** Everything that was shown; what was typed only as far as the far side shows it. Without the secrets. */
  readonly transcript: string;
  readonly exitCode: number | null;
}
interface Reading {
  readonly terminal: Terminal;
  readonly context: HostContext;
  /** Shown, and not yet matched. */
  open: string;
  transcript: string;
  /** The line that is not complete yet. */
  line: string;
  readonly mask: (text: string) => string;
}

/**
 * Have a conversation: each turn begins behind what the turn before has matched.
 *
 * @throws {SlipwayError} `SSH_EXPECT` with the last lines when something else is shown, or nothing; `SSH_LOST`.
 */
export async function talk(terminal: Terminal, turns: readonly Turn[], context: HostContext, waitForEnd: number | undefined): Promise<Talk> {
  const reading: Reading = { terminal, context, open: '', transcript: '', line: '', mask: maskerOf(turns) };
  for (const [index, turn] of turns.entries()) {
    await waitFor(turn, index, reading);
    if (turn.send === undefined) continue;
    terminal.send(turn.send);
    if (turn.enter) terminal.send(ENTER);
    context.log(`> ${turn.send instanceof Secret ? '[secret]' : turn.send}`);
  }
  const exitCode = waitForEnd === undefined ? null : await end(reading, waitForEnd);
  if (reading.line !== '') context.log(reading.mask(reading.line));
  return { transcript: reading.mask(reading.transcript), exitCode };
}

/** Secrets that were typed may be shown again by the far side. */
function maskerOf(turns: readonly Turn[]): (text: string) => string {
  const secrets = turns.flatMap(({ send }) => (send instanceof Secret && send.reveal() !== '' ? [send.reveal()] : []));
  return (text) => secrets.reduce((masked, secret) => masked.replaceAll(secret, '[secret]'), text);
}

async function waitFor(turn: Turn, index: number, reading: Reading): Promise<void> {
  const { clock } = reading.context.ports;
  const until = clock.monotonic() + turn.timeout;
  for (;;) {
    const matched = matchEnds(turn.expect, [reading.open])[0] ?? -1;
    if (matched >= 0) {
      reading.open = reading.open.slice(matched);
      return;
    }
    const more = await readUntil(reading, until);
    if (more !== 'more') throw unmet(turn, { index, why: more === 'ended' ? 'the terminal ended' : `nothing came for ${turn.timeout} ms` }, reading);
  }
}

async function readUntil(reading: Reading, until: number): Promise<'more' | 'ended' | 'late'> {
  const { clock } = reading.context.ports;
  const timer = new AbortController();
  const late = clock.sleep(Math.max(0, until - clock.monotonic()), timer.signal).then(
    (): typeof LATE => LATE,
    (): typeof LATE => LATE,
  );
  try {
    const text = await Promise.race([reading.terminal.read(), late]);
    reading.context.signal.throwIfAborted();
    if (text === LATE) return 'late';
    if (text === undefined) {
      await reading.terminal.ended; // a connection that broke says so
      return 'ended';
    }
    take(plainText(text), reading);
    return 'more';
  } finally {
    timer.abort();
  }
}

function take(text: string, reading: Reading): void {
  reading.context.heartbeat();
  reading.open = (reading.open + text).slice(-MOST_LOOKED_AT);
  reading.transcript = (reading.transcript + text).slice(-MOST_KEPT);
  const lines = (reading.line + text).split('\n');
  reading.line = lines.pop() ?? '';
  for (const line of lines) reading.context.log(reading.mask(line));
}

async function end(reading: Reading, timeoutMs: number): Promise<number | null> {
  const until = reading.context.ports.clock.monotonic() + timeoutMs;
  for (;;) {
    const more = await readUntil(reading, until);
    if (more === 'ended') return (await reading.terminal.ended).exitCode;
    if (more === 'late')
      throw new SlipwayError('SSH_EXPECT', `the program on ${reading.context.host.name} did not end within ${timeoutMs} ms: ${shown(reading)}`, HINT);
  }
}

const HINT = { hint: 'see the whole conversation with slipway logs, then correct what is expected', retry: 'pauseForHuman' } as const;

function unmet({ expect }: Turn, { index, why }: { readonly index: number; readonly why: string }, reading: Reading): SlipwayError {
  const place = `turn ${index + 1} on ${reading.context.host.name}`;
  return new SlipwayError('SSH_EXPECT', `${place} expects ${JSON.stringify(expect)}, and ${why}; the last lines are: ${shown(reading)}`, HINT);
}

function shown({ transcript, mask }: Reading): string {
  const lines = mask(lastLines(transcript, SHOWN_LINES));
  return lines === '' ? '(nothing)' : lines;
}
