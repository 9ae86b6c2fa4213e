import type { ClientChannel } from 'ssh2';
import type { Clock } from '../../core/index.ts';
import { type Link, unreachableHost } from './dial.ts';

const TRIES = 6;
const FIRST_WAIT_MS = 50;

/** The server refused one more channel; others of this connection go on. */
class ChannelRefused extends Error {}

/**
 * Open a channel and start a command on it, waiting for a free place.
 *
 * @throws {SlipwayError} `SSH_UNREACHABLE` when the server did not acknowledge the command: nothing was started.
 */
export async function startCommand(link: Link, command: string, clock: Clock, signal: AbortSignal): Promise<ClientChannel> {
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

function startOnce(link: Link, command: string): Promise<ClientChannel> {
  return new Promise((resolve, reject) => {
    void link.closed.then((reason) => reject(unreachableHost(link.host, reason)));
    try {
      link.client.exec(command, (error: (Error & { reason?: unknown }) | undefined, channel) => {
        if (!error) resolve(channel);
        else if (error.reason !== undefined && link.isOpen()) reject(new ChannelRefused(error.message, { cause: error }));
        else reject(unreachableHost(link.host, error));
      });
    } catch (thrown) {
      reject(unreachableHost(link.host, thrown instanceof Error ? thrown : new Error(String(thrown))));
    }
  });
}
