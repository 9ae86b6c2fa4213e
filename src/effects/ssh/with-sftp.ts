import { messageOf, SlipwayError } from '../../core/index.ts';
import type { SshControl } from '../../steps/index.ts';
import { type Link, unreachableHost } from './dial.ts';
import { orAborted } from './pool.ts';
import { openSftp, type Sftp, sftpCode } from './sftp.ts';
import { nameOf } from './trust.ts';

export interface SftpTask {
  readonly link: Link;
  readonly control: SshControl;
  /** For messages. */
  readonly path: string;
  /** What to say when the connection ends meanwhile. */
  readonly whenLost: (cause: Error) => SlipwayError;
}

/**
 * Use an SFTP channel and close it.
 *
 * @throws {SlipwayError} `SSH_UNREACHABLE` when there is no channel to be had, `SSH_FILE` for what the server refuses, or what `whenLost` says.
 */
export async function withSftp<T>(task: SftpTask, use: (sftp: Sftp) => Promise<T>): Promise<T> {
  const { link, control } = task;
  const leave = await link.slots.take(control.signal);
  try {
    const gone = link.closed.then((reason) => Promise.reject(reason));
    gone.catch(() => undefined);
    const sftp = await orAborted(Promise.race([openSftp(link.client), gone]), control.signal).catch((cause: unknown) => {
      control.signal.throwIfAborted();
      throw unreachableHost(link.host, new Error(`no file transfer: ${messageOf(cause)}`, { cause }));
    });
    try {
      return await orAborted(Promise.race([use(sftp), gone]), control.signal);
    } catch (thrown) {
      control.signal.throwIfAborted();
      throw refusal(thrown, task);
    } finally {
      sftp.end();
    }
  } finally {
    leave();
  }
}

function refusal(thrown: unknown, { link, path, whenLost }: SftpTask): unknown {
  if (thrown instanceof SlipwayError) return thrown;
  if (typeof sftpCode(thrown) !== 'number' || !link.isOpen()) return whenLost(thrown instanceof Error ? thrown : new Error(String(thrown)));
  const isDenied = sftpCode(thrown) === 3;
  return fileError(link, path, messageOf(thrown).toLowerCase(), isDenied ? 'use become, or give the user the right to do so' : undefined, thrown);
}

/** A file that cannot be read or written as asked. */
// eslint-disable-next-line max-params -- the cause comes last, as in every error
export function fileError(link: Link, path: string, why: string, hint?: string, cause?: unknown): SlipwayError {
  return new SlipwayError('SSH_FILE', `${path} on ${nameOf(link.host)}: ${why}`, {
    ...(hint === undefined ? {} : { hint }),
    ...(cause === undefined ? {} : { cause }),
  });
}
