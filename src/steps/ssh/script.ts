import { z } from 'zod';
import { digestOfBytes } from '../../core/index.ts';
import { Env } from '../fields.ts';
import { defineStep } from '../kind.ts';
import { callHost, refuseExit } from './call.ts';
import { readCheckoutFile } from './checkout-file.ts';
import { TAKE_ARGUMENTS } from './file-scripts.ts';
import { skippedBecause, whyDone } from './guard.ts';
import { numbered } from './numbered.ts';
import { previewCommand } from './preview.ts';
import { probeByGuard } from './probe.ts';
import { ExitCodes, Shell } from './run.ts';

/**
 * Receives the script on standard input, runs it only when it arrived whole, and removes it. Arguments come as numbered
 * variables; `eval` sees their names only.
 */
const RUN_SCRIPT = `# slipway:script
umask 077
file=$(mktemp "\${TMPDIR:-/tmp}/slipway-XXXXXXXXXX") || exit 97
trap 'rm -f "$file"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
cat >"$file" || exit 97
if command -v sha256sum >/dev/null 2>&1; then digest=$(sha256sum <"$file")
elif command -v shasum >/dev/null 2>&1; then digest=$(shasum -a 256 <"$file")
else digest=$(openssl dgst -sha256 -r <"$file")
fi
if [ "\${digest%% *}" != "$SLIPWAY_SHA256" ]; then echo 'slipway: the script did not arrive whole' >&2; exit 97; fi
${TAKE_ARGUMENTS}interpreter=$SLIPWAY_INTERPRETER
unset SLIPWAY_ARGC SLIPWAY_SHA256 SLIPWAY_INTERPRETER
# Without quotes: a program and its options.
$interpreter "$file" "$@" </dev/null
exit $?
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
      SLIPWAY_SHA256: digestOfBytes(script).slice('sha256:'.length),
      SLIPWAY_INTERPRETER: interpreter ?? interpreterOf(script),
    };
    const result = await callHost(context, { script: RUN_SCRIPT, env: { ...env, ...numbered(args), ...settings }, cwd, stdin: script });
    refuseExit(result, okExitCodes, { what: path, host: context.host.name });
    return { status: 'changed', outputs: { exitCode: result.exitCode ?? 0, stdout: result.stdout, stderr: result.stderr } };
  },
  probeHost: (_input, context) => probeByGuard(context),
  preview: async ({ path, args }, context) => {
    const script = await readCheckoutFile(context.checkout, path);
    return previewCommand(context, `${[path, ...args].join(' ')} (${digestOfBytes(script).slice(0, 19)}…)`);
  },
});

/** What the first line names; a line that is no plain program with options means /bin/sh. */
function interpreterOf(script: Buffer): string {
  return SHEBANG.exec(script.toString('latin1').split('\n', 1)[0] ?? '')?.[1] ?? '/bin/sh';
}
