import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { randomText } from '../../core/index.ts';

type Environment = { readonly [name: string]: string | undefined };

/** Names a child may have; everything else of the orchestrator stays away from it. */
const PASSED = [
  /^(HOME|USER|LOGNAME|LANG|LC_\w+|TZ|TMPDIR|TEMP|TMP|SystemRoot|USERPROFILE)$/,
  /^(HTTPS?_PROXY|NO_PROXY|https?_proxy|no_proxy|SSL_CERT_FILE|SSL_CERT_DIR|NODE_EXTRA_CA_CERTS)$/,
];
/** Credentials of clouds. */
const CLOUDS = /^(AWS|AZURE|ARM|AZCOPY|IDENTITY|MSI|GOOGLE|CLOUDSDK|ACTIONS_ID_TOKEN_REQUEST)_\w+$/;
/** What the Pulumi command needs and the program must not see. */
const FOR_CLI = /^PULUMI_(CONFIG_PASSPHRASE(_FILE)?|ACCESS_TOKEN)$/;

/**
 * Environment of the child process: what reaching a cloud takes, and the folders of the tools first on PATH. With plugins of
 * our own there is no cloud to reach, so real credentials stay away from a rehearsal.
 */
export function childEnvironment(
  env: Environment,
  { cli, pluginPath, home }: { readonly cli: string; readonly pluginPath: readonly string[]; readonly home: string },
): { [name: string]: string } {
  const patterns = pluginPath.length > 0 ? PASSED : [...PASSED, CLOUDS];
  const passed = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined && patterns.some((pattern) => pattern.test(entry[0])));
  const path = [...pluginPath, dirname(cli), env['PATH'] ?? ''].filter(Boolean).join(delimiter);
  return { ...Object.fromEntries(passed), PATH: path, PULUMI_HOME: home, PULUMI_SKIP_UPDATE_CHECK: 'true' };
}

/**
 * Environment of the Pulumi command only: where the state is, and what opens its secrets.
 *
 * @param keyFile made on first use when nobody gives a passphrase.
 */
export function cliEnvironment(
  env: Environment,
  { backendUrl, keyFile, needsPassphrase }: { readonly backendUrl: string; readonly keyFile: string; readonly needsPassphrase: boolean },
): { [name: string]: string } {
  const given = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined && FOR_CLI.test(entry[0]));
  const own = Object.fromEntries(given);
  const hasPassphrase = own['PULUMI_CONFIG_PASSPHRASE'] !== undefined || own['PULUMI_CONFIG_PASSPHRASE_FILE'] !== undefined;
  const key = hasPassphrase || !needsPassphrase ? {} : { PULUMI_CONFIG_PASSPHRASE_FILE: ensureKey(keyFile) };
  return { ...own, ...key, PULUMI_BACKEND_URL: backendUrl };
}

/** A random passphrase in a file only its owner reads. Two processes may come here at once; a link is made by one of them. */
function ensureKey(file: string): string {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const beside = join(dirname(file), `.key-${randomText(10)}`);
  writeFileSync(beside, randomBytes(32).toString('base64url'), { mode: 0o600, flag: 'wx', flush: true });
  try {
    linkSync(beside, file);
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'EEXIST')) throw cause;
  } finally {
    rmSync(beside, { force: true });
  }
  return file;
}
