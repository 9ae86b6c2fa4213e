import { StringDecoder } from 'node:string_decoder';
import type { ClientChannel } from 'ssh2';
import type { Terminal, TerminalRequest } from '../../steps/index.ts';
import { ChannelRefused, type Waiting, whenGranted } from './channel.ts';
import { lost } from './exec.ts';
import type { Link } from './link.ts';
import { unreachableHost } from './unreachable.ts';

const MOST_WAITING = 1 << 20;

/**
 * Open a terminal: the login shell of the account, or a command on a terminal of its own. Nothing is sent before `send` is called.
 *
 * @throws {SlipwayError} `SSH_UNREACHABLE` when the server grants none: nothing was started.
 */
export async function openTerminal(link: Link, request: TerminalRequest, waiting: Pick<Waiting, 'clock' | 'signal'>): Promise<Terminal> {
  const leave = await link.slots.take(waiting.signal);
  try {
    const channel = await whenGranted(link, waiting, () => open(link, request));
    const terminal = terminalOn(link, channel, waiting.signal);
    void terminal.ended.then(leave, leave);
    return terminal;
  } catch (thrown) {
    leave();
    throw thrown;
  }
}

function open(link: Link, { command, columns, rows }: TerminalRequest): Promise<ClientChannel> {
  const { client, host } = link;
  // A dumb terminal: nobody paints colours or moves the cursor on it.
  const size = { term: 'dumb', cols: columns, rows };
  return new Promise((resolve, reject) => {
    const forget = link.whenClosed((reason) => reject(unreachableHost(host, reason)));
    const done = (error: (Error & { reason?: unknown }) | undefined, channel: ClientChannel): void => {
      forget();
      if (!error) resolve(channel);
      else if (error.reason !== undefined && link.isOpen()) reject(new ChannelRefused(error.message, { cause: error }));
      else reject(unreachableHost(host, error));
    };
    try {
      if (command === undefined) client.shell(size, done);
      else client.exec(command, { pty: size }, done);
    } catch (thrown) {
      forget();
      reject(unreachableHost(host, thrown instanceof Error ? thrown : new Error(String(thrown))));
    }
  });
}

function terminalOn(link: Link, channel: ClientChannel, signal: AbortSignal): Terminal {
  const decoder = new StringDecoder('utf8');
  let waiting = '';
  let wake = Promise.withResolvers<void>();
  let exit: { readonly exitCode: number | null } | undefined;
  let isClosed = false;
  const hasClosed = link.channels.add();
  const hear = (bytes: Buffer): void => {
    waiting = (waiting + decoder.write(bytes)).slice(-MOST_WAITING);
    wake.resolve();
  };
  channel.on('data', hear);
  channel.stderr.on('data', hear);
  channel.on('error', () => undefined); // the end of the channel tells the story
  channel.once('exit', (exitCode: number | null) => (exit = { exitCode }));
  const ended = new Promise<{ readonly exitCode: number | null }>((resolve, reject) => {
    channel.once('close', () => {
      isClosed = true;
      hasClosed();
      wake.resolve();
      if (exit || link.isOpen()) resolve(exit ?? { exitCode: null });
      else reject(lost(link, 'the terminal ended with the connection'));
    });
  });
  ended.catch(() => wake.resolve());
  signal.addEventListener('abort', () => channel.close(), { once: true });
  return {
    ended,
    read: async () => {
      if (waiting === '' && !isClosed) await wake.promise;
      const text = waiting;
      waiting = '';
      if (!isClosed) wake = Promise.withResolvers<void>();
      return text === '' && isClosed ? undefined : text;
    },
    send: (text) => void channel.write(typeof text === 'string' ? text : text.reveal()),
    close: () => channel.close(),
  };
}
