import type { ClientChannel } from 'ssh2';
import type { Clock } from '../../core/index.ts';
import { type Link, unreachableHost } from './dial.ts';

const TRIES = 6;
const FIRST_WAIT_MS = 50;

/** A command that the server has accepted. */
export interface Started {
  readonly channel: ClientChannel;
  readonly exited: Promise<Exit>;
  readonly closed: Promise<void>;
}
export interface Exit {
  readonly type: 'exit';
  readonly exitCode: number | null;
  readonly signal?: string;
}

/** The server refused one more channel; others of this connection go on. */
class ChannelRefused extends Error {}

/**
 * Open a channel and start a command on it, waiting for a free place.
 *
 * @throws {SlipwayError} `SSH_UNREACHABLE` when the server did not acknowledge the command: nothing was started.
 */
export async function startCommand(link: Link, command: string, clock: Clock, signal: AbortSignal): Promise<Started> {
  for (let tries = 1; ; tries++) {
    signal.throwIfAborted();
    try {
      return await startOnce(link, command);
    } catch (thrown) {
      if (!(thrown instanceof ChannelRefused)) throw thrown;
      if (tries === TRIES) throw unreachableHost(link.host, thrown);
      // Its MaxSessions is lower than ours: be content with what it grants.
      link.slots.resize(link.slots.limit() - 1);
      await clock.sleep(FIRST_WAIT_MS * 2 ** tries, signal);
    }
  }
}

function startOnce(link: Link, command: string): Promise<Started> {
  return new Promise((resolve, reject) => {
    void link.closed.then((reason) => reject(unreachableHost(link.host, reason)));
    try {
      link.client.exec(command, (error: (Error & { reason?: unknown }) | undefined, channel) => {
        if (!error) resolve(startedOn(channel));
        else if (error.reason !== undefined && link.isOpen()) reject(new ChannelRefused(error.message, { cause: error }));
        else reject(unreachableHost(link.host, error));
      });
    } catch (thrown) {
      reject(unreachableHost(link.host, thrown instanceof Error ? thrown : new Error(String(thrown))));
    }
  });
}

/** Listens at once: a quick command's end may stand in the same packet as the server's consent. */
function startedOn(channel: ClientChannel): Started {
  const exited = new Promise<Exit>((resolve) => {
    channel.once('exit', (exitCode: number | null, signal?: string) => resolve({ type: 'exit', exitCode, ...(signal === undefined ? {} : { signal }) }));
  });
  const closed = new Promise<void>((resolve) => channel.once('close', () => resolve()));
  channel.on('error', () => undefined); // writing after the far side closed; the end of the channel tells the story
  return { channel, exited, closed };
}
