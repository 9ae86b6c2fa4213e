import { z } from 'zod';
import { digestOfBytes, SlipwayError } from '../../core/index.ts';
import { Env } from '../fields.ts';
import { defineStep, type HostContext } from '../kind.ts';
import { callHost, refuseExit } from './call.ts';
import { readCheckoutFile } from './checkout-file.ts';
import { draftMark } from './draft.ts';
import { TAKE_ARGUMENTS } from './file-scripts.ts';
import { skippedBecause, whyDone } from './guard.ts';
import { numbered } from './numbered.ts';
import { previewCommand } from './preview.ts';
import { probeByGuard } from './probe.ts';
import { ExitCodes, Shell } from './run.ts';

/**
 * Receives the script on standard input, runs it only when it arrived whole, and removes it, and what an attempt that was cut off left. Arguments come as numbered
 * variables; `eval` sees their names only.
 */
const RUN_SCRIPT = `# slipway:script
umask 077
rm -f "\${TMPDIR:-/tmp}/slipway-$SLIPWAY_DRAFT-"* 2>/dev/null
file=$(mktemp "\${TMPDIR:-/tmp}/slipway-$SLIPWAY_DRAFT-XXXXXXXXXX") || exit 97
trap 'rm -f "$file"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 141' PIPE
trap 'exit 143' TERM
cat >"$file" || exit 97
if command -v sha256sum >/dev/null 2>&1; then digest=$(sha256sum <"$file")
elif command -v shasum >/dev/null 2>&1; then digest=$(shasum -a 256 <"$file")
else digest=$(openssl dgst -sha256 -r <"$file")
fi
if [ "\${digest%% *}" != "$SLIPWAY_SHA256" ]; then echo 'slipway: the script did not arrive whole' >&2; exit 97; fi
${TAKE_ARGUMENTS}interpreter=$SLIPWAY_INTERPRETER
unset SLIPWAY_ARGC SLIPWAY_DRAFT SLIPWAY_SHA256 SLIPWAY_INTERPRETER
# Without quotes: a program and its options.
$interpreter "$file" "$@" </dev/null
exit $?
`;

/** The same for PowerShell: .ps1, .cmd and .bat. Windows PowerShell takes text without a mark for the machine's own code page. */
const RUN_ON_WINDOWS = `# slipway:win-script
$digest = -join ([Security.Cryptography.SHA256]::Create().ComputeHash($SlipwayInput) | ForEach-Object { $_.ToString('x2') })
if ($digest -ne $env:SLIPWAY_SHA256) { [Console]::Error.Write('slipway: the script did not arrive whole' + [char]10); exit 97 }
$file = [IO.Path]::Combine([IO.Path]::GetTempPath(), 'slipway-' + [Guid]::NewGuid().ToString('N') + $env:SLIPWAY_SUFFIX)
$list = @(for ($n = 1; $n -le [int] $env:SLIPWAY_ARGC; $n++) { [Environment]::GetEnvironmentVariable("SLIPWAY_ARG_$n") })
try {
  $bytes = $SlipwayInput
  if ($env:SLIPWAY_SUFFIX -eq '.ps1' -and -not ($bytes.Length -gt 2 -and $bytes[0] -eq 239)) { $bytes = [byte[]] (239, 187, 191) + $bytes }
  [IO.File]::WriteAllBytes($file, $bytes)
  & $file @list
} finally {
  [IO.File]::Delete($file)
}
exit $LASTEXITCODE
`;

const SHEBANG = /^#! *([A-Za-z0-9._/+=-]+(?: [A-Za-z0-9._/+=-]+)*)\s*$/;

/** Run a script of the repository on hosts. Fails with `SSH_EXIT`, `CHECKOUT_FILE`, or the codes of SSH. */
export const sshScript = defineStep({
  uses: 'ssh.script',
  summary: 'run a script of the repository on hosts',
  with: z.strictObject({
    path: z.string().min(1).meta({ description: 'file of the repository, relative to its top folder' }),
    args: z
      .array(z.union([z.string(), z.number(), z.boolean()]))
      .max(100)
      .default([])
      .meta({ description: 'arguments; the process list of the host shows them, so hand secrets over in env' }),
    env: Env.default({}),
    cwd: z.string().min(1).optional(),
    interpreter: Shell.optional().meta({ description: 'program that runs it; the one its first line names, else /bin/sh' }),
    okExitCodes: ExitCodes,
  }),
  outputs: z.strictObject({ exitCode: z.int(), stdout: z.string(), stderr: z.string() }),
  example: { path: 'runbooks/files/erp/install.sh', args: ['--release', '2026.11'] },
  mutates: true,
  describe: ({ path, args }) => `run the script ${[path, ...args].join(' ')}`,
  target: 'hosts',
  idempotency: 'manual',
  executeHost: async ({ path, args, env, cwd, interpreter, okExitCodes }, context) => {
    const script = await readCheckoutFile(context.checkout, path);
    const done = await whyDone(context);
    if (done !== undefined) return skippedBecause(done);
    const settings = {
      SLIPWAY_DRAFT: draftMark(context),
      SLIPWAY_SHA256: digestOfBytes(script).slice('sha256:'.length),
      SLIPWAY_INTERPRETER: interpreter ?? interpreterOf(script),
    };
    const windows = windowsSettings(context, { path, interpreter });
    const result = await callHost(context, {
      ...{ script: RUN_SCRIPT, powershell: RUN_ON_WINDOWS, cwd, stdin: script },
      env: { ...env, ...numbered(args), ...settings, ...windows },
    });
    refuseExit(result, okExitCodes, { what: path, host: context.host.name });
    return { status: 'changed', outputs: { exitCode: result.exitCode ?? 0, stdout: result.stdout, stderr: result.stderr } };
  },
  probeHost: (_input, context) => probeByGuard(context),
  preview: async ({ path, args }, context) => {
    const script = await readCheckoutFile(context.checkout, path);
    return previewCommand(context, `${[path, ...args].join(' ')} (${digestOfBytes(script).slice(0, 19)}…)`);
  },
});

/** @throws {SlipwayError} `UNSUPPORTED_PLATFORM` for a script that Windows does not run. */
function windowsSettings(
  { host }: Pick<HostContext, 'host'>,
  { path, interpreter }: { readonly path: string; readonly interpreter: string | undefined },
): { readonly SLIPWAY_SUFFIX?: string } {
  if (host.shell !== 'powershell') return {};
  const suffix = /\.(?:ps1|cmd|bat)$/i.exec(path)?.[0].toLowerCase();
  if (suffix !== undefined && interpreter === undefined) return { SLIPWAY_SUFFIX: suffix };
  throw new SlipwayError('UNSUPPORTED_PLATFORM', `${host.name} is Windows and runs no ${interpreter === undefined ? path : `script by ${interpreter}`}`, {
    hint: 'on Windows a script is a .ps1, .cmd or .bat file, without interpreter',
  });
}

/** What the first line names; a line that is no plain program with options means /bin/sh. */
function interpreterOf(script: Buffer): string {
  return SHEBANG.exec(script.toString('latin1').split('\n', 1)[0] ?? '')?.[1] ?? '/bin/sh';
}
