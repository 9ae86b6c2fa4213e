import { Secret, SlipwayError } from '../core/index.ts';
import { git, type GitContext } from './git.ts';

/** How a repository elsewhere is reached. */
export interface RemoteAccess {
  /** `https://…`, `http://…` on this machine, or `file://…`; without credentials. */
  readonly url: string;
  /** Value of the `Authorization` header. */
  readonly authorization?: Secret;
  /** File of certificate authorities to trust instead of the machine's. */
  readonly caFile?: string;
}
export interface RemotePlace extends GitContext {
  /** The bare repository here. */
  readonly folder: string;
}

/** A connection slower than this for a minute is dead; and whatever comes stays one pack, whose size can be watched. */
const BOUNDS = ['http.lowSpeedLimit=1000', 'http.lowSpeedTime=60', 'fetch.unpackLimit=1'];

/**
 * Run a git command that talks to another repository. The credential travels in the environment of git alone: never in an address, an argument or a file; and it
 * goes nowhere but there, because redirects are not followed.
 *
 * @throws {SlipwayError} `GIT_DENIED`, `GIT_UNREACHABLE`, `GIT_MOVED`, `GIT_ADDRESS`, `GIT_FAILED`.
 */
export async function gitRemote({ url, authorization, caFile }: RemoteAccess, place: RemotePlace, ...args: readonly string[]): Promise<string> {
  const protocol = /^(https?|file):\/\//.exec(url)?.[1];
  if (protocol === undefined || (protocol !== 'file' && new URL(url).username !== '')) {
    throw new SlipwayError('GIT_ADDRESS', 'the address of a repository must be http, https or file, and without credentials');
  }
  const config = [`protocol.${protocol}.allow=always`, 'http.followRedirects=false', ...BOUNDS, ...(caFile === undefined ? [] : [`http.sslCAInfo=${caFile}`])];
  const secretConfig = authorization ? ([[`http.${url}.extraHeader`, new Secret(`Authorization: ${authorization.reveal()}`)]] as const) : [];
  try {
    return await git({ ...place, config, secretConfig }, ...args);
  } catch (cause) {
    throw cause instanceof SlipwayError && cause.code === 'GIT_FAILED' ? explained(cause) : cause;
  }
}

function explained(error: SlipwayError): SlipwayError {
  const text = error.cause instanceof Error ? error.cause.message : error.message;
  if (/could not read Username|Authentication failed|terminal prompts disabled|error: 40[13]/i.test(text)) {
    return new SlipwayError('GIT_DENIED', 'the host does not let us read or write the repository', {
      hint: 'is the token valid, and may it reach the repository?',
      cause: error,
    });
  }
  if (/error: 30\d|redirect/i.test(text)) {
    return new SlipwayError('GIT_MOVED', 'the repository has moved to another address', {
      hint: 'write the name that it has now into the configuration',
      cause: error,
    });
  }
  if (
    /Could not resolve host|Failed to connect|Connection (?:refused|reset|timed out)|timed out|SSL|error: 5\d\d|RPC failed|early EOF|unexpected disconnect|Empty reply/i.test(
      text,
    )
  ) {
    return new SlipwayError('GIT_UNREACHABLE', `the host cannot be reached: ${error.message}`, { retry: 'afterBackoff', cause: error });
  }
  return error;
}
