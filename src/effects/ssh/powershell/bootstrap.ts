import { SlipwayError } from '../../../core/index.ts';
import type { ExecRequest } from '../../../steps/index.ts';

/** Exit code of the bootstrap when its input ended early; nothing was run. */
const CUT_SHORT = 98;
/** Exit code when there is no such folder to run in. */
const NO_FOLDER = 96;

/**
 * What runs on a Windows machine. It is the same for every command and holds no value: everything follows on standard input, a JSON
 * document and the command's own input, both in base64 and each ended by a full stop, so that neither the code page of the machine nor the quotes of cmd or PowerShell can change it. A
 * connection that dies in the middle runs nothing. Windows PowerShell 5.1 and later.
 */
const BOOTSTRAP = `$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$utf8 = New-Object System.Text.UTF8Encoding $false
[Console]::OutputEncoding = $utf8
$OutputEncoding = $utf8
[Console]::Out.Write("SLIPWAY-READY 0 $PID" + [char]10)
[Console]::Out.Flush()
$text = (@($input) -join '').Trim()
$parts = $text.Split('.')
if ($parts.Length -ne 3) { exit ${CUT_SHORT} }
$call = $utf8.GetString([Convert]::FromBase64String($parts[0])) | ConvertFrom-Json
foreach ($each in $call.env) { [Environment]::SetEnvironmentVariable($each.name, $each.value, 'Process') }
$global:SlipwayInput = [Convert]::FromBase64String($parts[1])
if ($call.folder) { try { Set-Location -LiteralPath $call.folder } catch { [Console]::Error.Write("$_" + [char]10); exit ${NO_FOLDER} } }
$global:LASTEXITCODE = 0
$block = [ScriptBlock]::Create($call.script)
try {
  $utf8.GetString($SlipwayInput) -split '\\r?\\n' | & $block | Out-String -Stream -Width 4096 | ForEach-Object { [Console]::Out.Write($_ + [char]10) }
} catch {
  [Console]::Error.Write("$($_.Exception.Message)" + [char]10)
  exit 1
}
exit $LASTEXITCODE
`;

/** The command line handed to the SSH server; good for cmd and PowerShell as its default shell, with no character that either would touch. */
export const POWERSHELL = `powershell.exe -NoLogo -NoProfile -NonInteractive -ExecutionPolicy Bypass -OutputFormat Text -EncodedCommand ${Buffer.from(BOOTSTRAP, 'utf16le').toString('base64')}`;

/**
 * The bytes to send: one line, whose full stops tell whether it came whole.
 *
 * @throws {SlipwayError} `SSH_VALUE` for what no process can receive, and for another user or shell.
 */
export function powershellPayload({ script, env, cwd, stdin, shell, become }: ExecRequest): Buffer {
  if (become) throw new SlipwayError('SSH_VALUE', 'become does not work on Windows', { hint: 'log in as the user who may do it' });
  if (shell !== undefined)
    throw new SlipwayError('SSH_VALUE', `the shell of a Windows host is PowerShell, not ${JSON.stringify(shell)}`, { hint: 'leave "shell" out' });
  const values = Object.entries(env).map(([name, value]) => ({ name, value: typeof value === 'string' ? value : value.reveal() }));
  const bad = values.find(({ name, value }) => value.includes('\0') || name.includes('\0') || name.includes('='));
  if (bad)
    throw new SlipwayError('SSH_VALUE', `cannot set ${JSON.stringify(bad.name)} in the environment of a remote command`, {
      hint: 'a value must not hold a NUL',
    });
  const call = JSON.stringify({ script, env: values, folder: cwd ?? '' });
  return Buffer.from(`${Buffer.from(call).toString('base64')}.${Buffer.from(stdin ?? []).toString('base64')}.\n`);
}
