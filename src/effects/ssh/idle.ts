import type { Clock } from '../../core/index.ts';
import type { Started } from './channel.ts';
import { once } from './once.ts';
import type { Sftp } from './sftp.ts';
import { startTimer } from './timer.ts';

/** A channel nobody has used for so long is closed: a run may wait for days between two steps. */
const IDLE_MS = 30_000;

/** A share in the file transfer of a connection; `leave` says that its holder needs it no more. */
export interface SftpShare {
  readonly sftp: Sftp;
  readonly leave: () => void;
}

/** Channels of a connection that stay open between uses. They are the first to go when the server grants no more. */
export interface Idle {
  /** The shell that waits for its command, if there is one. */
  takeShell(): Started | undefined;
  /** Have a shell wait for the next command. One that cannot be had is not asked for again. */
  prepareShell(): void;
  shareSftp(): Promise<SftpShare>;
  /** Close what nobody uses, and keep nothing open from now on. @returns whether anything was closed. */
  giveUp(): boolean;
}

export interface IdleSources {
  readonly clock: Clock;
  readonly openShell: () => Promise<Started>;
  readonly openSftp: (whenClosed: () => void) => Promise<Sftp>;
}

export function createIdle({ clock, openShell, openSftp }: IdleSources): Idle {
  let isScarce = false;
  const shell = idleShell(clock, openShell);
  const files = idleSftp(clock, openSftp, () => isScarce);
  return {
    takeShell: shell.take,
    prepareShell: () => {
      if (!isScarce) shell.prepare();
    },
    shareSftp: files.share,
    giveUp: () => {
      isScarce = true;
      return [shell.close(), files.closeUnused()].some(Boolean);
    },
  };
}

interface IdleShell {
  readonly take: () => Started | undefined;
  readonly prepare: () => void;
  readonly close: () => boolean;
}

function idleShell(clock: Clock, open: () => Promise<Started>): IdleShell {
  let waiting: Started | undefined;
  let isRefused = false;
  let isOpening = false;
  let stopTimer = (): void => undefined;
  const take = (): Started | undefined => {
    const taken = waiting;
    waiting = undefined;
    stopTimer();
    return taken?.isOpen() ? taken : undefined;
  };
  const close = (): boolean => {
    const closed = take();
    closed?.channel.end(); // its shell sees the end of its input and goes
    return closed !== undefined;
  };
  return {
    take,
    close,
    prepare: () => {
      if (waiting || isOpening || isRefused) return;
      isOpening = true;
      open()
        .then(
          (started) => {
            waiting = started;
            stopTimer = startTimer(clock, IDLE_MS, close);
          },
          () => void (isRefused = true), // the next command opens its own, and is told why it cannot
        )
        .finally(() => void (isOpening = false));
    },
  };
}

function idleSftp(
  clock: Clock,
  openSftp: IdleSources['openSftp'],
  isScarce: () => boolean,
): { readonly share: () => Promise<SftpShare>; readonly closeUnused: () => boolean } {
  let open: Promise<Sftp> | undefined;
  let users = 0;
  let stopTimer = (): void => undefined;
  const closeUnused = (): boolean => {
    stopTimer();
    if (users > 0 || !open) return false;
    open.then((sftp) => sftp.end()).catch(() => undefined);
    open = undefined;
    return true;
  };
  const leave = (): void => {
    if (--users > 0) return;
    if (isScarce()) return void closeUnused();
    stopTimer = startTimer(clock, IDLE_MS, closeUnused);
  };
  const begin = (): Promise<Sftp> => {
    const forget = (): void => {
      if (open === mine) open = undefined;
    };
    const mine = openSftp(forget);
    mine.catch(forget);
    return mine;
  };
  const share = async (): Promise<SftpShare> => {
    users++;
    stopTimer();
    try {
      return { sftp: await (open ??= begin()), leave: once(leave) };
    } catch (thrown) {
      leave();
      throw thrown;
    }
  };
  return { closeUnused, share };
}
