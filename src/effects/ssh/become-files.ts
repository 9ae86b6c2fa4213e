import { type Clock, digestOfBytes, SlipwayError } from '../../core/index.ts';
import type { Become, RemoteFile, SshControl } from '../../steps/index.ts';
import type { Link } from './link.ts';
import { type RawResult, runScript } from './exec.ts';
import type { ReadFile } from './files.ts';
import { READ_SCRIPT, WRITE_SCRIPT } from './scripts.ts';
import { fileError } from './with-sftp.ts';

const NO_SUCH_FILE = 44;
const FOLDER = 45;
const DIFFERENT = 46;
const HEADER_BYTES = 200;
const TRANSFER_MS = 600_000;

/** A change of user, with what every call needs. */
export interface AsUser {
  readonly link: Link;
  readonly become: Become;
  readonly control: SshControl;
  readonly clock: Clock;
}

/** Read a file as another user: SFTP cannot change users, so a small script does it. */
export async function readAsUser(as: AsUser, path: string, maxBytes: number): Promise<ReadFile | undefined> {
  const result = await run(as, READ_SCRIPT, { env: { SLIPWAY_PATH: path, SLIPWAY_BYTES: String(maxBytes) }, maxOutputBytes: 2 * (maxBytes + HEADER_BYTES) });
  if (result.exitCode === NO_SUCH_FILE) return undefined;
  if (result.exitCode !== 0) throw refused(as, path, result);
  const end = result.stdout.indexOf('\n');
  const [mode = '', digest = ''] = result.stdout.subarray(0, end).toString('latin1').split(' ');
  if (!/^[0-7]{3,4}$/.test(mode) || !/^[0-9a-f]{64}$/.test(digest)) throw refused(as, path, result);
  return { content: result.stdout.subarray(end + 1), mode: Number.parseInt(mode, 8), digest: `sha256:${digest}` };
}

/** Write a file as another user: whole or unchanged. */
export async function writeAsUser(as: AsUser, file: RemoteFile): Promise<void> {
  const env = {
    SLIPWAY_PATH: file.path,
    SLIPWAY_SHA256: digestOfBytes(file.content).slice('sha256:'.length),
    SLIPWAY_MODE: file.mode.toString(8).padStart(4, '0'),
    SLIPWAY_OWNER: file.owner ?? '',
    SLIPWAY_GROUP: file.group ?? '',
    SLIPWAY_DRAFT: as.control.draft?.mark ?? '',
  };
  const result = await run(as, WRITE_SCRIPT, { env, stdin: file.content, maxOutputBytes: 65_536 });
  if (result.exitCode !== 0) throw refused(as, file.path, result);
}

interface Call {
  readonly env: { readonly [name: string]: string };
  readonly stdin?: Uint8Array;
  readonly maxOutputBytes: number;
}

function run({ link, become, control, clock }: AsUser, script: string, call: Call): Promise<RawResult> {
  return runScript(link, { ...call, script, become, timeoutMs: TRANSFER_MS }, { signal: control.signal }, clock);
}

function refused({ link, become }: AsUser, path: string, result: RawResult): SlipwayError {
  const said = result.stderr.toString('utf8').trim().slice(-500);
  if (result.exitCode === FOLDER) return fileError(link, path, 'it is a folder');
  if (result.exitCode === DIFFERENT) return fileError(link, path, 'the machine did not receive what was sent');
  return fileError(link, path, said || `the transfer as ${become.user} ended with ${result.exitCode ?? result.signal}`);
}
