import type { ClientChannel } from 'ssh2';
import type { Clock } from '../../core/index.ts';
import type { Link } from './link.ts';
import { unreachableHost } from './unreachable.ts';

const TRIES = 6;
const FIRST_WAIT_MS = 50;

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

/**
 * Open a channel and start a command on it, waiting for a free place.
 *
 * @throws {SlipwayError} `SSH_UNREACHABLE` when the server did not acknowledge the command: nothing was started.
 */
export function startCommand(link: Link, command: string, clock: Clock, signal: AbortSignal): Promise<Started> {
  return whenGranted(link, { clock, signal }, async () => {
    const began = clock.monotonic();
    const started = await startOnce(link, command);
    link.noteOpening(clock.monotonic() - began);
    return started;
  });
}

/** Open a channel by a function, again and again while the server refuses. @throws {SlipwayError} `SSH_UNREACHABLE` when it goes on refusing. */
export async function whenGranted<T>(
  link: Link,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
  open: () => Promise<T>,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    signal.throwIfAborted();
    try {
      return await open();
    } catch (thrown) {
      if (!(thrown instanceof ChannelRefused)) throw thrown;
      if (tries === TRIES) throw unreachableHost(link.host, thrown);
      // Its MaxSessions is lower than ours: give up what only waits, then be content with what it grants.
      if (!link.idle.giveUp()) link.slots.resize(link.slots.limit() - 1);
      await clock.sleep(FIRST_WAIT_MS * 2 ** tries, signal);
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
        if (!error) resolve(startedOn(channel));
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
function startedOn(channel: ClientChannel): Started {
  let open = true;
  const exited = new Promise<Exit>((resolve) => {
    channel.once('exit', (exitCode: number | null, signal?: string) => resolve({ type: 'exit', exitCode, ...(signal === undefined ? {} : { signal }) }));
  });
  const closed = new Promise<void>((resolve) =>
    channel.once('close', () => {
      open = false;
      resolve();
    }),
  );
  channel.on('error', () => undefined); // writing after the far side closed; the end of the channel tells the story
  return { channel, exited, closed, isOpen: () => open };
}
