import { type Clock, messageOf, SlipwayError } from '../../core/index.ts';
import type { SshControl } from '../../steps/index.ts';
import { ChannelRefused, whenGranted } from './channel.ts';
import type { SftpShare } from './idle.ts';
import type { Link } from './link.ts';
import { orAborted } from './or-aborted.ts';
import { type Sftp, sftpCode } from './sftp.ts';
import { nameOf } from './trust.ts';
import { unreachableHost } from './unreachable.ts';

export interface SftpTask {
  readonly link: Link;
  readonly control: SshControl;
  readonly clock: Clock;
  /** For messages. */
  readonly path: string;
  /** What to say when the connection ends meanwhile. */
  readonly whenLost: (cause: Error) => SlipwayError;
}

/**
 * Use the file transfer of a connection, which all who need it share. Whoever is aborted leaves at once; what is on its way then ends by itself.
 *
 * @throws {SlipwayError} `SSH_UNREACHABLE` when there is no channel to be had, `SSH_FILE` for what the server refuses, or what `whenLost` says.
 */
export async function withSftp<T>(task: SftpTask, use: (sftp: Sftp) => Promise<T>): Promise<T> {
  const { link, control } = task;
  const leaveSlot = await link.fileSlots.take(control.signal);
  const gone = Promise.withResolvers<never>();
  gone.promise.catch(() => undefined);
  const forget = link.whenClosed(gone.reject);
  let used: Promise<unknown> = Promise.resolve();
  let share: SftpShare | undefined;
  try {
    share = await orAborted(Promise.race([shareOf(task), gone.promise]), control.signal).catch((cause: unknown) => {
      control.signal.throwIfAborted();
      throw cause instanceof SlipwayError ? cause : unreachableHost(link.host, new Error(`no file transfer: ${messageOf(cause)}`, { cause }));
    });
    const result = use(share.sftp);
    used = result;
    return await orAborted(Promise.race([result, gone.promise]), control.signal);
  } catch (thrown) {
    control.signal.throwIfAborted();
    throw refusal(thrown, task);
  } finally {
    forget();
    const leave = (): void => {
      share?.leave();
      leaveSlot();
    };
    used.then(leave, leave);
  }
}

/** Someone who has gone when the channel comes must not hold it. */
async function shareOf({ link, clock, control }: SftpTask): Promise<SftpShare> {
  const share = await whenGranted(link, { clock, signal: control.signal }, async () => {
    try {
      return await link.idle.shareSftp();
    } catch (cause) {
      if (cause instanceof Error && 'reason' in cause && link.isOpen()) throw new ChannelRefused(cause.message, { cause });
      throw cause;
    }
  });
  if (control.signal.aborted) share.leave();
  return share;
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
