import type { ClientChannel } from 'ssh2';
import type { Clock } from '../../core/index.ts';
import type { Link } from './link.ts';
import { orAborted } from './or-aborted.ts';
import { unreachableHost } from './unreachable.ts';

/** Tries while no channel of ours is open: then the server has another reason. */
const TRIES = 7;
const FIRST_WAIT_MS = 25;

/** A command that the server has accepted. */
export interface Started {
  readonly channel: ClientChannel;
  readonly exited: Promise<Exit>;
  readonly closed: Promise<void>;
  isOpen(): boolean;
}
export interface Exit {
  readonly type: 'exit';
  readonly exitCode: number | null;
  readonly signal?: string;
}

/** The server refused one more channel; others of this connection go on. */
export class ChannelRefused extends Error {}

export interface Waiting {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Do not wait for others of this connection: they wait for us. */
  readonly isUrgent?: boolean;
}

/**
 * Open a channel and start a command on it, waiting for a free place.
 *
 * @throws {SlipwayError} `SSH_UNREACHABLE` when the server did not acknowledge the command: nothing was started.
 */
export function startCommand(link: Link, command: string, waiting: Waiting): Promise<Started> {
  return whenGranted(link, waiting, async () => {
    const began = waiting.clock.monotonic();
    const started = await startOnce(link, command);
    link.noteOpening(waiting.clock.monotonic() - began);
    return started;
  });
}

/**
 * Open a channel by a function, again and again while the server refuses: whenever another one of this connection closes, for as long as that takes.
 *
 * @throws {SlipwayError} `SSH_UNREACHABLE` when it goes on refusing though none is open.
 */
export async function whenGranted<T>(link: Link, { clock, signal, isUrgent = false }: Waiting, open: () => Promise<T>): Promise<T> {
  let tries = 0;
  for (;;) {
    signal.throwIfAborted();
    try {
      return await open();
    } catch (thrown) {
      if (!(thrown instanceof ChannelRefused)) throw thrown;
      // Its MaxSessions is lower than ours: give up what only waits, then be content with what it grants.
      const isRoomMade = link.idle.giveUp();
      if (!isRoomMade && isUrgent) throw unreachableHost(link.host, thrown);
      if (!isRoomMade) link.slots.resize(link.slots.limit() - 1);
      if (link.channels.count() > 0) await orAborted(Promise.race([link.channels.nextClosed(), link.closed]), signal);
      else if (++tries === TRIES) throw unreachableHost(link.host, thrown);
      else await clock.sleep(FIRST_WAIT_MS * 2 ** tries, signal);
    }
  }
}

/** The same, once. @throws {ChannelRefused} */
export function startOnce(link: Link, command: string): Promise<Started> {
  return new Promise((resolve, reject) => {
    const forget = link.whenClosed((reason) => reject(unreachableHost(link.host, reason)));
    try {
      link.client.exec(command, (error: (Error & { reason?: unknown }) | undefined, channel) => {
        forget();
        if (!error) resolve(startedOn(channel, link));
        else if (error.reason !== undefined && link.isOpen()) reject(new ChannelRefused(error.message, { cause: error }));
        else reject(unreachableHost(link.host, error));
      });
    } catch (thrown) {
      forget();
      reject(unreachableHost(link.host, thrown instanceof Error ? thrown : new Error(String(thrown))));
    }
  });
}

/** Listens at once: a quick command's end may stand in the same packet as the server's consent. */
function startedOn(channel: ClientChannel, { channels }: Link): Started {
  let open = true;
  const hasClosed = channels.add();
  const exited = new Promise<Exit>((resolve) => {
    channel.once('exit', (exitCode: number | null, signal?: string) => resolve({ type: 'exit', exitCode, ...(signal === undefined ? {} : { signal }) }));
  });
  const closed = new Promise<void>((resolve) =>
    channel.once('close', () => {
      open = false;
      hasClosed();
      resolve();
    }),
  );
  channel.on('error', () => undefined); // writing after the far side closed; the end of the channel tells the story
  return { channel, exited, closed, isOpen: () => open };
}
