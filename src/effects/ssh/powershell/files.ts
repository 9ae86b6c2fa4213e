import { type Clock, type Digest, digestOfBytes, SlipwayError } from '../../../core/index.ts';
import type { ExecResult, RemoteFile, SshControl } from '../../../steps/index.ts';
import type { Link } from '../link.ts';
import { fileError } from '../with-sftp.ts';
import { runPowerShell } from './run.ts';

const NO_SUCH_FILE = 44;
const FOLDER = 45;
const DIFFERENT = 46;
const HEADER_BYTES = 200;
const TRANSFER_MS = 600_000;
/** Windows knows no permission bits; all files of it look alike here. */
const MODE = 0o644;

/*
 * Each script is fixed text; values come as SLIPWAY_* variables. The first line names it, so that a rehearsal can play it.
 */
const DIGEST = `function Get-Digest([byte[]] $bytes) { -join ([Security.Cryptography.SHA256]::Create().ComputeHash($bytes) | ForEach-Object { $_.ToString('x2') }) }
`;
/** \`<sha256>\`, then the first SLIPWAY_BYTES bytes in base64. Exit codes: 44 no such file, 45 a folder. */
const READ = `# slipway:win-read
$path = $env:SLIPWAY_PATH
if ([IO.Directory]::Exists($path)) { exit ${FOLDER} }
if (-not [IO.File]::Exists($path)) { exit ${NO_SUCH_FILE} }
${DIGEST}$bytes = [IO.File]::ReadAllBytes($path)
$count = [Math]::Min($bytes.Length, [int] $env:SLIPWAY_BYTES)
Get-Digest $bytes
[Convert]::ToBase64String($bytes, 0, $count)
`;
/** The input becomes the file, whole or not at all; the rights of a file that is replaced stay. Exit codes: 45 a folder, 46 what arrived is not what was sent. */
const WRITE = `# slipway:win-write
$path = $env:SLIPWAY_PATH
if ([IO.Directory]::Exists($path)) { exit ${FOLDER} }
${DIGEST}if ((Get-Digest $SlipwayInput) -ne $env:SLIPWAY_SHA256) { exit ${DIFFERENT} }
$beside = [IO.Path]::Combine([IO.Path]::GetDirectoryName($path), '.slipway-' + [Guid]::NewGuid().ToString('N'))
try {
  $stream = New-Object IO.FileStream $beside, 'CreateNew', 'Write', 'None', 4096, 'WriteThrough'
  try { $stream.Write($SlipwayInput, 0, $SlipwayInput.Length); $stream.Flush($true) } finally { $stream.Dispose() }
  if ([IO.File]::Exists($path)) { [IO.File]::Replace($beside, $path, [NullString]::Value) } else { [IO.File]::Move($beside, $path) }
} finally {
  if ([IO.File]::Exists($beside)) { [IO.File]::Delete($beside) }
}
`;

export interface OnWindows {
  readonly link: Link;
  readonly control: SshControl;
  readonly clock: Clock;
}

/** Read a file of a Windows machine: undefined when there is none; the digest is of the whole file. */
export async function readOnWindows(
  on: OnWindows,
  path: string,
  maxBytes: number,
): Promise<{ readonly content: Buffer; readonly mode: number; readonly digest: Digest } | undefined> {
  refuseBecome(on);
  const result = await run(on, READ, { SLIPWAY_PATH: path, SLIPWAY_BYTES: String(maxBytes) }, { maxOutputBytes: 2 * (maxBytes * 2 + HEADER_BYTES) });
  if (result.exitCode === NO_SUCH_FILE) return undefined;
  const [digest = '', content = ''] = result.stdout.split('\n');
  if (result.exitCode !== 0 || !/^[0-9a-f]{64}$/.test(digest)) throw refused(on, path, result);
  return { content: Buffer.from(content, 'base64'), mode: MODE, digest: `sha256:${digest}` };
}

/** Write a file of a Windows machine: whole or unchanged. */
export async function writeOnWindows(on: OnWindows, { path, content }: RemoteFile): Promise<void> {
  refuseBecome(on);
  const env = { SLIPWAY_PATH: path, SLIPWAY_SHA256: digestOfBytes(content).slice('sha256:'.length) };
  const result = await run(on, WRITE, env, { stdin: content, maxOutputBytes: 65_536 });
  if (result.exitCode !== 0) throw refused(on, path, result);
}

function refuseBecome({ control: { become } }: OnWindows): void {
  if (become) throw new SlipwayError('SSH_VALUE', 'become does not work on Windows', { hint: 'log in as the user who may do it' });
}

function run(
  { link, control, clock }: OnWindows,
  script: string,
  env: { readonly [name: string]: string },
  more: { readonly stdin?: Uint8Array; readonly maxOutputBytes: number },
): Promise<ExecResult> {
  return runPowerShell({ link, request: { script, env, ...more, timeoutMs: TRANSFER_MS }, control: { signal: control.signal }, clock });
}

function refused({ link }: OnWindows, path: string, { exitCode, stderr }: ExecResult): SlipwayError {
  if (exitCode === FOLDER) return fileError(link, path, 'it is a folder');
  if (exitCode === DIFFERENT) return fileError(link, path, 'the machine did not receive what was sent');
  return fileError(link, path, stderr.trim().slice(-500) || `the transfer ended with ${exitCode ?? 'a signal'}`);
}
