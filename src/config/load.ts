import { existsSync, readFileSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { messageOf, type Parsed, PATTERN, Secret } from '../core/index.ts';
import { childEnvironment } from './children.ts';
import { engine } from './engine.ts';
import { journal, vaultKey } from './journal.ts';
import { channels, mail } from './notify.ts';
import { server } from './server.ts';
import { bad, type Env, type Reader, text } from './reader.ts';
import { realSurroundings } from './surroundings.ts';
import { telemetry } from './telemetry.ts';
import type { Config, PulumiSettings, Surroundings, Terminal } from './types.ts';
import { webhooks } from './webhooks.ts';

const ACTOR = /^[a-z]+:[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}$/;
const TEAM = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
const BACKEND = /^(file|https?|s3|gs|azblob):\/\/\S*$/;

/**
 * Read the outside settings; the only reader of the environment. Gives every bad value at once as a problem whose
 * `path` is the name of the variable: `BAD_SETTING`, `UNREADABLE_SETTING`.
 */
export function loadConfig(env: Env, cwd: string, around: Surroundings = realSurroundings()): Parsed<Config> {
  const reader: Reader = { env, cwd, around, problems: [] };
  const root = repositoryOf(cwd);
  const stateDir = folder(reader, 'SLIPWAY_HOME', join(root, '.slipway'));
  const agentSocket = text(env, 'SSH_AUTH_SOCK');
  const key = vaultKey(reader);
  const mailSettings = mail(reader);
  const value: Config = {
    root,
    stateDir,
    cacheDir: folder(reader, 'SLIPWAY_CACHE', join(text(env, 'XDG_CACHE_HOME') ?? join(home(reader), '.cache'), 'slipway')),
    actor: actor(reader, root),
    teams: teams(reader),
    policyDir: folder(reader, 'SLIPWAY_POLICIES', join(root, 'policies')),
    server: server(reader),
    terminal: terminal(reader),
    journal: journal(reader),
    engine: engine(reader),
    ...(key === undefined ? {} : { vaultKey: key }),
    pulumi: pulumi(reader, stateDir),
    ssh: { home: home(reader), ...(agentSocket === undefined ? {} : { agentSocket }) },
    notify: channels(reader),
    ...(mailSettings === undefined ? {} : { mail: mailSettings }),
    webhooks: webhooks(reader),
    telemetry: telemetry(reader),
    children: childEnvironment(env),
    secretNamed: (variable) => {
      const secret = PATTERN.env.test(variable) ? text(env, variable) : undefined;
      return secret === undefined ? undefined : new Secret(secret);
    },
  };
  return reader.problems.length > 0 ? { ok: false, problems: reader.problems } : { ok: true, value, problems: [] };
}

/** Nearest folder above that is a Git work tree; the folder itself when there is none. */
function repositoryOf(cwd: string): string {
  for (let at = resolve(cwd); ; at = dirname(at)) {
    if (existsSync(join(at, '.git'))) return at;
    if (dirname(at) === at) return resolve(cwd);
  }
}

function home(reader: Reader): string {
  return text(reader.env, 'HOME') ?? reader.around.homeDir;
}

function folder(reader: Reader, variable: string, otherwise: string): string {
  const value = text(reader.env, variable);
  if (value === undefined) return otherwise;
  if (value.includes('\0')) bad(reader, variable, `${variable} is not a path`, 'set it to a folder');
  return isAbsolute(value) ? value : resolve(reader.cwd, value);
}

function actor(reader: Reader, root: string): string {
  const given = text(reader.env, 'SLIPWAY_ACTOR');
  if (given === undefined) return `user:${reader.around.gitUser(root) ?? reader.around.osUser}`;
  const name = given.includes(':') ? given : `user:${given}`;
  if (!ACTOR.test(name)) bad(reader, 'SLIPWAY_ACTOR', `SLIPWAY_ACTOR "${given}" is not an actor`, 'write user:<name>, for example user:ada');
  return name;
}

function teams(reader: Reader): readonly string[] {
  const names = (text(reader.env, 'SLIPWAY_TEAMS') ?? '')
    .split(',')
    .map((name) => name.trim().replace(/^team:/, ''))
    .filter((name) => name !== '');
  for (const name of names) {
    if (!TEAM.test(name))
      bad(reader, 'SLIPWAY_TEAMS', `SLIPWAY_TEAMS names "${name}", which is not a team`, 'list names between commas, for example erp-leads,cab');
  }
  return [...new Set(names)];
}

function terminal({ env, around }: Reader): Terminal {
  const plain = text(env, 'NO_COLOR') !== undefined || env['TERM'] === 'dumb';
  const forced = !plain && text(env, 'FORCE_COLOR') !== undefined && env['FORCE_COLOR'] !== '0';
  return {
    colour: { stdout: forced || (around.stdoutIsTerminal && !plain), stderr: forced || (around.stderrIsTerminal && !plain) },
    redraw: around.stderrIsTerminal && env['TERM'] !== 'dumb' && text(env, 'CI') === undefined,
    columns: around.columns !== undefined && around.columns >= 20 ? around.columns : 80,
    rows: around.rows !== undefined && around.rows >= 4 ? around.rows : 24,
  };
}

function pulumi(reader: Reader, stateDir: string): PulumiSettings {
  const variable = text(reader.env, 'SLIPWAY_PULUMI_BACKEND') === undefined ? 'PULUMI_BACKEND_URL' : 'SLIPWAY_PULUMI_BACKEND';
  const backend = text(reader.env, variable) ?? pathToFileURL(join(stateDir, 'pulumi')).href;
  if (!BACKEND.test(backend)) {
    bad(
      reader,
      variable,
      `${variable} "${backend}" is not a state backend`,
      'use file://<absolute folder>, s3://<bucket>, azblob://<container>, gs://<bucket> or https://<host>',
    );
  }
  const passphrase = passphraseOf(reader);
  const token = text(reader.env, 'PULUMI_ACCESS_TOKEN');
  return { backend, ...(passphrase === undefined ? {} : { passphrase }), ...(token === undefined ? {} : { accessToken: new Secret(token) }) };
}

function passphraseOf(reader: Reader): Secret | undefined {
  const given = reader.env['PULUMI_CONFIG_PASSPHRASE'];
  if (given !== undefined) return new Secret(given); // Pulumi allows an empty one, and so it is not the same as none
  const file = text(reader.env, 'PULUMI_CONFIG_PASSPHRASE_FILE');
  if (file === undefined) return undefined;
  try {
    return new Secret(readFileSync(resolve(reader.cwd, file), 'utf8').trim());
  } catch (cause) {
    bad(reader, 'PULUMI_CONFIG_PASSPHRASE_FILE', `cannot read PULUMI_CONFIG_PASSPHRASE_FILE "${file}": ${messageOf(cause)}`, 'point it to a readable file');
    return undefined;
  }
}
