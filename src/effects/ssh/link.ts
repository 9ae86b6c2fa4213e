import type { Client } from 'ssh2';
import type { Clock } from '../../core/index.ts';
import type { Host } from '../../steps/index.ts';
import type { Way } from './bootstrap.ts';
import { startOnce } from './channel.ts';
import { createIdle, type Idle } from './idle.ts';
import { createOpenChannels, type OpenChannels } from './open-channels.ts';
import { openSftp, type Sftp } from './sftp.ts';
import { createSlots, type Slots } from './slots.ts';
import { startTimer } from './timer.ts';

/** OpenSSH allows 10 sessions a connection (MaxSessions); the rest is for a shell that waits, for file transfer, and for ending commands. */
const CHANNELS = 7;
/** Calls of file transfer at once on one connection. */
const FILES_AT_ONCE = 16;
/** A shell that waits for its command saves a round trip or two, and costs the machine a process: worth it from this time on. */
const SLOW_OPENING_MS = 5;
const CLOSING_MS = 1_000;

/** One logged-in connection. */
export interface Link {
  readonly host: Host;
  readonly client: Client;
  /** Commands that run now. */
  readonly slots: Slots;
  /** Files that are on their way now. */
  readonly fileSlots: Slots;
  readonly idle: Idle;
  /** Commands, shells that wait, and file transfer. */
  readonly channels: OpenChannels;
  /** Resolves with the reason when the connection has ended. */
  readonly closed: Promise<Error>;
  /** Call back once when the connection ends, at once when it has; the function given back takes that back. */
  whenClosed(listener: (reason: Error) => void): () => void;
  isOpen(): boolean;
  close(): void;
  /** How long a channel took to open. */
  noteOpening(ms: number): void;
  /** A command begins: have a shell ready for the next one, where that is worth it. */
  noteCommand(): void;
  /** How often it was handed out. */
  uses: number;
  /** By which way its shells become leader of a process group. */
  way: Way;
  /** Another connection to the same host, of whoever asks alone. */
  twin(signal: AbortSignal): Promise<Link>;
}

export interface LinkParts {
  readonly client: Client;
  readonly host: Host;
  readonly clock: Clock;
  readonly twin: Link['twin'];
}

export function linkOf({ client, host, clock, twin }: LinkParts): Link {
  const { giveUp, ...end } = endOf(client);
  const channels = createOpenChannels();
  let quickestMs = Infinity;
  let commands = 0;
  const link: Link = {
    host,
    client,
    slots: createSlots(CHANNELS),
    fileSlots: createSlots(FILES_AT_ONCE),
    idle: createIdle({ clock, openShell: () => startOnce(link, 'exec /bin/sh'), openSftp: (whenClosed) => openOn({ client, channels }, whenClosed) }),
    channels,
    ...end,
    close: () => {
      giveUp();
      client.end();
      // A far side that is gone without a word would keep the socket, and with it the process.
      const stop = startTimer(clock, CLOSING_MS, () => client.destroy());
      void end.closed.then(stop);
    },
    noteOpening: (ms) => void (quickestMs = Math.min(quickestMs, ms)),
    noteCommand: () => {
      commands++;
      // The first commands tell how slow it is, and may well be the only ones.
      if (commands > 2 && quickestMs > SLOW_OPENING_MS && link.way === 'short') link.idle.prepareShell();
    },
    uses: 0,
    way: 'short',
    twin,
  };
  void end.closed.then(() => link.idle.giveUp());
  return link;
}

async function openOn({ client, channels }: Pick<Link, 'client' | 'channels'>, whenClosed: () => void): Promise<Sftp> {
  let hasClosed = (): void => undefined;
  const sftp = await openSftp(client, () => {
    hasClosed();
    whenClosed();
  });
  hasClosed = channels.add();
  return sftp;
}

/** Watches for the end of a connection. */
function endOf(client: Client): Pick<Link, 'closed' | 'whenClosed' | 'isOpen'> & { readonly giveUp: () => void } {
  const listeners = new Set<(reason: Error) => void>();
  let open = true;
  let reason: Error | undefined;
  client.on('error', (error) => (reason ??= error));
  const closed = new Promise<Error>((resolve) => {
    client.once('close', () => {
      open = false;
      const why = (reason ??= new Error('the server closed the connection'));
      resolve(why);
      for (const listener of listeners) listener(why);
      listeners.clear();
    });
  });
  return {
    closed,
    whenClosed: (listener) => {
      if (!open && reason) listener(reason);
      else listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    isOpen: () => open,
    giveUp: () => void (open = false),
  };
}
